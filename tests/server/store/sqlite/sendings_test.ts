/** How the SQLite store keeps the counts of sendings. */

import { assertEquals } from "@std/assert";
import { Database } from "@db/sqlite";
import { openSqliteStore, type Store } from "../../../../server/mod.ts";
import { firstValue } from "../../../../server/store/sqlite/schema.ts";
import { temporaryFolder } from "../../../../lab/harness/resources.ts";
import {
  anna,
  ben,
  deviceOf,
  NOW,
  profileOf,
  recordOf,
  sendingOf,
} from "../../../support/stores/secure_accounts.ts";
import { FILES, testWith } from "../../../support/test_with.ts";

const NO_QUOTA = { messages: 0, bytes: 0 };
/** Sendings that are put in order at a time. */
const BATCH = 4096;

/** Works with a store that has the accounts of Anna and Ben, and may be opened anew. */
async function withStore(
  work: (
    store: Store,
    reopen: (meanwhile?: (database: Database) => void) => Promise<Store>,
  ) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/db.defensive`;
  let store = await openSqliteStore(path);
  try {
    for (const person of [anna, ben]) {
      await store.secure.register(profileOf(person), NOW);
    }
    await work(store, async (meanwhile) => {
      await store.close();
      const database = new Database(path);
      meanwhile?.(database);
      database.close();
      return store = await openSqliteStore(path);
    });
  } finally {
    await store.close();
  }
}

const send = (store: Store, count: number, from = anna, to = ben) =>
  store.secure.send(
    sendingOf(from, to, new Uint8Array([1]), { count }),
    NO_QUOTA,
    NOW,
  );

/** What comes of a new sending under each of these counts. */
const outcomes = async (store: Store, ...counts: number[]) => {
  const results = await Promise.all(counts.map((count) => send(store, count)));
  return results.map((result) =>
    "refused" in result ? result.refused : "taken"
  );
};

const sortedOf = (database: Database) => ({
  ...database.prepare<{ last: number; sorted: number }>(
    `SELECT Last AS last, (SELECT count(*) FROM device_sendings) AS sorted
        FROM sorted_sendings`,
  ).get(),
});

testWith(
  FILES,
  "counts are used once, before and behind the place up to which sendings are sorted",
  () =>
    withStore(async (store, reopen) => {
      await Promise.all(
        Array.from({ length: BATCH + 10 }, (_, i) => send(store, 2 * i + 1)),
      );
      const last = 2 * (BATCH + 10) - 1;
      const used = [1, last, 2 * BATCH - 1];
      assertEquals(await outcomes(store, ...used, 2), [
        "count",
        "count",
        "count",
        "taken",
      ]);
      let sorted;
      store = await reopen((database) => sorted = sortedOf(database));
      assertEquals(sorted, { last: BATCH, sorted: BATCH });
      assertEquals(await outcomes(store, ...used, 2, 4), [
        "count",
        "count",
        "count",
        "count",
        "taken",
      ]);
      const state = await store.secure.authenticated(anna.device, 0, NOW);
      assertEquals(state?.highestCount, last);
    }),
);

testWith(
  FILES,
  "a sending that takes the row of a deleted one keeps its count",
  () =>
    withStore(async (store, reopen) => {
      await Promise.all(
        Array.from({ length: BATCH }, (_, i) => send(store, i + 1)),
      );
      let sorted;
      store = await reopen((database) => {
        database.exec(`DELETE FROM taken WHERE rowid > ${BATCH - 3}`);
        sorted = sortedOf(database);
      });
      assertEquals(sorted, { last: BATCH - 3, sorted: BATCH - 3 });
      // Deleted with its sending, as a forgotten one is.
      assertEquals(await outcomes(store, BATCH), ["taken"]);
      store = await reopen();
      assertEquals(await outcomes(store, BATCH, BATCH - 3), ["count", "count"]);
    }),
);

testWith(
  FILES,
  "the sendings of a file of schema version 6 keep their counts",
  () =>
    withStore(async (store, reopen) => {
      await send(store, 7);
      await send(store, 9);
      store = await reopen((database) =>
        database.exec(
          `DROP TRIGGER sending_deleted;
          DROP TABLE device_sendings;
          DROP TABLE sorted_sendings;
          CREATE INDEX sending_count ON taken (Device, Count) WHERE Count >= 0;
          PRAGMA user_version = 6`,
        )
      );
      assertEquals(await outcomes(store, 7, 8, 9), ["count", "taken", "count"]);
      const state = await store.secure.authenticated(anna.device, 0, NOW);
      assertEquals(state?.highestCount, 9);
    }),
);

const leavings: Record<string, (store: Store) => Promise<boolean>> = {
  "deleted account": (store) => store.secure.deleteAccount(anna.account),
  "record without it": (store) => {
    const first = recordOf(anna);
    const next = recordOf(anna, 2, [deviceOf(0xa9)]);
    return store.secure.replaceRecord(next, first.bytes, NOW);
  },
};

for (const [way, leave] of Object.entries(leavings)) {
  testWith(
    FILES,
    `a device leaves by a ${way} with its mail and sendings, and others go on`,
    () =>
      withStore(async (store, reopen) => {
        const sent = BATCH + 10;
        const got = 1500;
        const counts = Array.from({ length: sent }, (_, i) => i + 1);
        await Promise.all(counts.map((count) => send(store, count)));
        await Promise.all(
          counts.slice(0, got).map((count) => send(store, count, ben, anna)),
        );
        const ended: string[] = [];
        await Promise.all([
          leave(store).then((isDone) => ended.push(`leaves: ${isDone}`)),
          // As they come in, not at the end.
          send(store, got + 1, ben, ben).then(() => ended.push("sends")),
        ]);
        assertEquals(ended, ["sends", "leaves: true"]);
        let left;
        store = await reopen((database) => {
          const count = (what: string) =>
            Number(firstValue(database, `SELECT count(*) FROM ${what}`));
          left = [
            count("taken WHERE Device = X'" + anna.device.toHex() + "'"),
            count("taken"),
            count("mail"),
            count(`mail WHERE FromDevice = X'${ben.device.toHex()}'`),
            sortedOf(database),
          ];
        });
        const all = { last: BATCH, sorted: 0 };
        assertEquals(left, [0, got + 1, sent + 1, 1, all]);
      }),
  );
}
