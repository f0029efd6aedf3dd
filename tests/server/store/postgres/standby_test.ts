/** Relays on a database with a standby, which its commits wait for. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { OutcomeUnknownError, startRelay } from "../../../../server/mod.ts";
import { openPostgresStore } from "../../../../server/store/postgres/mod.ts";
import { Crowd } from "../../../support/relays/crowd.ts";
import { Ledger } from "../../../support/relays/ledger.ts";
import { Peer } from "../../../../lab/harness/peer.ts";
import {
  type PairTest,
  postgresPairTest,
} from "../../../support/stores/postgres.ts";
import { Program } from "../../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../../lab/harness/resources.ts";
import { until } from "../../../../lab/harness/until.ts";

const WAITING = `FROM pg_stat_activity WHERE wait_event = 'SyncRep'`;
const DATA = new Uint8Array(10);

/** A relay on the pair. */
async function openRelay({ url }: PairTest) {
  const notices: string[] = [];
  const reports: unknown[] = [];
  const store = await openPostgresStore(url, (text) => notices.push(text));
  const relay = startRelay({
    listener: Deno.listen({ hostname: "127.0.0.1", port: 0 }),
    store,
    report: (error) => reports.push(error),
    // All come from one address.
    limits: { registrationsPerMinute: 0 },
  });
  const address = { hostname: "127.0.0.1", port: relay.address.port };
  return {
    ...{ store, address, notices, reports },
    async [Symbol.asyncDispose]() {
      await relay.close();
      await store.close();
    },
  };
}

/** What `deno task server` says with these flags on a store. */
async function run(url: string, ...flags: string[]) {
  await using folder = await temporaryFolder();
  await using program = Program.launcher([
    ...["--dir", folder.path, "--host", "127.0.0.1", "--port", "0"],
    ...["--max-connections", "100", ...flags],
  ], { MESSAGEU_STORE: url });
  return await program.end();
}

postgresPairTest(
  "a relay keeps to the server that takes writes, and loses nothing with it",
  async (pair, t) => {
    const { primary, standby, url } = pair;
    const alone = url.replace(/,[^/]+/, "");

    await t.step("a standby is named at the start", async () => {
      const { code, stderr } = await run(alone);
      assertEquals(code, 1);
      assertMatch(
        stderr,
        /^error: Can't use the database 127\.0\.0\.1:\d+\/relay_1: it takes no writes \(a standby, or set to read only\): the URL has to name the primary$/m,
      );
    });

    await using relay = await openRelay(pair);
    const { address, reports } = relay;
    using peer = await Peer.connect(address);
    const anna = await peer.register("anna");
    assertEquals(await peer.send(anna, anna, DATA), 1);

    await t.step("a wait that is cancelled isn't acknowledged", async () => {
      await standby.stop("fast");
      using other = await Peer.connect(address);
      const sent = assertRejects(
        () => other.send(anna, anna, DATA),
        Error,
        "Expected a response, got the end",
      );
      const cancelled = `SELECT pg_cancel_backend(pid) ${WAITING}`;
      await until("a wait", async () => await primary.sql(cancelled) === "t");
      await sent;
      assertEquals(reports.length, 1);
      assert(reports.pop() instanceof OutcomeUnknownError);
    });

    await t.step("commits that wait are told as such", async () => {
      using first = await Peer.connect(address);
      using second = await Peer.connect(address);
      const waits = first.send(anna, anna, DATA);
      const reason = /^The database's commits wait for a synchronous standby/;
      const notReady = async () =>
        await relay.store.ping().catch(({ message }) => message);
      await until("an obstacle", async () => reason.test(await notReady()));
      // What comes now needn't wait, and isn't kept.
      const answer = await second.ask("sendMessage", {
        target: anna,
        type: 3,
        content: DATA,
      }, anna);
      assertEquals(answer.code, 9000);
      const { code, stdout } = await run(
        url.replace(/@[^,]+,/, "@"),
        "--doctor",
      );
      assertEquals(code, 1);
      assertMatch(
        stdout,
        /^bad +standby .*none of them is connected.*: start /m,
      );
      await standby.run();
      assertEquals(await waits, 3);
      await until("no obstacle", async () => await notReady() === undefined);
    });

    await t.step("sends go on behind a promotion", async () => {
      const ledger = new Ledger();
      const members = await Crowd.gather(address, 6);
      const crowd = new Crowd([address], members, ledger);
      const working = crowd.work();
      try {
        await until("sends", () => ledger.kept > 200);
        await primary.stop("immediate");
        await standby.promote();
        const before = ledger.kept;
        await until("more sends", () => ledger.kept > before + 200);
      } finally {
        crowd.stop();
        await working;
      }
      await crowd.takeAll();
      ledger.settle();
      assert(await peer.send(anna, anna, DATA) >= 1_000_004);
      assertMatch(
        `${relay.notices}`,
        /^the database went from timeline 1 to 2 and may have lost messages: in 7 inboxes ids go on 1,\d{3},\d{3} higher$/,
      );
    });
  },
);
