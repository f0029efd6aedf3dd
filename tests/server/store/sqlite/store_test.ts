import { assert, assertEquals, assertRejects } from "@std/assert";
import { Database } from "@db/sqlite";
import type { ClientId, MessageId } from "../../../../shared/wire/protocol.ts";
import {
  openSqliteStore,
  type Store,
  StoreError,
} from "../../../../server/mod.ts";
import { temporaryFolder } from "../../../../lab/harness/resources.ts";
import { FILES, testWith } from "../../../support/test_with.ts";

const NO_QUOTA = { messages: 0, bytes: 0 };
const NOW = new Date("2026-01-02T03:04:05.678Z");
const ALL = { bytes: 1_000_000, perMessage: 25 };
const idOf = (byte: number) =>
  new Uint8Array(16).fill(byte) as Uint8Array as ClientId;
const anna = idOf(0xa1);
const ben = idOf(0xb2);
const key = new Uint8Array(160).fill(5);
const bytes = (...values: number[]) => new Uint8Array(values);

/** A database as another server made it. */
function foreign(path: string, sql: string): void {
  const database = new Database(path);
  database.exec(sql);
  database.close();
}

const dialects: Record<string, string> = {
  "Name as text, ids of messages counted for all": `
    CREATE TABLE clients (ID BLOB PRIMARY KEY, Name TEXT NOT NULL UNIQUE, PublicKey BLOB, LastSeen TEXT);
    CREATE TABLE messages (ID INTEGER PRIMARY KEY AUTOINCREMENT, ToClient BLOB NOT NULL, FromClient BLOB NOT NULL, Type INTEGER NOT NULL, Content BLOB);
    INSERT INTO clients VALUES (x'${anna.toHex()}', 'anna', x'${key.toHex()}', '2026-01-02T03:04:05');
    INSERT INTO clients VALUES (x'${ben.toHex()}', 'ben', x'${key.toHex()}', NULL);`,
  "UserName as padded bytes, LastSeen as a number": `
    CREATE TABLE clients (ID CHAR(16) NOT NULL PRIMARY KEY, UserName CHAR(255) UNIQUE NOT NULL, PublicKey CHAR(160) NOT NULL, LastSeen REAL);
    CREATE TABLE messages (ID INTEGER PRIMARY KEY AUTOINCREMENT, ToClient CHAR(16) NOT NULL, FromClient CHAR(16) NOT NULL, Type CHAR(1) NOT NULL, Content BLOB NOT NULL,
      FOREIGN KEY (ToClient) REFERENCES clients (ID));
    INSERT INTO clients VALUES (x'${anna.toHex()}', x'616e6e610000', x'${key.toHex()}', 1767323045.5);
    INSERT INTO clients VALUES (x'${ben.toHex()}', x'62656e', x'${key.toHex()}', 0);`,
};

for (const [kind, sql] of Object.entries(dialects)) {
  testWith(
    FILES,
    `another server's database is taken over: ${kind}`,
    async () => {
      await using folder = await temporaryFolder();
      const from = `${folder.path}/defensive.db`;
      const path = `${folder.path}/db.defensive`;
      const message = `(x'${anna.toHex()}', x'${ben.toHex()}', 3, x'0102')`;
      const columns = "messages (ToClient, FromClient, Type, Content)";
      foreign(
        from,
        `${sql}
      INSERT INTO ${columns} VALUES ${message};
      INSERT INTO ${columns} VALUES ${message};
      DELETE FROM messages WHERE ID = 1;
      INSERT INTO ${columns} VALUES ${message};
      DELETE FROM messages WHERE ID = 3;`,
      );
      const before = await Deno.readFile(from);
      const notices: string[] = [];
      const takeOver = { from, notice: (text: string) => notices.push(text) };
      let store = await openSqliteStore(path, { takeOver });
      try {
        const all = await store.clients(0, 100);
        assertEquals(all.map(({ name }) => name), ["anna", "ben"]);
        assertEquals((await store.publicKey(anna))?.length, 160);
        const waiting = await store.waiting(anna, ALL);
        assertEquals(
          waiting.map(({ id, content }) => [id, content.toHex()]),
          [[2 as MessageId, "0102"]],
        );
        // The other server had given out 3 ids.
        const next = {
          recipient: anna,
          sender: ben,
          type: 3,
          content: bytes(9),
        };
        assertEquals(
          await store.send({ ...next, type: 3 }, NO_QUOTA),
          { id: 4 as MessageId },
        );
        assertEquals(notices.length, 1);
        assert(notices[0]?.includes("took over 2 user(s) and 1 message(s)"));
      } finally {
        await store.close();
      }
      assertEquals(await Deno.readFile(from), before);
      // Once it is ours nothing is taken over again.
      store = await openSqliteStore(path, { takeOver });
      assertEquals((await store.waiting(anna, ALL)).length, 2);
      await store.close();
      assertEquals(notices.length, 1);
    },
  );
}

