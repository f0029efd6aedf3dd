import { assert, assertEquals } from "@std/assert";
import { Database } from "@db/sqlite";
import { encodeHex } from "@std/encoding";
import { openSqliteStore, startRelay } from "../../../../server/mod.ts";
import { reasonOf } from "../../../../shared/cli/reason.ts";
import { fillAndRecover } from "../../../../lab/torture/disk_full.ts";
import { Peer } from "../../../../lab/harness/peer.ts";
import { temporaryFolder } from "../../../../lab/harness/resources.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../../support/test_with.ts";

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
