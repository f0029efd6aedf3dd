/**
 * SQLite without a relay, as a yardstick: the same tables, settings and
 * statements on the same disk, in a tight loop that knows beforehand what to do.
 * As a program: its argument is the database's path, its commands `insert PLAN`
 * and `pull PLAN`.
 *
 * @module
 */

import { Database, type Statement } from "@db/sqlite";
import {
  configure,
  RAISE_LAST_MESSAGE,
} from "../../../server/store/sqlite/schema.ts";
import { MessageType } from "../../../shared/wire/protocol.ts";
import { serveCommands } from "./child.ts";
import { prepareInsert, randomContent } from "./seed.ts";
import { userId } from "./fixtures.ts";

/** Recipients that are drawn before the clock runs, then used again. */
const DRAWN = 65_536;

/** Messages to insert. */
interface InsertPlan {
  /** Registered users, each of them a recipient. */
  users: number;
  /** Bytes of each message's content. */
  contentSize: number;
  /** Messages of a transaction. */
  group: number;
  /** How long. */
  seconds: number;
}

/** Inboxes to read and empty. */
interface PullPlan {
  /** The first inbox, and the one behind the last. */
  from: number;
  to: number;
  /** Messages in each of them. */
  waiting: number;
  /** Inboxes of a transaction. */
  group: number;
}

/** A database of a relay that isn't there. */
class SqliteAlone {
  readonly #database: Database;
  readonly #begin: Statement;
  readonly #commit: Statement;
  /** By recipient; it goes on from one call to the next. */
  #lastIds: Uint32Array | undefined;

  /** @throws {Error} where the file can't be opened */
  constructor(path: string) {
    this.#database = new Database(path, { int64: true, create: false });
    configure(this.#database);
    this.#begin = this.#database.prepare("BEGIN IMMEDIATE");
    this.#commit = this.#database.prepare("COMMIT");
  }

  /** Inserts messages for users drawn by chance; returns messages a second. */
  insert({ users, contentSize, group, seconds }: InsertPlan): number {
    const insert = prepareInsert(this.#database);
    const content = randomContent(contentSize);
    const ids = Array.from({ length: users }, (_, i) => userId(i));
    const lastIds = this.#lastIds ??= new Uint32Array(users);
    const drawn = Uint32Array.from(
      { length: DRAWN },
      () => Math.floor(Math.random() * users),
    );
    let rows = 0;
    const start = performance.now();
    const deadline = start + 1000 * seconds;
    while (performance.now() < deadline) {
      this.#begin.run();
      for (let i = 0; i < group; i++) {
        const recipient = drawn[rows % DRAWN] as number;
        const sender = drawn[++rows % DRAWN] as number;
        const id = (lastIds[recipient] as number) + 1;
        lastIds[recipient] = id;
        insert.run(
          id,
          ids[recipient] as Uint8Array,
          ids[sender] as Uint8Array,
          MessageType.Text,
          content,
        );
      }
      this.#commit.run();
    }
    return 1000 * rows / (performance.now() - start);
  }

  /**
   * Reads and empties inboxes; returns inboxes a second.
   *
   * @throws {Error} where one doesn't hold what it should
   */
  pull({ from, to, waiting, group }: PullPlan): number {
    const select = this.#database.prepare(
      `SELECT ID AS id, FromClient AS sender, Type AS type, Content AS content
        FROM messages WHERE ToClient = ? ORDER BY ID LIMIT ?`,
    );
    const remove = this.#database.prepare(
      "DELETE FROM messages WHERE ToClient = ? AND ID BETWEEN ? AND ?",
    );
    const raise = this.#database.prepare(RAISE_LAST_MESSAGE);
    const ids = Array.from({ length: to - from }, (_, i) => userId(from + i));
    const start = performance.now();
    for (let first = 0; first < ids.length; first += group) {
      this.#begin.run();
      for (const id of ids.slice(first, first + group)) {
        const rows = select.all(id, waiting);
        const removed = remove.run(id, 1, waiting);
        if (rows.length !== waiting || removed !== waiting) {
          throw new Error(`Expected ${waiting} messages, got ${rows.length}`);
        }
        raise.run(waiting, id);
      }
      this.#commit.run();
    }
    return 1000 * ids.length / (performance.now() - start);
  }

  /** Closes the file. */
  close(): void {
    this.#database.close();
  }
}

const sqlite = new SqliteAlone(Deno.args[0] ?? "");
await serveCommands({
  insert: (plan) => sqlite.insert(plan as InsertPlan),
  pull: (plan) => sqlite.pull(plan as PullPlan),
});
sqlite.close();