/** What servers call the tables and columns: of users, then of messages. */
const spellings: Record<string, [clients: string, messages: string]> = {
  "underscores": [
    "clients (id, user_name, public_key, last_seen)",
    "messages (id, to_client, from_client, type, content)",
  ],
  "numbered rows beside ids": [
    "users (id, uuid, username, public_key, last_seen)",
    "messages (id, msg_id, to_client, from_client, msg_type, content)",
  ],
  "no visits": [
    "clients (client_id, name, pubkey)",
    "messages (message_id, dest, src, type, data)",
  ],
  "words of SQL": [
    'CLIENTS (ID, "Name", "Key", LastSeen)',
    'Message (MsgID, "To", "From", "Type", "Content")',
  ],
};

for (const [kind, [clients, messages]] of Object.entries(spellings)) {
  for (const id of ["INTEGER", "BLOB"] as const) {
    testWith(
      FILES,
      `columns are told by their meaning: ${kind}, ids as ${id}`,
      async () => {
        await using folder = await temporaryFolder();
        const from = `${folder.path}/defensive.db`;
        const insert = (into: string, values: string[]) => {
          // Where a plain id stands beside another, it only counts rows.
          const numbered = into.includes("(id, uuid") ||
            into.includes("(id, msg_id");
          const all = numbered ? ["77", ...values] : values;
          const columns = into.split(",").length;
          return `INSERT INTO ${into} VALUES (${all.slice(0, columns)});`;
        };
        const hex = (id: Uint8Array) => `x'${id.toHex()}'`;
        const client = (id: ClientId, name: string) =>
          insert(clients, [hex(id), `'${name}'`, hex(key), "5"]);
        const message = (number: number) => {
          const bytes = new Uint8Array(4);
          new DataView(bytes.buffer).setUint32(0, number, true);
          return insert(messages, [
            id === "BLOB" ? hex(bytes) : `${number}`,
            ...[hex(anna), hex(ben), "3", `x'0${number % 10}'`],
          ]);
        };
        foreign(
          from,
          `CREATE TABLE ${clients}; CREATE TABLE ${messages};
          ${client(anna, "anna")} ${client(ben, "ben")}
          ${message(256)} ${message(255)}`,
        );
        const takeOver = { from, notice: () => {} };
        const path = `${folder.path}/db.defensive`;
        const store = await openSqliteStore(path, { takeOver });
        try {
          const all = await store.clients(0, 100);
          assertEquals(
            all.map(({ id, name }) => [id.toHex(), name]),
            [[anna.toHex(), "anna"], [ben.toHex(), "ben"]],
          );
          assertEquals(await store.publicKey(ben), key);
          const waiting = await store.waiting(anna, ALL);
          assertEquals(
            waiting.map(({ id, content }) => [Number(id), content.toHex()]),
            [[255, "05"], [256, "06"]],
          );
        } finally {
          await store.close();
        }
      },
    );
  }
}

testWith(FILES, "a column that is missing is named", async () => {
  await using folder = await temporaryFolder();
  const from = `${folder.path}/defensive.db`;
  const cases: [string, string][] = [
    [
      "CREATE TABLE messages (x)",
      "it holds no users and messages of a MessageU server: a table clients is missing",
    ],
    [
      "CREATE TABLE clients (ID, UserName, LastSeen)",
      "its table clients has no column for the public key: expected one of publickey, pubkey, key, got ID, UserName, LastSeen",
    ],
  ];
  for (const [sql, reason] of cases) {
    foreign(from, sql);
    await assertRejects(
      () =>
        openSqliteStore(`${folder.path}/db.defensive`, {
          takeOver: { from, notice: () => {} },
        }),
      StoreError,
      `${from} can't be taken over: ${reason}`,
    );
  }
});

