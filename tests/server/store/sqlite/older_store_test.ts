import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { Database } from "@db/sqlite";
import type { ClientId, MessageId } from "../../../../shared/wire/protocol.ts";
import { openSqliteStore, StoreError } from "../../../../server/mod.ts";
import { ID_JUMP } from "../../../../server/store/store_rows.ts";
import { adminPrints } from "../../../support/stores/admin.ts";
import { Program, ROOT } from "../../../../lab/harness/program.ts";
import { namesIn, temporaryFolder } from "../../../../lab/harness/resources.ts";
import {
  FILES,
  longTest,
  PROGRAMS,
  SHELL,
  testWith,
} from "../../../support/test_with.ts";
import { until } from "../../../../lab/harness/until.ts";
import { assertMode } from "../../../support/file_mode.ts";

const CLIENTS = `
CREATE TABLE clients (
  ID BLOB NOT NULL UNIQUE,
  UserName TEXT NOT NULL UNIQUE,
  PublicKey BLOB NOT NULL,
  LastSeen TEXT NOT NULL,
  LastMessage INTEGER NOT NULL DEFAULT 0
);`;
const ACCOUNTS = `
CREATE TABLE accounts (
  Position INTEGER PRIMARY KEY,
  ID BLOB NOT NULL UNIQUE,
  UserName TEXT NOT NULL UNIQUE,
  PublicKey BLOB NOT NULL
);
CREATE TABLE activity (
  Position INTEGER PRIMARY KEY,
  LastSeen TEXT NOT NULL,
  LastMessage INTEGER NOT NULL DEFAULT 0
);
CREATE VIEW clients AS
  SELECT ID, UserName, PublicKey, LastSeen, LastMessage
  FROM accounts JOIN activity USING (Position);`;
const REST = ",\n  Rest INTEGER NOT NULL DEFAULT 0";
/** When everything arrived in a file that tells. */
const ARRIVAL = Date.UTC(2040, 0, 1);
const ARRIVED = `,\n  Arrived INTEGER NOT NULL DEFAULT ${ARRIVAL}`;
const messages = (more: string) => `
CREATE TABLE messages (
  ID INTEGER NOT NULL,
  ToClient BLOB NOT NULL,
  FromClient BLOB NOT NULL,
  Type INTEGER NOT NULL,
  Content BLOB NOT NULL${more}
);
CREATE UNIQUE INDEX inbox ON messages (ToClient, ID);`;
const PARTS = `
CREATE TABLE parts (
  ToClient BLOB NOT NULL,
  ID INTEGER NOT NULL,
  Part INTEGER NOT NULL,
  Content BLOB NOT NULL
);
CREATE UNIQUE INDEX part ON parts (ToClient, ID, Part);`;

/** The tables that relays have made, by their schema's version. */
const older: Record<number, string> = {
  1: CLIENTS + messages(""),
  2: CLIENTS + messages(REST) + PARTS,
  3: ACCOUNTS + messages(REST) + PARTS,
  4: ACCOUNTS + messages(REST + ARRIVED) + PARTS,
  5: ACCOUNTS.replace("PRIMARY KEY", "PRIMARY KEY AUTOINCREMENT") +
    messages(REST + ARRIVED) + PARTS,
};

const idOf = (byte: number) =>
  new Uint8Array(16).fill(byte) as Uint8Array as ClientId;
const anna = idOf(0xa1);
const ben = idOf(0xb2);
const key = new Uint8Array(160).fill(5);

