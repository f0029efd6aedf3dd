/** What the admin program does with a store in PostgreSQL alone. */

import { assertEquals, assertMatch } from "@std/assert";
import {
  readSqliteRows,
} from "../../../server/store/sqlite/maintenance/sqlite_admin_store.ts";
import { adminPermissions } from "../../../server/admin/launch.ts";
import {
  openSqliteStore,
  type Quota,
  type Store,
} from "../../../server/mod.ts";
import { openPostgresStore } from "../../../server/store/postgres/mod.ts";
import { admin, adminPrints, startAdmin } from "../../support/stores/admin.ts";
import { holdRelayRow } from "../../support/stores/held_row.ts";
import {
  changeDatabase,
  fillStore,
  idOf,
  idOrRefusal,
  LARGE,
  makeStore,
  someInboxes,
} from "../../support/stores/made_store.ts";
import { ID_JUMP } from "../../../server/store/store_rows.ts";
import { MAX_MESSAGE_ID } from "../../../shared/wire/protocol.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import { postgresTest } from "../../support/stores/postgres.ts";
import { Program, ROOT } from "../../../lab/harness/program.ts";
import { namesIn, temporaryFolder } from "../../../lab/harness/resources.ts";
import { FILES, testWith } from "../../support/test_with.ts";
import { until } from "../../../lab/harness/until.ts";

/** All rows of a relay's file, as text, in no order. */
async function rowsOf(path: string): Promise<string[]> {
  const rows: string[] = [];
  for await (const row of readSqliteRows(path)) {
    const fields = Object.entries(row).filter(([field]) => field !== "row");
    const texts = fields.map(async ([field, value]) =>
      `${field} ${
        value instanceof Uint8Array ? await digest(value.slice()) : value
      }`
    );
    rows.push((await Promise.all(texts)).join());
  }
  return rows.sort();
}

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

const NO_QUOTA = { messages: 0, bytes: 0 };

const send = async (store: Store, to: number, size: number, quota = NO_QUOTA) =>
  idOrRefusal(
    await store.send({
      recipient: idOf(to),
      sender: idOf(1),
      type: 3,
      content: new Uint8Array(size),
    }, quota),
  );

postgresTest(
  "a relay moves from a file to a database, and back",
  async ({ cluster, url }) => {
    await using folder = await temporaryFolder();
    const { path: dir } = folder;
    await makeStore(dir, {
      ...someInboxes,
      "quote'\"{},\\ שלום": [1_048_576, 1_048_577],
    });
    const path = `${dir}/db.defensive`;
    const file = await openSqliteStore(path);
    // Of ben's three the last one is gone, and the first.
    await file.delete(idOf(2), { runs: [[1, 1], [3, 3]], bytes: 40 });
    await file.close();
    const bytes = (await Deno.readFile(path)).toHex();
    const counts = "4 users, 4 waiting messages";
    const name = new URL(url).pathname;
    assertEquals(
      await adminPrints(url, "restore", path, "--yes"),
      `restored 127.0.0.1:${cluster.port}${name} from ${path}: ${counts}\n`,
    );
    assertEquals((await Deno.readFile(path)).toHex(), bytes);
    assertEquals(await adminPrints(url, "check"), "all is well\n");

    // And on to a second one, by way of a backup.
    const second = await cluster.database();
    await adminPrints(url, "backup", `${dir}/b`);
    await adminPrints(second, "restore", `${dir}/b`, "--yes");
    await adminPrints(second, "backup", `${dir}/c`);
    const backup = await rowsOf(`${dir}/b`);
    // Each restore leaves ids out.
    const raised = backup.map((row) =>
      row.replace(/(?<=lastMessage )\d+/, (id) => `${Number(id) + ID_JUMP}`)
    );
    assertEquals(await rowsOf(`${dir}/c`), raised);
    // All that differs is what a database counts otherwise: the last message of all.
    const withoutActivity = (rows: string[]) =>
      rows.filter((row) => !row.includes("lastMessage"));
    assertEquals(withoutActivity(backup), withoutActivity(await rowsOf(path)));

    const database = await openPostgresStore(second);
    try {
      assertEquals(Number(await send(database, 2, 5)), 2 * ID_JUMP + 4);
      assertEquals(Number(await send(database, 3, 5)), 2 * ID_JUMP + 2);
      // What came along counts for the quota.
      const quota = { messages: 2, bytes: LARGE + 10 };
      const isTaken = async (...message: [to: number, size: number, Quota]) =>
        typeof await send(database, ...message) === "number";
      assertEquals(await isTaken(2, 5, quota), false);
      assertEquals(await isTaken(3, 6, { ...quota, messages: 9 }), false);
      assertEquals(await isTaken(1, 5, quota), true);
      await database.register(
        { id: idOf(9), name: "new", publicKey: new Uint8Array(160) },
        new Date(),
      );
      const all = await database.clients(0, 99);
      assertEquals(all.map(({ id }) => id[0]), [1, 2, 3, 4, 9]);
    } finally {
      await database.close();
    }

    await adminPrints(second, "backup", `${dir}/back`);
    await Deno.mkdir(`${dir}/moved`);
    await Deno.rename(`${dir}/back`, `${dir}/moved/db.defensive`);
    await using relay = Program.relay(`${dir}/moved`, "--port", "0");
    using peer = await Peer.connect(await relay.address());
    const sizes = async () =>
      (await peer.pull(idOf(3))).map((hex) => hex.length / 2);
    // A large one goes by itself.
    assertEquals([await sizes(), await sizes()], [[LARGE], [5]]);
    assertEquals(
      await peer.send(idOf(9), idOf(2), new Uint8Array(1)),
      2 * ID_JUMP + 5,
    );
    assertEquals((await peer.register("later")).length, 16);
    assertEquals(await adminPrints(`${dir}/moved`, "check"), "all is well\n");
  },
);

