/** What a store in a database owes that relays share. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { concat } from "@std/bytes";
import type { ClientId } from "../../../../shared/wire/protocol.ts";
import { responseCodecs } from "../../../../shared/wire/requests.ts";
import { ClientsDirectory } from "../../../../server/relay/clients_directory.ts";
import { type Quota, type Store, StoreError } from "../../../../server/mod.ts";
import { openPostgresStore } from "../../../../server/store/postgres/mod.ts";
import { idOrRefusal } from "../../../support/stores/made_store.ts";
import {
  type PostgresTest,
  postgresTest,
} from "../../../support/stores/postgres.ts";
import { until } from "../../../../lab/harness/until.ts";

const NO_QUOTA = { messages: 0, bytes: 0 };
const ALL = { bytes: 1e9, perMessage: 25 };
const publicKey = new Uint8Array(160).fill(5);
const idOf = (byte: number) =>
  new Uint8Array(16).fill(byte) as Uint8Array as ClientId;
const anna = idOf(0xa1);
const ben = idOf(0xb2);

const send = (
  store: Store,
  recipient: ClientId,
  size: number,
  quota: Quota = NO_QUOTA,
) =>
  store.send({
    recipient,
    sender: ben,
    type: 3,
    content: new Uint8Array(size),
  }, quota).then(idOrRefusal);

/** Registers a test with several stores on one database, in which anna and ben are. */
function sharedTest(
  name: string,
  check: (stores: [Store, Store], test: PostgresTest) => Promise<void>,
  prepare: (test: PostgresTest) => Promise<void> = async () => {},
): void {
  postgresTest(name, async (test) => {
    await prepare(test);
    // Both make the tables at once.
    const stores = await Promise.all([
      openPostgresStore(test.url),
      openPostgresStore(test.url),
    ]);
    try {
      const [first] = stores;
      await first.register({ id: anna, name: "anna", publicKey }, new Date());
      await first.register({ id: ben, name: "ben", publicKey }, new Date());
      await check(stores, test);
    } finally {
      for (const store of stores) await store.close();
    }
  });
}

async function sendAtOnce(stores: readonly Store[]): Promise<void> {
  const inboxes = [anna, ben];
  let sending = true;
  const highest = [0, 0];
  const watching = (async () => {
    while (sending) {
      for (const [i, id] of inboxes.entries()) {
        const ids = (await stores[0]?.waiting(id, ALL) ?? []).map(idNumber);
        // Whatever is there stays, and nothing comes in below it.
        const before = highest[i] ?? 0;
        assertEquals(ids.slice(0, before), rising(before));
        highest[i] = ids.length;
      }
    }
  })();
  const sent = await Promise.all(stores.map(async (store) => {
    const ids: number[][] = [[], []];
    for (let round = 0; round < 20; round++) {
      const some = await Promise.all(
        Array.from(
          { length: 16 },
          (_, i) => send(store, inboxes[i % 2] ?? anna, i),
        ),
      );
      some.forEach((id, i) => ids[i % 2]?.push(Number(id)));
    }
    return ids;
  }));
  sending = false;
  await watching;
  for (const [i] of inboxes.entries()) {
    const each = sent.map((ids) => ids[i] ?? []);
    for (const ids of each) assertEquals(ids, ids.toSorted((a, b) => a - b));
    const all = each.flat().sort((a, b) => a - b);
    assertEquals(all, rising(all.length));
  }
}

const idNumber = ({ id }: { id: number }) => Number(id);
const rising = (count: number) =>
  Array.from({ length: count }, (_, i) => i + 1);

sharedTest("ids rise in each inbox though two relays write to it", sendAtOnce);

sharedTest(
  "transactions that lose against others are tried again",
  sendAtOnce,
  // As the databases have it that are spread over machines.
  async ({ cluster, url }) => {
    const name = new URL(url).pathname.slice(1);
    await cluster.sql(
      `ALTER DATABASE ${name} SET default_transaction_isolation = 'serializable'`,
    );
  },
);

sharedTest("a quota holds for all relays together", async (stores) => {
  const quota = { messages: 25, bytes: 2000 };
  const sent = async (size: number, count: number) => {
    const ids = await Promise.all(
      Array.from(
        { length: count },
        (_, i) => send(stores[i % 2] as Store, anna, size, quota),
      ),
    );
    return ids.filter((id) => typeof id === "number").length;
  };
  assertEquals(await sent(10, 60), 25);
  const [first, second] = stores;
  await first.delete(anna, { runs: [[1, 20]], bytes: 200 });
  // The other relay counts again within a second.
  await until(
    "room",
    async () => await send(second, anna, 10, quota) !== "inbox_full",
  );
  assertEquals(await sent(500, 10), 3);
});

sharedTest("a name is taken once by all relays", async (stores) => {
  const taken = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      (stores[i % 2] as Store).register(
        { id: idOf(i + 1), name: "cora", publicKey },
        new Date(),
      )),
  );
  assertEquals(taken.filter(Boolean).length, 1);
});

