/** Relays behind a pooler that hands connections on, whatever its version. */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type Store, StoreError } from "../../../../server/mod.ts";
import { openPostgresStore } from "../../../../server/store/postgres/mod.ts";
import { adminPrints } from "../../../support/stores/admin.ts";
import {
  hasPgBouncer,
  startPgBouncer,
} from "../../../../lab/harness/pgbouncer.ts";
import { idOrRefusal } from "../../../support/stores/made_store.ts";
import { postgresTest } from "../../../support/stores/postgres.ts";
import { temporaryFolder } from "../../../../lab/harness/resources.ts";
import { until } from "../../../../lab/harness/until.ts";
import type { ClientId } from "../../../../shared/wire/protocol.ts";

const NAME = "relays work behind a pooler that mixes up prepared statements";
const idOf = (byte: number) =>
  new Uint8Array(16).fill(byte) as Uint8Array as ClientId;
const NO_QUOTA = { messages: 0, bytes: 0 };

const missing = await hasPgBouncer() ? undefined : "PgBouncer isn't installed";

postgresTest(NAME, async ({ cluster, url }) => {
  await using folder = await temporaryFolder();
  await using pooler = await startPgBouncer(cluster, folder.path);
  const through = (url: string) => url.replace(/:\d+\//, `:${pooler.port}/`);
  const notices: string[] = [];
  const stores: Store[] = [];
  try {
    for (let i = 0; i < 2; i++) {
      stores.push(
        await openPostgresStore(through(url), (text) => notices.push(text)),
      );
    }
    const [first = "", second = ""] = notices;
    assertMatch(
      first,
      /^a pooler is in front of the database \(PgBouncer [\d.]+\)/,
    );
    assertMatch(second, /^a pooler is in front of the database/);
    await Promise.all(stores.map(async (store, i) => {
      const id = idOf(i + 1);
      const publicKey = new Uint8Array(160);
      await store.register({ id, name: `user-${i}`, publicKey }, new Date());
      // The large ones are transactions of several statements.
      const sizes = [...Array(20).fill(1000), 1_200_000, 1_200_000];
      const ids = await Promise.all(sizes.map((size) =>
        store.send({
          recipient: id,
          sender: id,
          type: 3,
          content: new Uint8Array(size),
        }, NO_QUOTA).then(idOrRefusal)
      ));
      assertEquals(ids.length, Number(ids.at(-1)));
      const budget = { bytes: 1e9, perMessage: 25 };
      assertEquals((await store.waiting(id, budget)).length, ids.length);
      await store.delete(id, { runs: [[1, 5]], bytes: 5000 });
    }));
    assertMatch(
      await adminPrints(through(url), "stats"),
      /^waiting +34 messages/m,
    );
    // As if another server had taken the old one's place behind the pooler.
    await cluster.sql(
      "UPDATE relay SET Value = Value - 1 WHERE Name = 'timeline'",
      url,
    );
    await until("ids that are raised", async () => {
      await stores[0]?.position(idOf(1));
      return notices.some((text) => /went from timeline/.test(text));
    });
  } finally {
    for (const store of stores) await store.close();
  }
  const unsafe = await cluster.database();
  const name = new URL(unsafe).pathname.slice(1);
  await cluster.sql(`ALTER DATABASE ${name} SET synchronous_commit = local`);
  await assertRejects(
    () => openPostgresStore(through(unsafe)),
    StoreError,
    "they begin with synchronous_commit = local",
  );
}, missing);