testWith(
  FILES,
  "odd rows of another server's database don't stand in the way",
  async () => {
    await using folder = await temporaryFolder();
    const from = `${folder.path}/defensive.db`;
    const cora = idOf(0xc3);
    foreign(
      from,
      `CREATE TABLE Clients (id BLOB, name BLOB, publickey BLOB, lastseen INTEGER);
    CREATE TABLE Messages (id INTEGER PRIMARY KEY AUTOINCREMENT, toclient, fromclient, type, content);
    INSERT INTO clients VALUES
      (x'${anna.toHex()}', 'twin', x'${key.toHex()}', 1767323045678),
      (x'${ben.toHex()}', x'7477696e0000', x'0102', NULL),
      ('c3c3c3c3-c3c3-c3c3-c3c3-c3c3c3c3c3c3', x'ff', x'${key.toHex()}', 5),
      (x'${anna.toHex()}', 'second of an id', x'${key.toHex()}', 5),
      (x'0102', 'short id', x'${key.toHex()}', 5);
    INSERT INTO messages VALUES
      (5000000000, x'${anna.toHex()}', x'${ben.toHex()}', x'03', NULL),
      (1152921504606846976, x'${anna.toHex()}', '${cora.toHex()}', '4', x'01'),
      (7, x'${anna.toHex()}', x'${ben.toHex()}', 9, x'02'),
      (8, x'${anna.toHex()}', x'${ben.toHex()}', 3, x'03');`,
    );
    const notices: string[] = [];
    const notice = (text: string) => notices.push(text);
    const store = await openSqliteStore(`${folder.path}/db.defensive`, {
      takeOver: { from, notice },
    });
    try {
      const others = await store.clients(0, 100);
      assertEquals(others.map(({ id, name }) => [id.toHex(), name]), [
        [anna.toHex(), "twin"],
        [ben.toHex(), "twin~2"],
        [cora.toHex(), "\ufffd"],
      ]);
      assertEquals((await store.publicKey(ben))?.length, 160);
      const waiting = await store.waiting(anna, ALL);
      assertEquals(
        waiting.map(({ id, type, content }) => [id, type, content.toHex()]),
        [
          [8 as MessageId, 3, "03"],
          [9 as MessageId, 3, ""],
          [10 as MessageId, 4, "01"],
        ],
      );
      assertEquals(await send(store), { id: 11 as MessageId });
      assertEquals(notices, [
        `took over 3 user(s) and 3 message(s) from ${from}, which stays as it is; 3 row(s) couldn't be used`,
      ]);
    } finally {
      await store.close();
    }

    function send(store: Store) {
      return store.send({
        recipient: anna,
        sender: ben,
        type: 3,
        content: bytes(1),
      }, NO_QUOTA);
    }
  },
);

testWith(
  FILES,
  "a file that can't be taken over is named, and nothing is made of it",
  async () => {
    await using folder = await temporaryFolder();
    const from = `${folder.path}/defensive.db`;
    await Deno.writeTextFile(from, "no database at all, ".repeat(100));
    const takeOver = { from, notice: () => {} };
    const path = `${folder.path}/db.defensive`;
    await assertRejects(
      () => openSqliteStore(path, { takeOver }),
      StoreError,
      `${from} can't be taken over: file is not a database`,
    );
    // It is asked again until it is moved away.
    await assertRejects(
      () => openSqliteStore(path, { takeOver }),
      StoreError,
      from,
    );
    await Deno.remove(from);
    await (await openSqliteStore(path)).close();
  },
);

testWith(
  FILES,
  "a file that isn't ours is refused and left as it is",
  async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/db.defensive`;
    const cases: [() => Promise<void> | void, string][] = [
      [
        () => Deno.writeTextFile(path, "no database at all, ".repeat(100)),
        "file is not a database",
      ],
      [
        () => foreign(path, "CREATE TABLE songs (Title TEXT)"),
        "it isn't this relay's",
      ],
      [
        () => foreign(path, "PRAGMA user_version = 99"),
        "it has schema version 99, this relay knows 7",
      ],
    ];
    for (const [make, reason] of cases) {
      await make();
      const before = await Deno.readFile(path);
      const error = await assertRejects(
        () => openSqliteStore(path),
        StoreError,
        reason,
      );
      assert(error.message.startsWith(`Can't use the database ${path}: `));
      const after = await Deno.readFile(path);
      // Opening may note WAL in the header; the content stays.
      assertEquals(after.length, before.length);
      assertEquals(after.subarray(100), before.subarray(100));
      await Deno.remove(path);
    }
    await assertRejects(
      () => openSqliteStore(folder.path),
      StoreError,
      "must be a file, not a folder",
    );
  },
);

testWith(
  FILES,
  "the tables are readable with the protocol's columns",
  async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/db.defensive`;
    const store = await openSqliteStore(path);
    await store.register({ id: anna, name: "anna", publicKey: key }, NOW);
    await store.send({
      recipient: anna,
      sender: ben,
      type: 3,
      content: bytes(1, 2),
    }, NO_QUOTA);
    await store.close();
    const database = new Database(path, { readonly: true });
    try {
      const client = database.prepare(
        "SELECT hex(ID) AS id, UserName, length(PublicKey) AS size, LastSeen FROM clients",
      ).get();
      assertEquals({ ...client }, {
        id: anna.toHex().toUpperCase(),
        UserName: "anna",
        size: 160,
        LastSeen: NOW.toISOString(),
      });
      const message = database.prepare(
        "SELECT ID, hex(ToClient) AS recipient, hex(FromClient) AS sender, Type, hex(Content) AS content FROM messages",
      ).get();
      assertEquals({ ...message }, {
        ID: 1,
        recipient: anna.toHex().toUpperCase(),
        sender: ben.toHex().toUpperCase(),
        Type: 3,
        content: "0102",
      });
      const pragma = (name: string) =>
        Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
      assertEquals(pragma("integrity_check"), "ok");
      assertEquals(pragma("journal_mode"), "wal");
    } finally {
      database.close();
    }
  },
);