sharedTest(
  "whoever registers through another relay is in the list at once",
  async (stores) => {
    const directory = new ClientsDirectory(stores[0]);
    const names = async () => {
      const { size, pieces } = await directory.listBut(
        (await stores[0].requester(anna))?.position ?? 0,
      );
      const read: Uint8Array[] = [];
      for (const piece of pieces) read.push(await piece.read());
      const payload = concat(read);
      assertEquals(payload.length, size);
      return responseCodecs.clientsList.decode(payload).map(({ name }) => name);
    };
    assertEquals(await names(), ["ben"]);
    for (const [i, name] of ["cora", "dan", "eve"].entries()) {
      const store = stores[(i + 1) % 2] as Store;
      await store.register({ id: idOf(i), name, publicKey }, new Date());
    }
    assertEquals(await names(), ["ben", "cora", "dan", "eve"]);
  },
);

sharedTest(
  "a user who is gone is forgotten by every relay",
  async (stores, { cluster, url }) => {
    for (const store of stores) {
      assert(await store.requester(ben) !== undefined);
    }
    const id = `'\\x${ben.toHex()}'`;
    await cluster.sql(
      `DELETE FROM activity WHERE ID = ${id}; DELETE FROM accounts WHERE ID = ${id};
      UPDATE relay SET Value = Value + 1 WHERE Name = 'removals'`,
      url,
    );
    assertEquals(await send(stores[1], ben, 1), "unknown_target");
    for (const store of stores) {
      const before = store.usersVersion;
      await until(
        "the user to be forgotten",
        async () => await store.requester(ben) === undefined,
      );
      assert(store.usersVersion > before);
      assertEquals(await store.publicKey(ben), undefined);
    }
  },
);

postgresTest(
  "a database that can't be used is refused with what to do",
  async ({ cluster, url }) => {
    const refused = (url: string, reason: string) =>
      assertRejects(() => openPostgresStore(url), StoreError, reason);
    await refused(
      "postgres://someone:secret@127.0.0.1:1/relay",
      "Can't use the database 127.0.0.1:1/relay: The database can't be reached",
    );
    await refused(
      cluster.url("nowhere"),
      'database "nowhere" does not exist',
    );
    await cluster.sql("CREATE TABLE messages (id INT)", url);
    await refused(url, "tables that aren't this relay's (messages)");
    await cluster.sql("DROP TABLE messages", url);
    await (await openPostgresStore(url)).close();
    await cluster.sql("UPDATE relay SET Value = 99 WHERE Name = 'schema'", url);
    await refused(url, "schema version 99, this relay knows 5");
  },
);

postgresTest(
  "what is acknowledged is synced to the disk, whatever the database is set to",
  async ({ cluster, url }) => {
    const name = new URL(url).pathname.slice(1);
    await cluster.sql(
      `ALTER DATABASE ${name} SET synchronous_commit = off`,
    );
    const store = await openPostgresStore(url);
    try {
      await store.register({ id: anna, name: "anna", publicKey }, new Date());
      await send(store, anna, 1);
      // Flushed as far as it was inserted: nothing is left for later.
      const left = await cluster.sql(
        "SELECT pg_current_wal_flush_lsn() >= pg_current_wal_insert_lsn()",
        url,
      );
      assertEquals(left, "t");
    } finally {
      await store.close();
    }
  },
);

postgresTest(
  "an inbox that can't be counted costs the others of its group nothing",
  async ({ cluster, url }) => {
    await (await openPostgresStore(url)).close();
    // Whoever looks for anna's messages fails, and everybody else's are fine.
    await cluster.sql(
      `CREATE ROLE limited LOGIN;
      GRANT ALL ON ALL TABLES IN SCHEMA public TO limited;
      ALTER TABLE messages ENABLE ROW LEVEL SECURITY;
      CREATE POLICY written ON messages FOR INSERT WITH CHECK (true);
      CREATE POLICY removed ON messages FOR DELETE USING (true);
      CREATE POLICY looked ON messages FOR SELECT
        USING (1 / (CASE WHEN ToClient = '\\x${anna.toHex()}' AND ID > 1 THEN 0 ELSE 1 END) = 1)`,
      url,
    );
    const store = await openPostgresStore(
      url.replace("postgres@", "limited@"),
    );
    try {
      const quota = { messages: 2, bytes: 0 };
      for (const [id, name] of [[anna, "anna"], [ben, "ben"]] as const) {
        await store.register({ id, name, publicKey }, new Date());
        for (let i = 0; i < 2; i++) await send(store, id, 1, quota);
      }
      await cluster.sql(
        `DELETE FROM messages WHERE ToClient = '\\x${ben.toHex()}'`,
        url,
      );
      // Both have had as many as may wait, so both are counted.
      const [annas, bens] = await Promise.allSettled([
        send(store, anna, 1, quota),
        send(store, ben, 1, quota),
      ]);
      assertEquals(annas.status, "rejected");
      assertEquals(bens, { status: "fulfilled", value: 3 } as typeof bens);
      assertEquals(
        await cluster.sql("SELECT count(*) FROM messages", url),
        "3",
      );
    } finally {
      await store.close();
      await cluster.sql("DROP OWNED BY limited; DROP ROLE limited", url);
    }
  },
);
