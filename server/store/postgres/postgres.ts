/**
 * The store in a database that speaks PostgreSQL's protocol. Any number of
 * relays may share it: what it promises is kept by the database alone.
 *
 * @module
 */

import { inTime } from "../../../shared/cli/time.ts";
import type { ClientId, MessageId } from "../../../shared/wire/protocol.ts";
import { CommitFigures } from "../commit_figures.ts";
import { LruCache } from "../lru_cache.ts";
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
  type StoredMessage,
  StoreError,
} from "../store.ts";
import { Database } from "./connection/database.ts";
import { MessageWriter } from "./message_writer.ts";
import { OldMessages } from "./old_messages.ts";
import {
  type LegacyStore,
  PostgresSecureStore,
} from "./secure/secure_postgres.ts";
import { deleteUser } from "./delete_user.ts";
import { type Deletion, deletionQueue } from "./deletion_queue.ts";
import type { InboxQueue } from "./inbox_queue.ts";
import { isPositionTaken, prepareSchema, USERS_VERSION } from "./schema.ts";
import { storeName } from "./connection/store_url.ts";
import { Timeline } from "./connection/timeline.ts";
import { LastSeenQueue } from "./last_seen_queue.ts";
import { type Query, quickSql, sql } from "./connection/statement.ts";

/** Connections that a relay has to its database at most. */
export const CONNECTIONS = 10;
/** Clients of whom it is remembered that they are there: 40 MB of them. */
const CLIENTS_REMEMBERED = 200_000;
/** Milliseconds between two looks at the users' version. */
const LOOK_AGAIN = 1000;
/** Milliseconds that closing may take. */
const CLOSE_TIMEOUT = 3000;
/** Messages that are looked at at a time for an answer. */
const MESSAGES_AT_ONCE = 128;
/**
 * Microseconds within which a client may come to stand in front of another:
 * longer than a registration may take, and than clocks of one database differ.
 */
const UNSETTLED = 60_000_000;

/**
 * Opens the store, and makes its tables where there are none.
 *
 * @param url `postgres://USER:PASSWORD@HOST:PORT/DATABASE`; of several hosts,
 * apart by commas, it uses the one that takes writes
 * @param notice is told what people should know of the database
 * @throws {StoreError} where it can't be used, with what to do about it
 */
export async function openPostgresStore(
  url: string,
  notice: (text: string) => void = () => {},
): Promise<Store> {
  let database: Database | undefined;
  try {
    database = new Database(url, CONNECTIONS);
    await prepareSchema(database);
    if (database.isPooled) notice(await describePooler(database));
    const store = new OpenStore(database, notice);
    await database.greet((query) => store.timeline.check(query));
    return store;
  } catch (cause) {
    await database?.close();
    if (!(cause instanceof StoreError)) throw cause;
    throw new StoreError(
      `Can't use the database ${storeName(url)}: ${cause.message}`,
      { cause },
    );
  }
}

async function describePooler(database: Database): Promise<string> {
  const version = await database.hosts.poolerVersion();
  const what = `a pooler is in front of the database${
    version === undefined ? "" : ` (${version})`
  }`;
  const [, minor = "21"] = /^PgBouncer 1\.(\d+)/.exec(version ?? "") ?? [];
  return database.keepsStatements && Number(minor) >= 21
    ? what
    : `${what} that mixes up prepared statements, so each is parsed anew: PgBouncer keeps them apart from 1.21 on, with max_prepared_statements`;
}

/** What changes of a client only with the users' version. */
interface Account {
  position: number;
  publicKey: Uint8Array;
  isSecured: boolean;
}

class OpenStore implements Store, LegacyStore {
  readonly commits = new CommitFigures();
  readonly secure: PostgresSecureStore;
  /** The database's. */
  readonly timeline: Timeline;
  readonly #database: Database;
  readonly #query: Query;
  readonly #writer: MessageWriter;
  readonly #deletions: InboxQueue<Deletion, void>;
  readonly #lastSeen: LastSeenQueue;
  readonly #oldMessages: OldMessages;
  readonly #accounts = new LruCache<Account>(CLIENTS_REMEMBERED);
  #usersVersion = 0;
  /** When that was asked, on the clock of `performance.now()`. */
  #looked = -Infinity;
  #looking: Promise<void> | undefined;

  constructor(database: Database, notice: (text: string) => void) {
    this.#database = database;
    this.timeline = new Timeline(notice, () => this.forget());
    this.#query = database.query;
    this.#deletions = deletionQueue(database.query, this.commits);
    this.#lastSeen = new LastSeenQueue(database.query, this.commits);
    this.#oldMessages = new OldMessages(database.query);
    this.#writer = new MessageWriter(database, this.commits);
    this.secure = new PostgresSecureStore(
      database,
      this,
      this.#writer,
      this.commits,
    );
  }

