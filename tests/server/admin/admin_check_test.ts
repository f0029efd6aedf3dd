import { assertEquals, assertMatch } from "@std/assert";
import { Database } from "@db/sqlite";
import {
  makeSqliteAdminStore,
  readSqliteRows,
} from "../../../server/store/sqlite/maintenance/sqlite_admin_store.ts";
import { admin } from "../../support/stores/admin.ts";
import {
  changeDatabase,
  makeStore,
  someInboxes,
} from "../../support/stores/made_store.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { FILES, PROGRAMS, testWith } from "../../support/test_with.ts";

/** What might go wrong between the tables, and how it is told. */
const faults: Record<string, RegExp> = {
  "DELETE FROM activity WHERE Position = 1":
    /^1 user without a row in activity: restore a backup\n$/,
  "DELETE FROM accounts WHERE Position = 2":
    /^1 row in activity without a user: .*\n3 messages without a registered recipient: restore a backup, or stop the relay and run sqlite3 FILE "DELETE FROM messages/,
  "DELETE FROM parts WHERE Part = 2":
    /^1 message with more or less in its parts than it says: /,
  "DELETE FROM messages WHERE Rest > 0": /^2 parts of no message: /,
  "UPDATE messages SET ID = 0 WHERE rowid = 1":
    /^1 message with an id that isn't from 1 to 4294967295: /,
  "UPDATE activity SET LastMessage = -1 WHERE Position < 3":
    /^2 users with a last message that isn't from 0 to 4294967295: /,
  "UPDATE accounts SET PublicKey = x'00' WHERE Position = 1":
    /^1 user with an id or a key that isn't 16 or 160 bytes: /,
};

testWith(PROGRAMS, "check tells what doesn't fit together", async () => {
  await using folder = await temporaryFolder();
  await makeStore(folder.path, someInboxes);
  for (const [i, [fault, told]] of Object.entries(faults).entries()) {
    const dir = `${folder.path}/${i}`;
    await Deno.mkdir(dir);
    await Deno.copyFile(
      `${folder.path}/db.defensive`,
      `${dir}/db.defensive`,
    );
    changeDatabase(`${dir}/db.defensive`, fault);
    const { code, stdout, stderr } = await admin(dir, "check");
    assertEquals([code, stderr], [1, ""], fault);
    assertMatch(stdout, told);
  }
});

testWith(PROGRAMS, "check tells of damage that SQLite finds", async () => {
  await using folder = await temporaryFolder();
  const { path: dir } = folder;
  await makeStore(dir, someInboxes);
  const database = new Database(`${dir}/db.defensive`);
  const root = database.prepare<{ page: number }>(
    "SELECT rootpage AS page FROM sqlite_schema WHERE name = 'inbox'",
  ).get()?.page ?? 0;
  database.close();
  // An empty index, where there are messages.
  const page = new Uint8Array(4096);
  page.set([10, 0, 0, 0, 0, 0x10, 0, 0]);
  using file = await Deno.open(`${dir}/db.defensive`, { write: true });
  await file.seek((root - 1) * 4096, Deno.SeekMode.Start);
  await file.write(page);
  const { code, stdout, stderr } = await admin(dir, "check");
  assertEquals([code, stderr], [1, ""]);
  assertMatch(
    stdout,
    /^damaged \(.*index inbox\): keep copies of FILE and FILE-wal; then restore a backup/m,
  );
});

testWith(
  FILES,
  "all rows of a store fill an empty one, which is the same then",
  async () => {
    await using folder = await temporaryFolder();
    await makeStore(folder.path, someInboxes);
    const rows = () => readSqliteRows(`${folder.path}/db.defensive`);
    const copy = makeSqliteAdminStore(`${folder.path}/copy`);
    try {
      assertEquals(await copy.fill(rows()), { users: 3, messages: 4 });
      let message = "";
      await copy.fill(rows()).catch((error) => message = error.message);
      assertMatch(message, /copy: it isn't empty$/);
      assertEquals(await copy.check(), []);
      const contents = await Promise.all([
        Array.fromAsync(rows()),
        Array.fromAsync(readSqliteRows(`${folder.path}/copy`)),
      ]);
      const [original, copied] = contents.map((rows) =>
        JSON.stringify(
          rows,
          (_, value) => value instanceof Uint8Array ? value.toHex() : value,
        )
      );
      assertEquals(copied, original);
    } finally {
      await copy.close();
    }
  },
);