for (const [version, tables] of Object.entries(older)) {
  testWith(
    FILES,
    `a file of schema version ${version} is brought up to date`,
    async () => {
      await using folder = await temporaryFolder();
      const path = `${folder.path}/db.defensive`;
      // Some between the two have gone, and what anna got up to 41.
      const database = new Database(path);
      database.exec(`${tables}
        ${insertClients(Number(version))}
        INSERT INTO messages (ID, ToClient, FromClient, Type, Content) VALUES
          (5, x'${ben.toHex()}', x'${anna.toHex()}', 3, x'0102');
        PRAGMA user_version = ${version}`);
      database.close();
      await Deno.chmod(path, 0o600);

      const before = await Deno.readFile(path);
      const start = Date.now();
      const notices: string[] = [];
      const notice = (text: string) => notices.push(text);
      const store = await openSqliteStore(path, { notice });
      const kept = `${path}-backup-v${version}`;
      assertEquals(notices, [
        `brought the tables of ${path} up to date; as they were they are kept in ${kept}`,
      ]);
      await assertMode(kept, 0o600);
      assertEquals(dump(kept), dumpOf(before));
      try {
        // What was there counts as arrived now.
        assertEquals(await store.purge(60_000, 9), 0);
        const clients = await store.clients(0, 9);
        assertEquals(
          clients.map(({ position, id, name }) => [position, id.toHex(), name]),
          [[3, anna.toHex(), "anna"], [7, ben.toHex(), "ben"]],
        );
        assertEquals((await store.requester(ben))?.position, 7);
        assertEquals(await store.publicKey(ben), key);
        const budget = { bytes: 1000, perMessage: 0 };
        const [waiting, ...others] = await store.waiting(ben, budget);
        assertEquals(others, []);
        assertEquals(waiting?.id, 5 as MessageId);
        assertEquals(waiting?.content.toHex(), "0102");
        const send = (recipient: ClientId) =>
          store.send({
            recipient,
            sender: ben,
            type: 3,
            content: new Uint8Array(1),
          }, { messages: 0, bytes: 0 });
        assertEquals(await send(anna), { id: 42 as MessageId });
        assertEquals(await send(ben), { id: 6 as MessageId });
      } finally {
        await store.close();
      }

      const readable = new Database(path, { readonly: true });
      try {
        assertEquals(
          readable.prepare("SELECT UserName, LastSeen FROM clients").all()
            .map((row) => ({ ...row })),
          [
            { UserName: "anna", LastSeen: "2026-01-02T03:04:05.678Z" },
            { UserName: "ben", LastSeen: "long ago" },
          ],
        );
        const arrived = readable.prepare<{ at: number }>(
          "SELECT Arrived AS at FROM messages",
        ).all();
        assertEquals(arrived.length, 3);
        for (const { at } of arrived) {
          const isKept = Number(version) >= 4 && at === ARRIVAL;
          assertEquals(isKept || at >= start && at <= Date.now(), true);
        }
      } finally {
        readable.close();
      }
      await (await openSqliteStore(path, { notice })).close();
      assertEquals(notices.length, 1);
    },
  );
}

function insertClients(version: number): string {
  const clients = [
    [3, anna, "anna", "2026-01-02T03:04:05.678Z", 41],
    [7, ben, "ben", "long ago", 0],
  ] as const;
  return clients.map(([position, id, name, seen, last]) => {
    const who = `x'${id.toHex()}', '${name}', x'${key.toHex()}'`;
    if (version < 3) {
      return `INSERT INTO clients (rowid, ID, UserName, PublicKey, LastSeen, LastMessage)
        VALUES (${position}, ${who}, '${seen}', ${last});`;
    }
    return `INSERT INTO accounts VALUES (${position}, ${who});
      INSERT INTO activity VALUES (${position}, '${seen}', ${last});`;
  }).join("\n");
}

/** All that is in a database: its version, its tables and their rows. */
function dump(path: string): string {
  const database = new Database(path, { readonly: true });
  try {
    const all = (sql: string) => database.prepare(sql).all();
    const schema = all("SELECT * FROM sqlite_schema ORDER BY name");
    const tables = schema.filter(({ type }) => type === "table");
    return JSON.stringify([
      all("PRAGMA user_version"),
      schema,
      tables.map(({ name }) => all(`SELECT rowid, * FROM ${name}`)),
    ]);
  } finally {
    database.close();
  }
}

/** The same of a file's bytes. */
function dumpOf(bytes: Uint8Array): string {
  const path = Deno.makeTempFileSync({ prefix: "messageu-test-" });
  try {
    Deno.writeFileSync(path, bytes);
    return dump(path);
  } finally {
    Deno.removeSync(path);
  }
}

longTest(
  PROGRAMS,
  "a backup of an older version is restored with its version",
  async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/db.defensive`;
    for (const version of [1, 2, 3, 4, 5]) {
      const backup = `${folder.path}/v${version}`;
      const database = new Database(backup);
      database.exec(`${older[version]} ${insertClients(version)}
        PRAGMA user_version = ${version}`);
      database.close();
      await adminPrints(folder.path, "restore", backup, "--yes");
      // An older relay may be meant to go on with it.
      const restored = new Database(path, { readonly: true });
      const found = restored.prepare("PRAGMA user_version").get();
      restored.close();
      assertEquals(found?.user_version, version);
      const store = await openSqliteStore(path);
      try {
        const sent = await store.send({
          recipient: anna,
          sender: ben,
          type: 3,
          content: new Uint8Array(1),
        }, { messages: 0, bytes: 0 });
        assertEquals(sent, { id: 41 + ID_JUMP + 1 as MessageId });
      } finally {
        await store.close();
      }
    }
  },
);

testWith(
  FILES,
  "a backup is written over nothing",
  async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/db.defensive`;
    await Deno.writeTextFile(`${path}-backup-v3`, "mine");
    await Deno.writeTextFile(`${path}-backup-v3-2`, "mine too");
    makeOlder(path, 3);
    await (await openSqliteStore(path)).close();
    assertEquals(await Deno.readTextFile(`${path}-backup-v3`), "mine");
    assertEquals(await Deno.readTextFile(`${path}-backup-v3-2`), "mine too");
    assertEquals(await namesIn(folder.path), [
      "db.defensive",
      "db.defensive-backup-v3",
      "db.defensive-backup-v3-2",
      "db.defensive-backup-v3-3",
      "db.defensive-reserve",
    ]);
  },
);