  get usersVersion(): number {
    return this.#usersVersion;
  }

  async register(client: NewClient, now: Date): Promise<boolean> {
    const { id, name, publicKey } = client;
    const values = [id, name, publicKey, now.toISOString()];
    for (;;) {
      try {
        const begin = performance.now();
        const rows = await this.#query(REGISTER, values);
        if (rows.length === 0) return false;
        this.commits.record(1, performance.now() - begin);
        return true;
      } catch (error) {
        if (!isPositionTaken(error)) throw error;
      }
    }
  }

  async registeredId(
    { name, publicKey }: Pick<NewClient, "name" | "publicKey">,
  ): Promise<ClientId | undefined> {
    const [row] = await this.#query<[ClientId]>(REGISTERED_ID, [
      name,
      publicKey,
    ]);
    return row?.[0];
  }

  async requester(id: ClientId): Promise<Requester | undefined> {
    const account = await this.#account(id);
    if (account === undefined) return undefined;
    const { position, isSecured } = account;
    return { position, isSecured };
  }

  async publicKey(id: ClientId): Promise<Uint8Array | undefined> {
    return (await this.#account(id))?.publicKey;
  }

  seen(id: ClientId, _position: number, now: Date): void {
    this.#lastSeen.add(id, now.getTime());
  }

  async clients(position: number, most: number): Promise<ListedClient[]> {
    const rows = await this.#query<[number, ClientId, string, boolean]>(
      CLIENTS,
      [position, most, UNSETTLED],
    );
    return rows.map(([position, id, name, settled]) => ({
      position,
      id,
      name,
      settled,
    }));
  }

  async deleteUser(id: ClientId): Promise<number | undefined> {
    const messages = await deleteUser(this.#database, id);
    await this.usersChanged();
    return messages;
  }

  /** Forgets what was changed of users here, at once. */
  async usersChanged(): Promise<void> {
    // A look that is under way may have begun before.
    await this.#looking;
    this.#looked = -Infinity;
    await this.refreshUsers();
  }

  async send(message: NewMessage, quota: Quota): Promise<SendResult> {
    const result = await this.#writer.send(message, quota);
    const isUnknown = "refused" in result &&
      result.refused === "unknown_target";
    // A secure account has no inbox.
    return isUnknown ? await this.secure.keepLegacy(message, quota) : result;
  }

  async waiting(
    recipient: ClientId,
    budget: Budget,
    memory?: ResponseMemory,
  ): Promise<StoredMessage[]> {
    const messages: StoredMessage[] = [];
    let left = budget.bytes;
    if (memory !== undefined && !memory.tryReserve(left)) {
      left = await this.#needed(recipient, budget);
      await memory.reserve(left);
    }
    for (;;) {
      const isFirst = messages.length === 0;
      const rows = await this.#query<WaitingRow>(WAITING, [
        recipient,
        messages.at(-1)?.id ?? 0,
        MESSAGES_AT_ONCE,
        left,
        budget.perMessage,
        // One at least, however large.
        isFirst ? 1 : 0,
      ]);
      for (const [id, sender, type, size, content] of rows) {
        messages.push({ id: id as MessageId, sender, type, size, content });
        left -= size + budget.perMessage;
      }
      if (rows.length < MESSAGES_AT_ONCE || left <= 0) return messages;
    }
  }

  /** Bytes that an answer takes, at most. */
  async #needed(recipient: ClientId, budget: Budget): Promise<number> {
    const [row] = await this.#query<[number]>(NEEDED, [
      recipient,
      MESSAGES_AT_ONCE,
      budget.perMessage,
    ]);
    return Math.min(budget.bytes, row?.[0] ?? 0);
  }

  rest(
    recipient: ClientId,
    message: StoredMessage,
  ): AsyncIterable<Uint8Array> {
    return restOf(message, async (part) => {
      const values = [recipient, message.id, part];
      const [row] = await this.#query<[Uint8Array]>(PART, values);
      return row?.[0];
    });
  }

  async delete(recipient: ClientId, { runs }: HandedOut): Promise<void> {
    if (runs.length === 0) return;
    await this.#deletions.add(recipient, { recipient, runs });
    this.#writer.removed(recipient);
  }

  async purge(age: number, most: number): Promise<number> {
    const removed = await this.#oldMessages.purge(age, most);
    this.#writer.purged();
    return removed;
  }

  async countWaiting(): Promise<number> {
    const [row] = await this.#query<[number]>(ESTIMATE);
    const estimate = row?.[0] ?? -1;
    // So few are counted at once, and the database knows nothing of a new table.
    if (estimate > MOST_COUNTED) return estimate;
    const [counted] = await this.#query<[number]>(COUNT, [MOST_COUNTED]);
    return counted?.[0] ?? 0;
  }

  async ping(): Promise<void> {
    await this.#query(PING, [Date.now()]);
    // It waits for no standby, as what writes does.
    const { syncWait } = this.#database;
    await syncWait.look();
    if (syncWait.obstacle !== undefined) throw syncWait.obstacle;
  }

  /** Forgets what it remembers of users and inboxes. */
  forget(): void {
    this.#accounts.clear();
    this.#writer.purged();
    this.secure.forget();
  }

  async close(): Promise<void> {
    const closing = (async () => {
      await this.#writer.settled();
      await this.secure.settled();
      await this.#lastSeen.flush();
      await this.#database.close();
    })();
    // A silent database is waited for no longer.
    await inTime(closing, CLOSE_TIMEOUT, undefined);
  }

  /** Another relay, or the admin program, may have deleted users, or replaced records. */
  async refreshUsers(): Promise<void> {
    if (performance.now() - this.#looked < LOOK_AGAIN) return;
    this.#looking ??= this.#look().finally(() => this.#looking = undefined);
    await this.#looking;
  }

  async #look(): Promise<void> {
    // A pooler keeps our connections while another server takes the old one's place.
    if (this.#database.isPooled && await this.timeline.isNew(this.#query)) {
      this.#database.hosts.reconnect();
    }
    const [row] = await this.#query<[number]>(USERS_VERSION);
    const version = row?.[0] ?? 0;
    if (version !== this.#usersVersion) this.forget();
    this.#usersVersion = version;
    this.#looked = performance.now();
  }

  async #account(id: ClientId): Promise<Account | undefined> {
    await this.refreshUsers();
    const key = id.toHex();
    const known = this.#accounts.get(key);
    if (known !== undefined) return known;
    const version = this.#usersVersion;
    const [row] = await this.#query<[number, Uint8Array, boolean]>(ACCOUNT, [
      id,
    ]);
    if (row === undefined) return undefined;
    const [position, publicKey, isSecured] = row;
    const account = { position, publicKey, isSecured };
    // It may have been read before a user was deleted.
    if (version === this.#usersVersion) this.#accounts.set(key, account);
    return account;
  }
}

