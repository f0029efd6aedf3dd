/**
 * The store in one SQLite file: `db.defensive`, readable with `sqlite3`.
 *
 * @module
 */

import { Database, type Statement } from "@db/sqlite";
import {
  type ClientId,
  MAX_MESSAGE_ID,
  type MessageId,
} from "../../shared/protocol.ts";
import { reasonOf } from "../../shared/reason.ts";
import { type ForeignRows, readForeignDatabase } from "./foreign.ts";
import { prepareSchema } from "./schema.ts";
import {
  type Budget,
  type KnownClient,
  type NewClient,
  type NewMessage,
  type Store,
  type StoredMessage,
  StoreError,
} from "./store.ts";

/** Milliseconds that a client's last visit may wait for another write. */
const SEEN_DELAY = 250;
/** Milliseconds to wait for another process that holds the file. */
const BUSY_TIMEOUT = 5000;

/** What {@linkcode openSqliteStore} does with a file that isn't there yet. */
export interface TakeOver {
  /** Another server's database, whose users and messages go into the new file. */
  from: string;
  /** Is told what was taken over. */
  notice: (text: string) => void;
}

/**
 * Opens the file, or makes it.
 *
 * @throws {StoreError} where it can't be used, with what to do about it
 */
export function openSqliteStore(path: string, takeOver?: TakeOver): Store {
  let database: Database | undefined;
  try {
    database = new Database(path, { int64: true });
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
    // What is acknowledged must outlive a power failure, not only a crash.
    database.exec("PRAGMA synchronous = FULL");
    let rows: ForeignRows | undefined;
    prepareSchema(database, () => rows = takeOver && readRows(takeOver.from));
    // Only now: a file that is refused must stay as it is.
    database.exec("PRAGMA journal_mode = WAL");
    if (rows !== undefined) takeOver?.notice(describe(rows, takeOver.from));
    return new SqliteStore(database);
  } catch (cause) {
    database?.close();
    const reason = reasonOf(cause);
    throw new StoreError(`Can't use the database ${path}: ${reason}`, {
      cause,
    });
  }
}

function readRows(from: string): ForeignRows {
  try {
    return readForeignDatabase(from);
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new StoreError(
      `${from} can't be taken over: ${reason}. Move it away to start anew`,
      { cause },
    );
  }
}

function describe(rows: ForeignRows, from: string): string {
  const left = rows.unusable > 0
    ? `; ${rows.unusable} row(s) couldn't be used`
    : "";
  return `took over ${rows.clients.length} user(s) and ${rows.messages.length} message(s) from ${from}, which stays as it is${left}`;
}

