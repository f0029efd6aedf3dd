/**
 * The store in one SQLite file: `db.defensive`, readable with `sqlite3`.
 *
 * @module
 */

import type { Database, Statement } from "@db/sqlite";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import type { CommitFigures } from "../commit_figures.ts";
import { storeError } from "./database_errors.ts";
import { databasePath, lookInto } from "./file/database_file.ts";
import { PART_SIZE } from "../store_rows.ts";
import {
  checkUsable,
  openReadyFile,
  type ReadyOptions,
} from "./file/ready_file.ts";
import { Deletions } from "./deletions.ts";
import { withReserve } from "./reserve.ts";
import {
  type Budget,
  type HandedOut,
  type ListedClient,
  type NewClient,
  type NewMessage,
  type Quota,
  type Requester,
  type ResponseMemory,
  restOf,
  type SendResult,
  type Store,
  StoreBrokenError,
  type StoredMessage,
  StoreError,
} from "../store.ts";
import { lockStoreLater, type StoreLock } from "./file/store_lock.ts";
import { LastSeenQueue } from "./last_seen_queue.ts";
import { LruCache } from "../lru_cache.ts";
import { read } from "./read.ts";
import { SqliteSecureStore } from "./secure_sqlite.ts";
import { countMessages } from "./writer/commands/count_messages.ts";
import { deleteMessages } from "./writer/commands/delete_messages.ts";
import { deleteUser } from "./writer/commands/delete_user.ts";
import { ping } from "./writer/commands/ping.ts";
import { purge } from "./writer/commands/purge.ts";
import { register } from "./writer/commands/register.ts";
import { sendMessage } from "./writer/commands/send_message.ts";
import { updateLastSeen } from "./writer/commands/update_last_seen.ts";
import type { StoreCommand } from "./writer/store_command.ts";
import { type CommandWriter, WriterLink } from "./writer/writer_link.ts";

/** Clients whose positions are cached, some 50 MB. */
const REQUESTERS_CACHED = 400_000;
/** Clients whose public keys are cached, some 50 MB. */
const KEYS_CACHED = 100_000;
/** Messages whose sizes are looked up at a time. */
const SIZES_AT_ONCE = 64;

/** How {@linkcode openSqliteStore} opens a file. */
export interface SqliteOptions extends ReadyOptions {
  /** Is told where another relay has the file, whose end is then waited for. Default: that is an error. */
  waiting?: () => void;
  /** Pages of 4 KiB that the file may have: a full disk, for tests. Default: no limit. */
  maxPages?: number;
}

/** A store in a SQLite file. */
export type SqliteStore = Store;

/**
 * Opens the file, or makes it. No other relay may use it until it is closed.
 *
 * @throws {StoreError} where it can't be used, with what to do about it
 */
export async function openSqliteStore(
  path: string,
  options: SqliteOptions = {},
): Promise<SqliteStore> {
  const file = await databasePath(path);
  const start = () => WriterLink.start(file, options.maxPages ?? 0);
  return await openWithWriter(file, options, start);
}

/**
 * Opens the file with any writer.
 *
 * @param start starts the writer, once the file is ready
 */
export async function openWithWriter(
  path: string,
  options: Omit<SqliteOptions, "maxPages">,
  start: () => Promise<CommandWriter>,
): Promise<SqliteStore> {
  let lock: StoreLock | undefined;
  let database: Database | undefined;
  try {
    lock = await lockStoreLater(
      path,
      options.waiting && (() => {
        // What can't be used mustn't cost the relay that uses it.
        lookInto(path, checkUsable);
        options.waiting?.();
      }),
    );
    database = await withReserve(path, () => openReadyFile(path, options));
    return new OpenStore(database, await start(), lock);
  } catch (cause) {
    database?.close();
    lock?.release();
    const reason = storeError(cause).message;
    throw new StoreError(`Can't use the database ${path}: ${reason}`, {
      cause,
    });
  }
}

/** Reads here, on the event loop; everything is written in the writer's thread. */
class OpenStore implements SqliteStore {
  readonly #database: Database;
  readonly #writer: CommandWriter;
  readonly #lock: StoreLock;
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly secure: SqliteSecureStore;
  readonly #requesters = new LruCache<Requester>(REQUESTERS_CACHED);
  readonly #publicKeys = new LruCache<Uint8Array>(KEYS_CACHED);
  readonly #lastSeen: LastSeenQueue;
  readonly #deletions: Deletions;
  /** The version of the users that are cached. */
  #usersRead = 0;
  /** Users that this store deleted. */
  #usersDeleted = 0;
  /** Why no request may succeed any more. */
  #broken: StoreBrokenError | undefined;