// Positions are microseconds of the database's own clock: no counter is shared.
const REGISTER = sql(`WITH account AS (
    INSERT INTO accounts (ID, Position, UserName, PublicKey)
    VALUES ($1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, $2, $3)
    ON CONFLICT (UserName) DO NOTHING
    RETURNING ID
  )
  INSERT INTO activity (ID, LastSeen) SELECT ID, $4 FROM account RETURNING ID`);

const REGISTERED_ID = quickSql(
  "SELECT ID FROM accounts WHERE UserName = $1 AND PublicKey = $2",
);

const ACCOUNT = quickSql(
  `SELECT Position, PublicKey, EXISTS (SELECT 1 FROM profiles WHERE ID = $1)
    FROM accounts WHERE ID = $1`,
);

const CLIENTS = quickSql(`SELECT Position, ID, UserName,
      Position < (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - $3::bigint
    FROM accounts WHERE Position > $1 ORDER BY Position LIMIT $2`);

type WaitingRow = [
  id: number,
  sender: ClientId,
  type: number,
  size: number,
  content: Uint8Array,
];

const WAITING = quickSql(`SELECT ID, FromClient, Type, size, Content FROM (
    SELECT *, row_number() OVER inbox AS place,
      sum(size + $5::bigint) OVER inbox AS total
    FROM (
      SELECT ID, FromClient, Type, octet_length(Content) + Rest AS size, Content
      FROM messages WHERE ToClient = $1 AND ID > $2 ORDER BY ID LIMIT $3
    ) AS oldest
    WINDOW inbox AS (ORDER BY ID ROWS UNBOUNDED PRECEDING)
  ) AS counted
  WHERE total <= $4::bigint OR place <= $6::int ORDER BY ID`);

const NEEDED = quickSql(
  `SELECT coalesce(sum(size + $3::bigint), 0)::bigint FROM (
    SELECT octet_length(Content) AS size FROM messages WHERE ToClient = $1
    ORDER BY ID LIMIT $2
  ) AS oldest`,
);

/** Messages that are counted one by one at most. */
const MOST_COUNTED = 100_000;

const ESTIMATE = quickSql(
  `SELECT coalesce(max(reltuples), -1)::bigint FROM pg_class
    WHERE oid = to_regclass('messages')`,
);

const COUNT = quickSql(
  "SELECT count(*) FROM (SELECT 1 FROM messages LIMIT $1) AS found",
);

// It writes nothing, but only a database that takes writes lets it pass.
const PING = sql(
  "UPDATE relay SET Value = $1::bigint WHERE Name = 'no such row'",
);

const PART = quickSql(
  "SELECT Content FROM parts WHERE ToClient = $1 AND ID = $2 AND Part = $3",
);
