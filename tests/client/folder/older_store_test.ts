import { assertEquals, assertThrows } from "@std/assert";
import { Database } from "@db/sqlite";
import { FolderError, type MessageNumber } from "../../../client/mod.ts";
import { DATABASE, STORE_FOLDER } from "../../../client/store/database.ts";
import { openToRead } from "../../../client/store/readable_store.ts";
import {
  createStore,
  rowSource,
  SCHEMA_VERSION,
  schemaOf,
} from "../../../client/store/schema.ts";
import { ClientStore } from "../../../client/store/store.ts";
import {
  copyTables,
  createTransferTables,
  Digest,
} from "../../../client/transfer/archive_form.ts";
import { importArchive } from "../../../client/transfer/import_archive.ts";
import { formatInfoMe } from "../../../shared/folder/info_files.ts";
import {
  exportPrivateKey,
  generateKeyPair,
} from "../../../shared/crypto/crypto.ts";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { FILES, testWith } from "../../support/test_with.ts";

/** The tables as clients have made them, by their version. */
const older: Record<number, string> = {
  1: `
CREATE TABLE contacts (
  contact INTEGER PRIMARY KEY,
  clientId BLOB NOT NULL UNIQUE,
  name TEXT,
  listed INTEGER NOT NULL DEFAULT 0,
  retired INTEGER NOT NULL DEFAULT 0,
  succeeds INTEGER REFERENCES contacts,
  publicKey BLOB,
  offeredKey BLOB,
  toldKey BLOB,
  sendingKey INTEGER REFERENCES keys
);
CREATE INDEX contactNames ON contacts (name);
CREATE UNIQUE INDEX nameOwners ON contacts (name) WHERE retired = 0 AND succeeds IS NULL;
CREATE INDEX claims ON contacts (succeeds) WHERE succeeds IS NOT NULL;
CREATE TABLE keys (
  key INTEGER PRIMARY KEY,
  contact INTEGER NOT NULL REFERENCES contacts,
  owner BLOB NOT NULL,
  bytes BLOB NOT NULL,
  time INTEGER NOT NULL,
  UNIQUE (contact, owner, bytes)
);
CREATE TABLE messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  contact INTEGER NOT NULL REFERENCES contacts,
  outgoing INTEGER NOT NULL,
  kind TEXT NOT NULL,
  text BLOB,
  path TEXT,
  size INTEGER NOT NULL DEFAULT 0,
  doubtful INTEGER NOT NULL DEFAULT 0,
  relayMessageId INTEGER,
  seen BLOB UNIQUE,
  made INTEGER,
  written INTEGER NOT NULL,
  sent INTEGER,
  acknowledged INTEGER,
  received INTEGER,
  decrypted INTEGER,
  shown INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  sender TEXT,
  failure TEXT
);
CREATE INDEX conversations ON messages (contact, id);
CREATE INDEX unshown ON messages (id) WHERE outgoing = 0 AND shown IS NULL;
CREATE TABLE consumers (
  consumer TEXT PRIMARY KEY,
  allUpTo INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE acks (
  consumer TEXT NOT NULL REFERENCES consumers,
  message INTEGER NOT NULL,
  time INTEGER NOT NULL,
  PRIMARY KEY (consumer, message)
) WITHOUT ROWID;
CREATE INDEX acksOfMessage ON acks (message);
`,
};

const BEN = new Uint8Array(16).fill(0xb2) as Uint8Array as ClientId;

/** Rows of each table. */
const ROWS = `
INSERT INTO contacts (clientId, name, listed, publicKey)
  VALUES (x'${BEN.toHex()}', 'ben', 1, x'0102');
INSERT INTO contacts (clientId, name, listed) VALUES (x'${
  "c3".repeat(16)
}', 'carol', 1);
INSERT INTO keys VALUES (7, 1, x'0a', x'0b', 5);
UPDATE contacts SET sendingKey = 7 WHERE contact = 1;
INSERT INTO messages (id, contact, outgoing, kind, text, size, seen, written)
  VALUES (5, 1, 0, 'text', x'6869', 2, x'${"11".repeat(32)}', 1000);
INSERT INTO messages (id, contact, outgoing, kind, text, size, written, attempts, failure)
  VALUES (9, 1, 1, 'text', x'796f', 2, 2000, 1, 'The relay is gone');
INSERT INTO consumers VALUES ('bot', 3);
INSERT INTO acks VALUES ('bot', 5, 1500);
`;