postgresTest(
  "a backup has messages in the order of their arrival, as a file has them",
  async ({ cluster, url }) => {
    await using folder = await temporaryFolder();
    await fillStore(await openPostgresStore(url), {
      anna: Array.from({ length: 40 }, () => 9),
      ben: Array.from({ length: 40 }, () => 9),
    });
    // Every other one is old, in both inboxes.
    await cluster.sql(
      "UPDATE messages SET Arrived = Arrived - 7200000 - ID WHERE ID % 2 = 0",
      url,
    );
    const path = `${folder.path}/db.defensive`;
    await adminPrints(url, "backup", path);
    const arrivals: number[] = [];
    for await (const row of readSqliteRows(path)) {
      if (row.table === "messages") arrivals.push(row.arrived);
    }
    assertEquals(arrivals, arrivals.toSorted((a, b) => a - b));
    assertMatch(
      await adminPrints(folder.path, "purge", "--older-than", "1h"),
      /^deleted 40 messages/,
    );
  },
);

postgresTest(
  "restore takes only an empty database, and only what fits together",
  async ({ cluster, url }) => {
    await using folder = await temporaryFolder();
    const { path: dir } = folder;
    await makeStore(dir, someInboxes);
    const path = `${dir}/db.defensive`;
    const refused = async (
      place: string,
      file: string,
      reason: RegExp,
    ): Promise<void> => {
      const { code, stdout, stderr } = await admin(
        place,
        ...["restore", file, "--yes"],
      );
      assertEquals([code, stdout], [1, ""], stderr);
      assertMatch(stderr, /^error: [^\n]+\n$/);
      assertMatch(stderr, reason);
    };

    await Deno.copyFile(path, `${dir}/older`);
    changeDatabase(`${dir}/older`, "PRAGMA user_version = 3");
    await refused(
      url,
      `${dir}/older`,
      /Can't restore .*older: it has schema version 3, .* start the relay on it once/,
    );
    await Deno.copyFile(path, `${dir}/faulty`);
    changeDatabase(`${dir}/faulty`, "DELETE FROM parts WHERE Part = 1");
    await refused(
      url,
      `${dir}/faulty`,
      /what is restored doesn't fit together \(1 message with more or less in its parts than it says\)/,
    );
    await refused(url, `${dir}/none`, /there is no such file/);
    const running = await openSqliteStore(path);
    try {
      await refused(
        url,
        path,
        /A relay runs on .*db\.defensive: stop it first/,
      );
    } finally {
      await running.close();
    }
    const relay = await openPostgresStore(url);
    try {
      (await relay.requester(idOf(1)))?.position;
      await refused(
        url,
        path,
        /: a relay, or another admin program, is connected to it: stop it first/,
      );
    } finally {
      await relay.close();
    }
    // All of them left nothing. An inbox that has used up its ids comes along.
    changeDatabase(
      path,
      `UPDATE activity SET LastMessage = ${MAX_MESSAGE_ID} WHERE Position = 1`,
    );
    await adminPrints(url, "restore", path, "--yes");
    const before = await adminPrints(url, "users");
    await refused(
      url,
      path,
      /it has users or messages already, .*: make a new database/,
    );
    assertEquals(await adminPrints(url, "users"), before);

    const foreign = await cluster.database();
    await cluster.sql("CREATE TABLE messages (x INT)", foreign);
    await refused(
      foreign,
      path,
      /it has tables that aren't this relay's \(messages\)/,
    );
  },
);