  constructor(database: Database, writer: CommandWriter, lock: StoreLock) {
    this.#database = database;
    this.#writer = writer;
    this.#lock = lock;
    this.#statements = prepareStatements(database);
    this.secure = new SqliteSecureStore(
      database,
      (command, value, ...contents) => this.#write(command, value, ...contents),
      {
        refresh: () => this.#dropOldUsers(),
        lifted: (account) => this.#requesters.delete(account.toHex()),
      },
    );
    // A last-seen time is worth no failure, and a deletion is tried again; where
    // the store is broken the next request must fail.
    const noteBroken = (error: unknown) => {
      if (error instanceof StoreBrokenError) this.#broken = error;
    };
    this.#lastSeen = new LastSeenQueue((clients) => {
      writer.write(updateLastSeen, clients).catch(noteBroken);
    });
    this.#deletions = new Deletions(async (recipient, taken) => {
      const written = writer.write(deleteMessages, { recipient, ...taken });
      written.catch(noteBroken);
      await written;
    });
  }

  get commits(): CommitFigures {
    return this.#writer.commits;
  }

  async countWaiting(): Promise<number> {
    const { waiting } = this.#writer;
    return Number.isNaN(waiting)
      ? await this.#writer.write(countMessages, undefined)
      : waiting;
  }

  async ping(): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    await this.#writer.write(ping, undefined);
  }

  get usersVersion(): number {
    return this.#writer.usersVersion + this.#usersDeleted;
  }

  async register(client: NewClient, now: Date): Promise<boolean> {
    return await this.#write(register, { ...client, at: now.getTime() });
  }

  // deno-lint-ignore require-await -- the interface is asynchronous, SQLite isn't
  async registeredId(
    { name, publicKey }: Pick<NewClient, "name" | "publicKey">,
  ): Promise<ClientId | undefined> {
    return read(() => this.#statements.registeredId.get(name, publicKey)?.id);
  }

  // deno-lint-ignore require-await -- as above
  async requester(id: ClientId): Promise<Requester | undefined> {
    if (this.#broken !== undefined) throw this.#broken;
    this.#dropOldUsers();
    return this.#requesters.getOrRead(id.toHex(), () => {
      const row = read(() => this.#statements.requester.get(id));
      if (row === undefined) return undefined;
      const { position, isSecured } = row;
      return { position, isSecured: isSecured !== 0 };
    });
  }

  // deno-lint-ignore require-await -- as above
  async publicKey(id: ClientId): Promise<Uint8Array | undefined> {
    this.#dropOldUsers();
    return this.#publicKeys.getOrRead(
      id.toHex(),
      () => read(() => this.#statements.publicKey.get(id)?.publicKey),
    );
  }

  #dropOldUsers(): void {
    const { usersVersion } = this;
    if (usersVersion === this.#usersRead) return;
    this.#usersRead = usersVersion;
    this.#requesters.clear();
    this.#publicKeys.clear();
    this.secure.dropDevices();
  }

  seen(_id: ClientId, position: number, now: Date): void {
    this.#lastSeen.add(position, now.getTime());
  }

  // deno-lint-ignore require-await -- as above
  async clients(position: number, most: number): Promise<ListedClient[]> {
    return read(() => this.#statements.clients.all(position, most))
      .map((client) => ({ ...client, settled: true }));
  }

  async deleteUser(id: ClientId): Promise<number | undefined> {
    for (let messages = 0;;) {
      const step = await this.#write(deleteUser, { id });
      messages += step.messages + step.mail;
      if (step.isUnfinished) continue;
      this.#usersDeleted++;
      return step.isDeleted ? messages : undefined;
    }
  }

  send(
    { content, ...message }: NewMessage,
    quota: Quota,
  ): Promise<SendResult> {
    const size = content.length;
    return this.#write(sendMessage, { ...message, quota, size }, content)
      .then(({ result, devices }) => {
        for (const device of devices) this.secure.wake(device);
        return result;
      });
  }

  async waiting(
    recipient: ClientId,
    budget: Budget,
    memory?: ResponseMemory,
  ): Promise<StoredMessage[]> {
    const room = (bytes: number) => memory?.tryReserve(bytes) ?? true;
    const found = this.#waiting(recipient, budget, room);
    if (typeof found !== "number") return found;
    await memory?.reserve(found);
    // Room is reserved for so much, whatever came in meanwhile.
    const reserved = { ...budget, bytes: found };
    const messages = this.#waiting(recipient, reserved, () => true);
    return typeof messages === "number" ? [] : messages;
  }

  /** The waiting messages, or where there is no room for them their bytes. */
  #waiting(
    recipient: ClientId,
    budget: Budget,
    room: (bytes: number) => boolean,
  ): StoredMessage[] | number {
    return read(() => {
      // Sizes and messages as of one moment: the writer doesn't stand still.
      this.#statements.begin.run();
      try {
        const { first, last, bytes } = this.#oldest(recipient, budget);
        if (first === 0) return [];
        if (!room(bytes)) return bytes;
        return this.#statements.waiting.all(recipient, first, last)
          .filter(({ id }) => !this.#deletions.has(recipient, id));
      } finally {
        // Nothing was written.
        if (this.#database.inTransaction) this.#database.exec("ROLLBACK");
      }
    });
  }

  /** The first and the last id of a response, and its bytes; 0 for none. */
  #oldest(
    recipient: ClientId,
    budget: Budget,
  ): { first: number; last: number; bytes: number } {
    let first = 0;
    let last = 0;
    let bytes = 0;
    for (const { id, size } of this.#sizes(recipient)) {
      if (this.#deletions.has(recipient, id)) continue;
      const more = Math.min(size, PART_SIZE) + budget.perMessage;
      const isTooMuch = bytes + size + budget.perMessage > budget.bytes;
      if (first > 0 && isTooMuch) break;
      bytes += more;
      first ||= id;
      last = id;
      if (isTooMuch) break;
    }
    return { first, last, bytes };
  }

  /** The sizes of waiting messages, oldest first, read as far as they are taken. */
  *#sizes(recipient: ClientId): Generator<{ id: number; size: number }> {
    for (let last = 0;;) {
      const rows = this.#statements.sizes.all(recipient, last, SIZES_AT_ONCE);
      yield* rows;
      last = rows.at(-1)?.id ?? last;
      if (rows.length < SIZES_AT_ONCE) return;
    }
  }

  rest(
    recipient: ClientId,
    message: StoredMessage,
  ): AsyncIterable<Uint8Array> {
    const { part: statement } = this.#statements;
    return restOf(
      message,
      (part) => read(() => statement.get(recipient, message.id, part))?.content,
    );
  }

  async delete(recipient: ClientId, taken: HandedOut): Promise<void> {
    if (taken.runs.length === 0) return;
    this.#lastSeen.writeDue();
    await this.#deletions.delete(recipient, taken);
  }

  purge(age: number, most: number): Promise<number> {
    return this.#write(purge, { age, most });
  }

  async close(): Promise<void> {
    try {
      this.#lastSeen.flush();
      await this.#deletions.flush();
      await this.#writer.close();
    } finally {
      this.#database.close();
      this.#lock.release();
    }
  }

  #write<T, R>(
    command: StoreCommand<T, R>,
    value: T,
    ...contents: readonly Uint8Array[]
  ): Promise<R> {
    this.#lastSeen.writeDue();
    return this.#writer.write(command, value, ...contents);
  }
}

