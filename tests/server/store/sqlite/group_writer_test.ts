import { assert, assertEquals, assertMatch } from "@std/assert";
import { Database, type Statement } from "@db/sqlite";
import {
  GroupWriter,
  type Job,
} from "../../../../server/store/sqlite/writer/group_writer.ts";
import { WallClock } from "../../../../server/store/sqlite/writer/wall_clock.ts";
import { openSqliteStore, StoreBrokenError } from "../../../../server/mod.ts";
import type { ClientId } from "../../../../shared/wire/protocol.ts";
import { temporaryFolder } from "../../../../lab/harness/resources.ts";
import { FILES, testWith } from "../../../support/test_with.ts";

/** A database whose commits fail as a disk's can, which no test can make happen. */
class FailingDatabase extends Database {
  /** What a commit throws; undefined where it succeeds. */
  failure: Error | undefined;
  /** What moving arrivals throws. */
  noMoves: Error | undefined;
  begun = 0;

  override prepare<T extends object>(sql: string): Statement<T> {
    const statement = super.prepare<T>(sql);
    if (!sql.startsWith("UPDATE messages SET Arrived")) return statement;
    const { run } = statement;
    statement.run = (...values) => {
      if (this.noMoves !== undefined) throw this.noMoves;
      return run.apply(statement, values);
    };
    return statement;
  }

  override exec(sql: string): number {
    if (sql === "BEGIN IMMEDIATE") this.begun++;
    if (sql !== "COMMIT" || this.failure === undefined) return super.exec(sql);
    // SQLite itself ends the transaction.
    super.exec("ROLLBACK");
    throw this.failure;
  }
}

const randomId = () =>
  crypto.getRandomValues(new Uint8Array(16)) as Uint8Array as ClientId;

const register = (name: string, id = randomId()): Job => ({
  command: {
    kind: "register",
    client: { id, name, publicKey: new Uint8Array(160) },
    at: 0,
  },
  content: () => new Uint8Array(0),
});

const text = (recipient: ClientId): Job => ({
  command: {
    kind: "send",
    message: { recipient, sender: recipient, type: 3 },
    size: 1,
    quota: { messages: 0, bytes: 0 },
  },
  content: () => new Uint8Array(1),
});

const ping: Job = {
  command: { kind: "ping" },
  content: () => new Uint8Array(0),
};

const count: Job = {
  command: { kind: "count" },
  content: () => new Uint8Array(0),
};