postgresTest(
  "nobody reads a database before it is restored whole",
  async ({ cluster, url }) => {
    await using folder = await temporaryFolder();
    const { path: dir } = folder;
    await makeStore(dir, someInboxes);
    await (await openPostgresStore(url)).close();
    await using held = await holdRelayRow(cluster, url);
    await using program = await startAdmin(
      url,
      ...["restore", `${dir}/db.defensive`, "--yes"],
    );
    await until("it to be at its end", () => held.isWaitedFor());
    const relay = await openPostgresStore(url);
    try {
      const position = relay.requester(idOf(3));
      const sent = send(relay, 2, 5);
      await held.release();
      // Without a lock they would know neither of them.
      assertEquals((await position)?.position, 3);
      assertEquals(Number(await sent), ID_JUMP + 4);
    } finally {
      await relay.close();
    }
    assertEquals((await program.end()).code, 0);
  },
);

/** What might go wrong between the tables, and how it is told. */
const faults: Record<string, RegExp> = {
  "DELETE FROM activity WHERE ID = (SELECT ID FROM accounts WHERE UserName = 'anna')":
    /^1 user without a row in activity: restore a backup into a new database\n$/,
  "DELETE FROM accounts WHERE UserName = 'ben'":
    /^1 row in activity without a user: .* psql URL -c "DELETE FROM activity .*\n3 messages without a registered recipient: .*\n$/,
  "DELETE FROM parts WHERE Part = 2":
    /^1 message with more or less in its parts than it says: /,
  "DELETE FROM messages WHERE Rest > 0": /^2 parts of no message: .*\n$/,
  "UPDATE messages SET ID = -5 WHERE ID = 1 AND Rest = 0":
    /^1 message with an id that isn't from 1 to 4294967295: /,
  "UPDATE activity SET LastMessage = -1 WHERE LastMessage = 0":
    /^1 user with a last message that isn't from 0 to 4294967295: /,
  "UPDATE activity SET LastMessage = 2 WHERE LastMessage = 3":
    /^1 user for whom messages wait with higher ids than its last message's: .* psql URL -c "UPDATE activity SET LastMessage/,
  "UPDATE activity SET TotalBytes = TotalBytes - 1 WHERE LastMessage > 0":
    /^2 users for whom more bytes wait than ever came in: .* psql URL -c "UPDATE activity SET TotalBytes/,
  "UPDATE accounts SET PublicKey = '\\x00' WHERE UserName = 'cora'":
    /^1 user with an id or a key that isn't 16 or 160 bytes: /,
};

