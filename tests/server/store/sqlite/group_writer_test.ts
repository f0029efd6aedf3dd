import { assert, assertEquals, assertMatch } from "@std/assert";
import { Database, type Statement } from "@db/sqlite";
import { countMessages } from "../../../../server/store/sqlite/writer/commands/count_messages.ts";
import { ping } from "../../../../server/store/sqlite/writer/commands/ping.ts";
import { purge } from "../../../../server/store/sqlite/writer/commands/purge.ts";
import { register } from "../../../../server/store/sqlite/writer/commands/register.ts";
import { sendMessage } from "../../../../server/store/sqlite/writer/commands/send_message.ts";
import {
  GroupWriter,
  type Job,
} from "../../../../server/store/sqlite/writer/group_writer.ts";
import type { StoreCommand } from "../../../../server/store/sqlite/writer/store_command.ts";
import { WallClock } from "../../../../server/store/sqlite/writer/wall_clock.ts";
import {
  openSqliteStore,
  type SendResult,
  StoreBrokenError,
  StoreError,
} from "../../../../server/mod.ts";
import {
  type ClientId,
  MAX_MESSAGE_ID,
  type MessageId,
} from "../../../../shared/wire/protocol.ts";
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

type Work = Pick<Job, "command" | "value" | "content">;

function work<T, R>(
  command: StoreCommand<T, R>,
  value: T,
  content: Job["content"] = (size) => new Uint8Array(size),
): Work {
  return { command, value, content };
}

const registering = (name: string, id = randomId()) =>
  work(register, { id, name, publicKey: new Uint8Array(160), at: 0 });

const sent = (result: SendResult) => ({ result, devices: [] });
const text = (id: ClientId, content?: Job["content"]) =>
  work(sendMessage, {
    recipient: id,
    sender: id,
    type: 3,
    size: 1,
    quota: { messages: 0, bytes: 0 },
  }, content);

const count = work(countMessages, undefined);

/** Writes a group; returns what each job was settled with. */
function write(writer: GroupWriter, ...group: Work[]): unknown[] {
  const settled: unknown[] = [];
  const settle = (result: unknown) => settled.push(result);
  writer.write(
    group.map((work) => ({ ...work, resolve: settle, reject: settle })),
  );
  return settled;
}

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
    assertEquals(write(writer, registering("anna")), [true]);
    const errcode = 1034;
    database.failure = Object.assign(new Error("disk I/O error"), { errcode });
    const begun = database.begun;
    const assertBroken = () => {
      const settled = write(
        writer,
        registering("ben"),
        work(ping, undefined),
      );
      assertEquals(settled.length, 2);
      for (const error of settled) {
        assert(error instanceof StoreBrokenError);
        assertMatch(error.message, /sync.*start the relay again/);
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
    assertEquals(write(writer, registering("anna")), [true]);
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
    write(writer, registering("anna", id), text(id));
    wall += 7_200_000;
    // As SQLite says it where the log can't take all pages of the table.
    file.database.noMoves = Object.assign(new Error("full"), { errcode: 13 });
    assertEquals(write(writer, text(id)), [sent({ id: 2 as MessageId })]);
    const old = { age: 3_600_000, most: 10 };
    assertEquals(write(writer, work(purge, old)), [0]);
    assertEquals(write(writer, text(id)), [sent({ id: 3 as MessageId })]);
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
    const group = ["anna", "ben", "cora"].map((name) => registering(name));
    try {
      other.exec("BEGIN IMMEDIATE");
      const settled = write(writer, ...group);
      assertEquals(settled.length, 3);
      for (const error of settled) {
        assert(error instanceof StoreError);
        assertEquals(error instanceof StoreBrokenError, false);
        assertMatch(error.message, /another program holds its lock/);
      }
      assertEquals(database.begun, 1);
    } finally {
      other.close();
    }
    assertEquals(write(writer, ...group), [true, true, true]);
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
    assertEquals(write(writer, registering("anna", id)), [true]);
    const spoiled = text(id, () => {
      throw new Error("it can't be had");
    });
    const settled = write(
      writer,
      registering("ben"),
      spoiled,
      registering("cora"),
    );
    assertEquals(settled.map((result) => result === true), [true, false, true]);
    assert(settled[1] instanceof StoreError);
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
    write(writer, registering("anna", id), text(id));
    assertEquals(writer.waiting, NaN);
    assertEquals(write(writer, text(id), count, text(id)), [
      sent({ id: 2 as MessageId }),
      2,
      sent({ id: 3 as MessageId }),
    ]);
    assertEquals(writer.waiting, 3);
    database.failure = new Error("no room");
    write(writer, text(id));
    database.failure = undefined;
    write(writer, count);
    assertEquals(writer.waiting, 3);
    const other = new Database(file.path);
    other.exec("DELETE FROM messages WHERE ID = 1");
    other.close();
    write(writer, count);
    assertEquals(writer.waiting, 2);
  },
);

testWith(FILES, "an inbox whose ids are used up takes no more", async () => {
  await using file = await readyFile();
  const writer = new GroupWriter(file.database);
  const id = randomId();
  write(writer, registering("anna", id));
  file.database.exec("UPDATE activity SET LastMessage = 4294967294");
  assertEquals(write(writer, text(id), text(id)), [
    sent({ id: MAX_MESSAGE_ID as MessageId }),
    sent({ refused: "ids_used_up" }),
  ]);
});