/** Makes a folder with a store of an older version; returns the store's path. */
async function olderFolder(dir: string, version: number): Promise<string> {
  await Deno.mkdir(`${dir}/${STORE_FOLDER}`, { recursive: true, mode: 0o700 });
  const path = `${dir}/${STORE_FOLDER}/${DATABASE}`;
  const database = new Database(path);
  database.exec(`${older[version]} ${ROWS} PRAGMA user_version = ${version}`);
  database.close();
  return path;
}

/** Checks that a store has all that {@linkcode ROWS} are about. */
function checkContent(store: ClientStore): void {
  assertEquals(store.database.check(), []);
  assertEquals(
    store.messages.list().map(({ id, text, contact, delivery }) =>
      [id, text, contact, delivery].join(" ")
    ),
    ["5 hi ben received", "9 yo ben unsent"],
  );
  assertEquals(
    store.summaries.list("all").map((
      { name, unread, ...contact },
    ) => [name, unread, contact.conversation, contact.blocked, contact.muted]),
    [["ben", 1, true, false, false], ["carol", 0, false, false, false]],
  );
  const ben = store.contacts.withId(BEN);
  assertEquals([ben.publicKey?.toHex(), ben.sendingKey], ["0102", 7]);
  const acks = store.messages.explain(5 as MessageNumber).acks;
  assertEquals(acks.map(({ consumer, time }) => [consumer, time]), [
    ["bot", 1500],
  ]);
}

for (const version of Object.keys(older).map(Number)) {
  testWith(
    FILES,
    `a store of version ${version} is brought up to date, and keeps all of it`,
    async () => {
      await using folder = await temporaryFolder();
      const path = await olderFolder(folder.path, version);
      const readable = openToRead(path);
      assertEquals(
        readable?.database.prepare("SELECT alias, blocked FROM contacts").all()
          .length,
        2,
        "one that can't be written is read, too",
      );
      readable?.close();
      for (const _ of ["brought up to date", "opened again"]) {
        const store = ClientStore.open(folder.path);
        checkContent(store);
        store.close();
      }
      const fresh = new Database(":memory:");
      createStore(fresh, SCHEMA_VERSION);
      const database = new Database(path);
      assertEquals(
        schemaOf(rowSource(database)).filter(({ name }) =>
          name !== "sqlite_stat1"
        ),
        schemaOf(rowSource(fresh)),
      );
      database.close();
      fresh.close();
    },
  );

  testWith(
    FILES,
    `an archive of a store of version ${version} is imported`,
    async () => {
      await using folder = await temporaryFolder();
      const path = await olderFolder(`${folder.path}/older`, version);
      const archive = `${folder.path}/archive`;
      const { privateKey } = await generateKeyPair();
      const identity = formatInfoMe({
        name: "anna",
        clientId: new Uint8Array(16).fill(0xa1) as Uint8Array as ClientId,
        privateKey: await exportPrivateKey(privateKey),
      });
      const target = new Database(archive);
      target.exec(`PRAGMA foreign_keys = OFF; ${older[version]}`);
      const source = new Database(path);
      const digest = new Digest();
      digest.add([identity]);
      copyTables(rowSource(source), target, (row) => digest.add(row));
      createTransferTables(target);
      target.exec(`PRAGMA user_version = ${version + 1}`);
      target.prepare("INSERT INTO transfer VALUES (?, ?)")
        .run(identity, digest.end());
      source.close();
      target.close();

      await Deno.mkdir(`${folder.path}/fresh`);
      const { messages } = await importArchive(
        `${folder.path}/fresh`,
        archive,
        { passphrase: () => Promise.reject(new Error()), isExpected: false },
      );
      assertEquals(messages, 2);
      const store = ClientStore.open(`${folder.path}/fresh`);
      checkContent(store);
      store.close();
    },
  );
}

testWith(FILES, "a store of a newer version is left alone", async () => {
  await using folder = await temporaryFolder();
  const path = await olderFolder(folder.path, 1);
  const content = (change: string) => {
    const database = new Database(path);
    database.exec(change);
    const { rows } = rowSource(database);
    const found = [schemaOf({ rows }), rows("SELECT * FROM messages")];
    database.close();
    return found;
  };
  const before = content("PRAGMA user_version = 99");
  assertThrows(
    () => ClientStore.open(folder.path),
    FolderError,
    `The folder's store is of version 99; this program knows ${SCHEMA_VERSION}`,
  );
  assertEquals(content(""), before);
});