/** Makes a file of an older version, with one user and some messages. */
function makeOlder(path: string, version: number): void {
  const database = new Database(path);
  database.exec(
    `${older[version]} ${insertClients(version)}
    WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 500)
    INSERT INTO messages (ID, ToClient, FromClient, Type, Content)
      SELECT id, x'${ben.toHex()}', x'${anna.toHex()}', 3, zeroblob(1000) FROM n;
    PRAGMA user_version = ${version}`,
  );
  database.close();
}

// A file that may get no longer than so many blocks of 512 bytes fails to be
// written as on a full disk, only with another code.
for (
  const [what, spare, reason] of [
    ["a backup", -100, "no copy of it can be kept before they are brought"],
    ["new tables", 0, "I/O error"],
  ] as const
) {
  longTest(
    SHELL,
    `a disk without room for ${what} leaves an older file as it was`,
    async () => {
      await using folder = await temporaryFolder();
      const path = `${folder.path}/db.defensive`;
      makeOlder(path, 2);
      const before = (await Deno.readFile(path)).toHex();
      const { size } = await Deno.stat(path);
      const start = (limit: string) =>
        Program.run("sh", [
          "-c",
          `trap '' XFSZ; ulimit -f ${limit}; exec "$0" "$@"`,
          ...[Deno.execPath(), "run", "--no-prompt"],
          ...["--allow-net=127.0.0.1", "--allow-read", "--allow-write"],
          ...[`${ROOT}server/main.ts`, "--dir", folder.path],
          ...["--host", "127.0.0.1", "--port", "0"],
        ]);
      await using relay = start(`${size / 512 + spare}`);
      const { code, stderr } = await relay.end();
      assertEquals(code, 1);
      assertMatch(stderr, /^\S+Z error: Can't use the database .*$/m);
      assertStringIncludes(stderr, reason);
      assertEquals((await Deno.readFile(path)).toHex(), before);
      assertEquals(await namesIn(folder.path), ["db.defensive"]);

      await using next = start("unlimited");
      await next.address();
      assertMatch(
        next.complained,
        /^\S+Z note: brought the tables of .* up to date/m,
      );
      next.kill("SIGTERM");
      assertEquals((await next.end()).code, 0);
    },
  );
}

longTest(
  PROGRAMS,
  "a relay that is killed while it brings a file up to date loses nothing",
  async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/db.defensive`;
    // Each with what is there later on, since it may be gone within no time.
    const signs = [
      /-backup-v2/,
      /-backup-v2$/,
      /defensive-journal|defensive-wal/,
    ];
    for (const sign of signs) {
      makeOlder(path, 2);
      {
        await using relay = Program.relay(folder.path, "--port", "0");
        await until(
          "it to be at work",
          async () =>
            (await namesIn(folder.path)).some((name) => sign.test(name)),
        );
        relay.kill("SIGKILL");
      }
      for (const name of await namesIn(folder.path)) {
        if (!/-backup-v2(-\d+)?$/.test(name)) continue;
        // What has the name of a backup is one.
        dump(`${folder.path}/${name}`);
        await Deno.remove(`${folder.path}/${name}`);
      }
      const store = await openSqliteStore(path);
      try {
        const budget = { bytes: 9e9, perMessage: 0 };
        assertEquals((await store.waiting(ben, budget)).length, 500);
      } finally {
        await store.close();
      }
      for (const name of await namesIn(folder.path)) {
        await Deno.remove(`${folder.path}/${name}`);
      }
    }
  },
);

testWith(
  FILES,
  "a damaged file of an older schema version is left at it",
  async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/db.defensive`;
    const database = new Database(path);
    database.exec(`${older[2]} PRAGMA user_version = 2`);
    const insert = database.prepare(
      "INSERT INTO messages (ID, ToClient, FromClient, Type, Content) VALUES (?, ?, ?, 3, ?)",
    );
    for (let id = 1; id <= 100; id++) {
      insert.run(id, anna, ben, new Uint8Array(2000));
    }
    database.close();
    using file = await Deno.open(path, { read: true, write: true });
    const { size } = await file.stat();
    await file.seek(Math.floor(size / 8192) * 4096, Deno.SeekMode.Start);
    await file.write(new Uint8Array(4096).fill(0x5a));
    const before = await Deno.readFile(path);
    await assertRejects(() => openSqliteStore(path), StoreError, "damaged");
    assertEquals((await Deno.readFile(path)).toHex(), before.toHex());
  },
);
