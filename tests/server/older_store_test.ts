import { assertEquals, assertRejects } from "@std/assert";
import { Database } from "@db/sqlite";
import type { ClientId, MessageId } from "../../shared/protocol.ts";
import { openSqliteStore, StoreError } from "../../server/mod.ts";
import { temporaryFolder } from "../support/resources.ts";
import { FILES, testWith } from "../support/test_with.ts";

const CLIENTS = `
CREATE TABLE clients (
  ID BLOB NOT NULL UNIQUE,
  UserName TEXT NOT NULL UNIQUE,
  PublicKey BLOB NOT NULL,
  LastSeen TEXT NOT NULL,
  LastMessage INTEGER NOT NULL DEFAULT 0
);`;
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
  2: CLIENTS + messages(",\n  Rest INTEGER NOT NULL DEFAULT 0") + PARTS,
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
        INSERT INTO clients (rowid, ID, UserName, PublicKey, LastSeen, LastMessage) VALUES
          (3, x'${anna.toHex()}', 'anna', x'${key.toHex()}', '2026-01-02T03:04:05.678Z', 41),
          (7, x'${ben.toHex()}', 'ben', x'${key.toHex()}', 'long ago', 0);
        INSERT INTO messages (ID, ToClient, FromClient, Type, Content) VALUES
          (5, x'${ben.toHex()}', x'${anna.toHex()}', 3, x'0102');
        PRAGMA user_version = ${version}`);
      database.close();

      const store = await openSqliteStore(path);
      try {
        const clients = await store.clients(0, 9);
        assertEquals(
          clients.map(({ position, id, name }) => [position, id.toHex(), name]),
          [[3, anna.toHex(), "anna"], [7, ben.toHex(), "ben"]],
        );
        assertEquals(await store.position(ben), 7);
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
        assertEquals(await send(anna), 42 as MessageId);
        assertEquals(await send(ben), 6 as MessageId);
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
      } finally {
        readable.close();
      }
    },
  );
}

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