postgresTest(
  "check tells what doesn't fit together, and how to mend it",
  async ({ cluster, url }) => {
    await fillStore(await openPostgresStore(url), someInboxes);
    assertEquals(await adminPrints(url, "check"), "all is well\n");
    const template = new URL(url).pathname.slice(1);
    for (const [i, [fault, told]] of Object.entries(faults).entries()) {
      const copy = `${template}_faulty_${i}`;
      await cluster.sql(`CREATE DATABASE ${copy} TEMPLATE ${template}`);
      await cluster.sql(fault, cluster.url(copy));
      const { code, stdout, stderr } = await admin(cluster.url(copy), "check");
      assertEquals([code, stderr], [1, ""], fault);
      assertMatch(stdout, told);
      const mending = [...stdout.matchAll(/ -c "(.*)"$/gm)];
      for (const [, sql = ""] of mending) {
        await cluster.sql(sql, cluster.url(copy));
      }
      if (mending.length < stdout.trimEnd().split("\n").length) continue;
      assertEquals(
        await adminPrints(cluster.url(copy), "check"),
        "all is well\n",
      );
    }
  },
);

postgresTest(
  "a database that can't be used is refused in a sentence, without its password",
  async ({ cluster, url }) => {
    const newer = await cluster.database();
    await (await openPostgresStore(newer)).close();
    await cluster.sql(
      "UPDATE relay SET Value = 99 WHERE Name = 'schema'",
      newer,
    );
    const cases: [string, RegExp][] = [
      [url, /\/relay_\d+: nothing is in it yet: start the relay on it first/],
      [
        newer,
        /it has schema version 99, this relay knows \d+: use the newer relay/,
      ],
      [
        "postgres://eve:secret@127.0.0.1:1/relay",
        /^error: Can't use the database 127\.0\.0\.1:1\/relay: The database can't be reached: /,
      ],
    ];
    await using folder = await temporaryFolder();
    for (const [place, sentence] of cases) {
      for (
        const args of [["stats"], ["users"], ["check"], ["remove", "x"], [
          "backup",
          `${folder.path}/b`,
        ]]
      ) {
        const { code, stdout, stderr } = await admin(place, ...args);
        assertEquals([code, stdout], [1, ""]);
        assertMatch(stderr, /^error: [^\n]+\n$/);
        assertMatch(stderr, sentence);
        assertEquals(stderr.includes("secret"), false);
      }
    }
    assertEquals(await namesIn(folder.path), []);
    // To look at it makes no tables.
    assertEquals(
      await cluster.sql(
        "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'",
        url,
      ),
      "0",
    );
  },
);

postgresTest(
  "a database is named as the relay's is, by a file or the environment too",
  async ({ url }) => {
    await using folder = await temporaryFolder();
    await fillStore(await openPostgresStore(url), someInboxes);
    await Deno.writeTextFile(`${folder.path}/url`, `${url}\n`);
    const run = async (env: Record<string, string>, ...args: string[]) =>
      await Program.deno(
        [
          "run",
          "--no-prompt",
          "--allow-read",
          "--allow-env=MESSAGEU_STORE",
          `--allow-run=${Deno.execPath()}`,
          `${ROOT}server/admin/launch.ts`,
          ...args,
        ],
        ROOT,
        env,
      ).end();
    const well = { code: 0, stdout: "all is well\n", stderr: "" };
    assertEquals(await run({ MESSAGEU_STORE: url }, "check"), well);
    assertEquals(
      await run({}, "check", "--store-file", `${folder.path}/url`),
      well,
    );
    const both = await run({ MESSAGEU_STORE: url }, "check", "--dir", "x");
    assertEquals(both.code, 2);
    assertMatch(both.stderr, /MESSAGEU_STORE names a database: give one\n$/);
  },
);

testWith(
  FILES,
  "the launcher gives the way to a database, and no more",
  async () => {
    const url = "postgres://u:p@db.example/relay?sslrootcert=/certs/ca.pem";
    const database = [
      "--allow-net=db.example:5432",
      "--allow-env=MESSAGEU_STORE,PG*,USER,NODE_PG_FORCE_NATIVE",
      "--allow-sys=statfs",
    ];
    assertEquals(await adminPermissions(["stats", "--store", url]), [
      "--allow-read=/certs/ca.pem",
      ...database,
    ]);
    await using folder = await temporaryFolder();
    const { path } = folder;
    assertEquals(
      await adminPermissions(["backup", `${path}/b`, "--store", url]),
      [
        `--allow-read=${path},/certs/ca.pem`,
        `--allow-write=${path}`,
        ...database,
      ],
    );
  },
);