function prepareStatements(database: Database) {
  const prepare = <T extends object>(sql: string): Statement<T> =>
    database.prepare<T>(sql);
  return {
    begin: prepare("BEGIN"),
    requester: prepare<{ position: number; isSecured: number }>(
      `SELECT Position AS position,
        EXISTS (SELECT 1 FROM profiles WHERE profiles.ID = accounts.ID) AS isSecured
        FROM accounts WHERE ID = ?`,
    ),
    registeredId: prepare<{ id: ClientId }>(
      "SELECT ID AS id FROM accounts WHERE UserName = ? AND PublicKey = ?",
    ),
    publicKey: prepare<{ publicKey: Uint8Array }>(
      "SELECT PublicKey AS publicKey FROM accounts WHERE ID = ?",
    ),
    clients: prepare<Omit<ListedClient, "settled">>(
      `SELECT Position AS position, ID AS id, UserName AS name FROM accounts
        WHERE Position > ? ORDER BY Position LIMIT ?`,
    ),
    sizes: prepare<{ id: number; size: number }>(
      `SELECT ID AS id, length(Content) + Rest AS size FROM messages
        WHERE ToClient = ? AND ID > ? ORDER BY ID LIMIT ?`,
    ),
    waiting: prepare<StoredMessage>(
      `SELECT ID AS id, FromClient AS sender, Type AS type,
        length(Content) + Rest AS size, Content AS content
        FROM messages WHERE ToClient = ? AND ID BETWEEN ? AND ? ORDER BY ID`,
    ),
    part: prepare<{ content: Uint8Array }>(
      "SELECT Content AS content FROM parts WHERE ToClient = ? AND ID = ? AND Part = ?",
    ),
  };
}