class SqliteStore implements Store {
  readonly #database: Database;
  readonly #statements: ReturnType<typeof prepareStatements>;
  /** Last visits that aren't written yet. */
  readonly #seen = new Map<string, { id: ClientId; now: Date }>();
  #seenTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(database: Database) {
    this.#database = database;
    this.#statements = prepareStatements(database);
  }

  // deno-lint-ignore require-await -- the interface is asynchronous, SQLite isn't
  async register(client: NewClient, now: Date): Promise<boolean> {
    return this.#write(() => {
      if (this.#statements.clientByName.get(client.name) !== undefined) {
        return false;
      }
      this.#statements.insertClient.run(
        client.id,
        client.name,
        client.publicKey,
        now.toISOString(),
      );
      return true;
    });
  }

  // deno-lint-ignore require-await -- as above
  async isRegistered(id: ClientId): Promise<boolean> {
    return this.#statements.clientById.get(id) !== undefined;
  }

  seen(id: ClientId, now: Date): void {
    this.#seen.set(id.toHex(), { id, now });
    this.#seenTimer ??= setTimeout(() => this.#writeSeen(), SEEN_DELAY);
  }

  // deno-lint-ignore require-await -- as above
  async clientsBut(id: ClientId): Promise<KnownClient[]> {
    return this.#statements.clientsBut.all(id);
  }

  // deno-lint-ignore require-await -- as above
  async publicKey(id: ClientId): Promise<Uint8Array | undefined> {
    return this.#statements.publicKey.get(id)?.publicKey;
  }

  // deno-lint-ignore require-await -- as above
  async send(message: NewMessage): Promise<MessageId | undefined> {
    return this.#write(() => {
      const inbox = this.#statements.lastId.get(
        message.recipient,
        message.recipient,
      );
      if (inbox === undefined || inbox.id >= MAX_MESSAGE_ID) return undefined;
      const id = (inbox.id + 1) as MessageId;
      this.#statements.insertMessage.run(
        id,
        message.recipient,
        message.sender,
        message.type,
        message.content,
      );
      return id;
    });
  }

  // deno-lint-ignore require-await -- as above
  async waiting(recipient: ClientId, budget: Budget): Promise<StoredMessage[]> {
    const most = Math.max(1, Math.floor(budget.bytes / budget.perMessage));
    const sizes = this.#statements.waitingSizes.all(recipient, most);
    let total = 0;
    let count = 0;
    for (const { size } of sizes) {
      total += size + budget.perMessage;
      if (count > 0 && total > budget.bytes) break;
      count++;
    }
    return count === 0 ? [] : this.#statements.waiting.all(recipient, count);
  }

  // deno-lint-ignore require-await -- as above
  async remove(recipient: ClientId, ids: readonly MessageId[]): Promise<void> {
    if (ids.length === 0) return;
    this.#write(() => {
      for (const id of ids) this.#statements.remove.run(recipient, id);
      const last = ids.reduce((max, id) => Math.max(max, id), 0);
      this.#statements.raiseLastMessage.run(last, recipient);
    });
  }

  // deno-lint-ignore require-await -- as above
  async close(): Promise<void> {
    try {
      this.#writeSeen();
    } finally {
      this.#database.close();
    }
  }

  #writeSeen(): void {
    clearTimeout(this.#seenTimer);
    this.#seenTimer = undefined;
    if (this.#seen.size === 0) return;
    try {
      this.#write(() => {});
    } catch {
      // A visit's time is worth no failure: it stays here for the next write.
      return;
    }
  }

  /** Runs one transaction; what is left of last visits rides along. */
  #write<T>(work: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      for (const { id, now } of this.#seen.values()) {
        this.#statements.updateSeen.run(now.toISOString(), id);
      }
      this.#database.exec("COMMIT");
      this.#seen.clear();
      return result;
    } catch (error) {
      if (this.#database.inTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

function prepareStatements(database: Database) {
  const prepare = <T extends object>(sql: string): Statement<T> =>
    database.prepare<T>(sql);
  return {
    clientByName: prepare("SELECT 1 FROM clients WHERE UserName = ?"),
    clientById: prepare("SELECT 1 FROM clients WHERE ID = ?"),
    insertClient: prepare(
      "INSERT INTO clients (ID, UserName, PublicKey, LastSeen) VALUES (?, ?, ?, ?)",
    ),
    updateSeen: prepare("UPDATE clients SET LastSeen = ? WHERE ID = ?"),
    clientsBut: prepare<KnownClient>(
      "SELECT ID AS id, UserName AS name FROM clients WHERE ID <> ? ORDER BY rowid",
    ),
    publicKey: prepare<{ publicKey: Uint8Array }>(
      "SELECT PublicKey AS publicKey FROM clients WHERE ID = ?",
    ),
    lastId: prepare<{ id: number }>(
      `SELECT max(LastMessage, coalesce(
        (SELECT max(ID) FROM messages WHERE ToClient = ?), 0)) AS id
        FROM clients WHERE ID = ?`,
    ),
    insertMessage: prepare(
      "INSERT INTO messages (ID, ToClient, FromClient, Type, Content) VALUES (?, ?, ?, ?, ?)",
    ),
    waitingSizes: prepare<{ size: number }>(
      "SELECT length(Content) AS size FROM messages WHERE ToClient = ? ORDER BY ID LIMIT ?",
    ),
    waiting: prepare<StoredMessage>(
      `SELECT ID AS id, FromClient AS sender, Type AS type, Content AS content
        FROM messages WHERE ToClient = ? ORDER BY ID LIMIT ?`,
    ),
    remove: prepare("DELETE FROM messages WHERE ToClient = ? AND ID = ?"),
    raiseLastMessage: prepare(
      "UPDATE clients SET LastMessage = max(LastMessage, ?) WHERE ID = ?",
    ),
  };
}