/** A file that is ready for a writer. */
async function readyFile() {
  const folder = await temporaryFolder();
  const path = `${folder.path}/db.defensive`;
  await (await openSqliteStore(path)).close();
  const database = new FailingDatabase(path, { int64: true });
  database.exec("PRAGMA busy_timeout = 0");
  return {
    path,
    database,
    names: () =>
      database.prepare<{ name: string }>(
        "SELECT UserName AS name FROM accounts ORDER BY Position",
      ).all().map(({ name }) => name),
    async [Symbol.asyncDispose]() {
      database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

testWith(
  FILES,
  "after a sync that failed nothing is tried again, and nothing is written",
  async () => {
    await using file = await readyFile();
    const { database } = file;
    const writer = new GroupWriter(database);
    assertEquals(writer.write([register("anna")]), [{ value: 1 }]);
    const errcode = 1034;
    database.failure = Object.assign(new Error("disk I/O error"), { errcode });
    const begun = database.begun;
    const assertBroken = () => {
      for (const outcome of writer.write([register("ben"), ping])) {
        assert("error" in outcome);
        assert(outcome.error instanceof StoreBrokenError);
        assertMatch(outcome.error.message, /sync.*start the relay again/);
      }
    };
    assertBroken();
    assertEquals(database.begun, begun + 1);
    database.failure = undefined;
    assertBroken();
    assertEquals(database.begun, begun + 1);
    assertEquals(file.names(), ["anna"]);
  },
);

testWith(
  FILES,
  "a write that failed is taken for a quota that is used up",
  async () => {
    await using file = await readyFile();
    const { database } = file;
    let made = 0;
    const make = () => {
      made++;
      database.failure = undefined;
    };
    const room = { before() {}, tried() {}, make };
    const writer = new GroupWriter(database, { room });
    const errcode = 778;
    database.failure = Object.assign(new Error("disk I/O error"), { errcode });
    assertEquals(writer.write([register("anna")]), [{ value: 1 }]);
    assertEquals(made, 1);
  },
);

testWith(
  FILES,
  "where a set clock's changes have no room on the disk, what is written has",
  async () => {
    await using file = await readyFile();
    let wall = 1_000_000;
    const clock = new WallClock(() => wall, () => 0);
    const writer = new GroupWriter(file.database, { clock });
    const id = randomId();
    const purge: Job = {
      command: { kind: "purge", age: 3_600_000, most: 10 },
      content: () => new Uint8Array(0),
    };
    writer.write([register("anna", id), text(id)]);
    wall += 7_200_000;
    // As SQLite says it where the log can't take all pages of the table.
    file.database.noMoves = Object.assign(new Error("full"), { errcode: 13 });
    assertEquals(writer.write([text(id)]), [{ value: 2 }]);
    assertEquals(writer.write([purge]), [{ value: 0 }]);
    assertEquals(writer.write([text(id)]), [{ value: 3 }]);
  },
);

testWith(
  FILES,
  "another program's lock is waited for once for a whole group",
  async () => {
    await using file = await readyFile();
    const { database } = file;
    const writer = new GroupWriter(database);
    const other = new Database(file.path);
    const group = ["anna", "ben", "cora"].map((name) => register(name));
    try {
      other.exec("BEGIN IMMEDIATE");
      for (const outcome of writer.write(group)) {
        assert("error" in outcome);
        assertEquals(outcome.error instanceof StoreBrokenError, false);
        assertMatch(outcome.error.message, /another program holds its lock/);
      }
      assertEquals(database.begun, 1);
    } finally {
      other.close();
    }
    assertEquals(writer.write(group), group.map(() => ({ value: 1 })));
    assertEquals(file.names(), ["anna", "ben", "cora"]);
  },
);

testWith(
  FILES,
  "what fails for one of a group costs the others nothing",
  async () => {
    await using file = await readyFile();
    const writer = new GroupWriter(file.database);
    const id = randomId();
    assertEquals(writer.write([register("anna", id)]), [{ value: 1 }]);
    const spoiled: Job = {
      command: {
        kind: "send",
        message: { recipient: id, sender: id, type: 3 },
        size: 1,
        quota: { messages: 0, bytes: 0 },
      },
      content: () => {
        throw new Error("it can't be had");
      },
    };
    const outcomes = writer.write([register("ben"), spoiled, register("cora")]);
    assertEquals(outcomes.map((outcome) => "value" in outcome), [
      true,
      false,
      true,
    ]);
    assertEquals(file.names(), ["anna", "ben", "cora"]);
  },
);

testWith(
  FILES,
  "what waits is what was committed, counted anew when it is asked for",
  async () => {
    await using file = await readyFile();
    const { database } = file;
    const writer = new GroupWriter(database);
    const id = randomId();
    writer.write([register("anna", id), text(id)]);
    assertEquals(writer.waiting, NaN);
    writer.write([text(id), count, text(id)]);
    assertEquals(writer.waiting, 3);
    database.failure = new Error("no room");
    writer.write([text(id)]);
    database.failure = undefined;
    writer.write([count]);
    assertEquals(writer.waiting, 3);
    const other = new Database(file.path);
    other.exec("DELETE FROM messages WHERE ID = 1");
    other.close();
    writer.write([count]);
    assertEquals(writer.waiting, 2);
  },
);

testWith(FILES, "an inbox whose ids are used up takes no more", async () => {
  await using file = await readyFile();
  const writer = new GroupWriter(file.database);
  const id = randomId();
  writer.write([register("anna", id)]);
  file.database.exec("UPDATE activity SET LastMessage = 4294967294");
  assertEquals(writer.write([text(id), text(id)]), [
    { value: 4294967295 },
    { value: -2 },
  ]);
});
