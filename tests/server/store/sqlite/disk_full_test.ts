import { assert, assertEquals, assertRejects } from "@std/assert";
import { Database } from "@db/sqlite";
import { encodeHex } from "@std/encoding";
import {
  openSqliteStore,
  startRelay,
  StoreError,
} from "../../../../server/mod.ts";
import { reasonOf } from "../../../../shared/cli/reason.ts";
import { fillAndRecover } from "../../../../lab/torture/disk_full.ts";
import { Peer } from "../../../../lab/harness/peer.ts";
import type { Seq, Uid } from "../../../../shared/secure/secure_protocol.ts";
import {
  anna,
  ben,
  NOW,
  profileOf,
  sendingOf,
} from "../../../support/stores/secure_accounts.ts";
import { temporaryFolder } from "../../../../lab/harness/resources.ts";
import {
  FILES,
  LOOPBACK_AND_FILES,
  testWith,
} from "../../../support/test_with.ts";

// A small file system, where deletions find no room either, takes root: see
// `deno task torture --disk-full`.
testWith(
  LOOPBACK_AND_FILES,
  "a full store refuses what is new, hands out what it has and recovers",
  async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/db.defensive`;
    const reports: unknown[] = [];
    const outcome = await withRelay(
      path,
      { maxPages: 300 },
      reports,
      (address) => fillAndRecover({ address, makeRoom: async () => {} }),
    );
    assert(outcome.filled > 100, "a disk that was full too early shows little");
    // Whoever runs the relay is told why, and of nothing else.
    assert(reports.length > 0, "a full disk is reported");
    for (const report of reports) assert(/full/.test(reasonOf(report)));

    await withRelay(path, {}, [], async (address) => {
      using peer = await Peer.connect(address);
      assertEquals(
        await peer.pull(outcome.recipient),
        outcome.waiting.map(encodeHex),
      );
      assertEquals(await peer.pull(outcome.recipient), []);
      await peer.send(
        outcome.recipient,
        outcome.recipient,
        new Uint8Array(2_000_000),
      );
    });

    const database = new Database(path, { readonly: true });
    try {
      assertEquals(
        database.prepare("PRAGMA integrity_check").all().map((row) => ({
          ...row,
        })),
        [{ integrity_check: "ok" }],
      );
    } finally {
      database.close();
    }
  },
);

testWith(
  FILES,
  "mail in a full store is kept, and makes room once it is acknowledged",
  async () => {
    await using folder = await temporaryFolder();
    const store = await openSqliteStore(`${folder.path}/db.defensive`, {
      maxPages: 300,
    });
    try {
      const { secure } = store;
      for (const person of [anna, ben]) {
        await secure.register(profileOf(person), NOW);
      }
      const quota = { messages: 0, bytes: 0 };
      const send = () => {
        const sending = sendingOf(ben, anna, new Uint8Array(4000));
        return secure.send(sending, quota, NOW).then(() => sending.uid);
      };
      const sent: Uid[] = [];
      await assertRejects(async () => {
        for (;;) sent.push(await send());
      }, StoreError);
      const read = async () =>
        (await secure.mail(anna.device, 0 as Seq, 10_000_000)).mail;
      const mail = await read();
      assertEquals(mail.map(({ uid }) => uid), sent);
      await secure.acknowledge(anna.device, sent.length as Seq, NOW);
      assertEquals(await read(), []);
      const states = await secure.outcomes(ben.device, sent);
      assertEquals(new Set(states.map(({ state }) => state)).size, 1);
      const more = [await send(), await send()];
      assertEquals((await read()).map(({ uid }) => uid), more);
    } finally {
      await store.close();
    }
  },
);

/** Runs a relay on a database, with no limits but the disk's. */
async function withRelay<T>(
  path: string,
  options: { maxPages?: number },
  reports: unknown[],
  work: (address: { hostname: string; port: number }) => Promise<T>,
): Promise<T> {
  const store = await openSqliteStore(path, options);
  try {
    const relay = startRelay({
      listener: Deno.listen({ hostname: "127.0.0.1", port: 0 }),
      store,
      limits: { registrationsPerMinute: 0, maxWaiting: 0, maxWaitingBytes: 0 },
      report: (error) => reports.push(error),
    });
    try {
      const { port } = relay.address;
      return await work({ hostname: "127.0.0.1", port });
    } finally {
      await relay.close();
    }
  } finally {
    await store.close();
  }
}
