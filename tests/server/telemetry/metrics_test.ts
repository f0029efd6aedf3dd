import { assert, assertEquals } from "@std/assert";
import { Database } from "@db/sqlite";
import {
  connectionRefusals,
  legacyRefusals,
  requestRefusals,
  secureRefusals,
} from "../../../server/relay/refusal.ts";
import { reasonOf } from "../../../shared/cli/reason.ts";
import {
  dialectNamed,
  dialects,
  requestCode,
} from "../../../shared/wire/dialects.ts";
import { requestKinds } from "../../../shared/wire/requests.ts";
import {
  secureRequestCode,
  secureRequestKinds,
} from "../../../shared/secure/secure_requests.ts";
import { unusedCodes } from "../../../kit/requests.ts";
import { ZERO_ID } from "../../../shared/wire/protocol.ts";
import { encodeRequest, requestHeader } from "../../../shared/wire/frames.ts";
import { MonitoredRelay } from "../../support/relays/monitored_relay.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import {
  type Scrape,
  scrape,
  scrapeUntil,
} from "../../support/relays/scrape.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

const key = new Uint8Array(160);
const TEXT_CONTENT = new Uint8Array(100);

const registration = (name: string) =>
  encodeRequest("register", { name, publicKey: key }, { clientId: ZERO_ID });

/** The sample of the requests of a code that ended so. */
const requests = (code: string, request: string, outcome: string) =>
  `messageu_requests_total{code="${code}",request="${request}",outcome="${outcome}"}`;

const refusals = (reason: string) =>
  `messageu_refusals_total{reason="${reason}"}`;

testWith(
  LOOPBACK_AND_FILES,
  "requests are counted by code and outcome, and timed where they were answered",
  async () => {
    await using monitored = await MonitoredRelay.start();
    const { relay, url } = monitored;
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    for (let i = 0; i < 3; i++) await peer.send(anna, anna, TEXT_CONTENT);
    const later = dialectNamed("700");
    await peer.ask("publicKey", { target: anna }, anna, later);
    await peer.ask("publicKey", { target: anna }, ZERO_ID, later);
    const last = requests("702", "publicKey", "refused");
    const { samples } = await scrapeUntil(url, last, 1);
    const counted = [...samples].filter(([name, value]) =>
      name.startsWith("messageu_requests_total") && value > 0
    );
    assertEquals(counted, [
      [requests("600", "register", "answered"), 1],
      [requests("603", "sendMessage", "answered"), 3],
      [requests("702", "publicKey", "answered"), 1],
      [last, 1],
    ]);
    const timed = (code: string, request: string) =>
      samples.get(
        `messageu_request_duration_seconds_count{code="${code}",request="${request}"}`,
      );
    assertEquals(timed("603", "sendMessage"), 3);
    assertEquals(timed("702", "publicKey"), 1);
    assertEquals(timed("602", "publicKey"), 0);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "the codes of all generations are counted, and all others as one",
  async () => {
    await using monitored = await MonitoredRelay.start();
    const { relay, url } = monitored;
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    for (const name of ["100", "1000", "1100"] as const) {
      const dialect = dialectNamed(name);
      await peer.ask("publicKey", { target: anna }, anna, dialect);
    }
    const unknown = [
      ...[0, 612, 2100, 0xffff],
      ...unusedCodes(dialectNamed("100")),
      unusedCodes(dialectNamed("1000"))[1],
    ];
    for (const code of unknown) {
      await peer.write(
        encodeRequest("clientsList", {}, { clientId: anna, code }),
      );
      // 612 is 100 where codes have one byte: it claims 2 bytes, and 1 is there.
      if (code === 612) await peer.write(new Uint8Array([1]));
      await peer.response();
    }
    const last = requests("other", "unknown", "refused");
    const { samples } = await scrapeUntil(url, last, 6);
    for (const code of ["102", "1002", "1102"]) {
      assertEquals(samples.get(requests(code, "publicKey", "answered")), 1);
    }
    assertEquals(samples.get(requests("100", "register", "refused")), 1);
    const codes = [...samples.keys()].flatMap((name) =>
      /^messageu_requests_total\{code="(\w+)"/.exec(name)?.[1] ?? []
    );
    // Block clients have the codes of the first dialect.
    const own = dialects.filter(({ blockSize }) => blockSize === 0);
    const due = own.flatMap((dialect) =>
      requestKinds.map((kind) => `${requestCode(kind, dialect)}`)
    );
    const secure = secureRequestKinds.map((kind) =>
      `${secureRequestCode(kind)}`
    );
    assertEquals(new Set(codes), new Set([...due, ...secure, "other"]));
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "connections, bytes, commits and what waits are shown",
  async () => {
    await using monitored = await MonitoredRelay.start();
    const { relay, url } = monitored;
    using peer = await Peer.connect(relay.address);
    using gone = await Peer.connect(relay.address);
    const anna = await gone.register("anna");
    gone.conn.closeWrite();
    assertEquals(await gone.responseBytes(), null);
    for (let i = 0; i < 3; i++) await peer.send(anna, anna, TEXT_CONTENT);
    const { samples } = await scrapeUntil(url, "messageu_connections", 1);
    const register = registration("anna");
    const send = encodeRequest(
      "sendMessage",
      { target: anna, type: 3, content: TEXT_CONTENT },
      { clientId: anna },
    );
    const value = (name: string) => samples.get(name);
    assertEquals(value("messageu_connections_accepted_total"), 2);
    assertEquals(value("messageu_connections_stuck_total"), 0);
    assertEquals(
      value("messageu_received_bytes_total"),
      register.length + 3 * send.length,
    );
    assertEquals(value("messageu_sent_bytes_total"), 7 + 16 + 3 * (7 + 20));
    assertEquals(value("messageu_waiting_messages"), 3);
    assert((value("messageu_commit_writes_sum") ?? 0) >= 4);
    assertEquals(
      value("messageu_commit_writes_count"),
      value("messageu_commit_duration_seconds_count"),
    );
    assertEquals(value("messageu_max_connections"), 20_000);
    assertEquals(value("messageu_ready"), 1);
    assert((value("process_resident_memory_bytes") ?? 0) > 1_000_000);
    assertHistograms({ samples, types: new Map() });
  },
);

/** Each histogram's buckets rise to its count. */
function assertHistograms({ samples }: Scrape): void {
  let ends = 0;
  let last = 0;
  for (const [name, value] of samples) {
    const [, bound, rest = ""] = /_bucket\{le="([^"]+)",?(.*)\}$/.exec(name) ??
      [];
    if (bound === undefined) continue;
    assert(value >= last, name);
    last = value;
    if (bound !== "+Inf") continue;
    const metric = name.slice(0, name.indexOf("_bucket"));
    const count = `${metric}_count${rest === "" ? "" : `{${rest}}`}`;
    assertEquals(samples.get(count), value, count);
    last = 0;
    ends++;
  }
  assert(ends > 15);
}

testWith(
  LOOPBACK_AND_FILES,
  "each refusal is counted under its reason, once",
  async () => {
    const limits = {
      maxMessage: 1024,
      maxWaiting: 1,
      maxConnectionsPerAddress: 2,
      registrationsPerMinute: 4,
    };
    await using monitored = await MonitoredRelay.start(limits);
    const { relay, url } = monitored;
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    const ben = await peer.register("ben");
    const database = new Database(`${relay.dir}/db.defensive`);
    database.exec(
      "UPDATE activity SET LastMessage = 4294967295 WHERE Position = 2",
    );
    database.close();
    const claim = (code: number, payloadSize: number) =>
      peer.write(requestHeader.encode({
        clientId: anna,
        version: 2,
        code,
        payloadSize,
      }));
    const send = (target: typeof anna, type: 3 | 4 = 3) =>
      encodeRequest(
        "sendMessage",
        { target, type, content: TEXT_CONTENT },
        { clientId: anna },
      );
    const oddType = send(anna);
    oddType[23 + 16] = 9;

    const provoke: Record<
      typeof legacyRefusals[number],
      () => Promise<unknown>
    > = {
      unknown_code: () => claim(999, 0),
      wrong_size: () => claim(602, 0),
      too_large: () =>
        claim(603, 2000).then(() => peer.write(new Uint8Array(2000))),
      bad_format: () => peer.write(oddType),
      unknown_client: () =>
        peer.write(
          encodeRequest("publicKey", { target: anna }, { clientId: ZERO_ID }),
        ),
      name_taken: () => peer.write(registration("anna")),
      registration_limit: async () => {
        await peer.ask("register", { name: "cora", publicKey: key });
        await peer.write(
          registration("dora"),
        );
      },
      unknown_target: () =>
        peer.write(
          encodeRequest("publicKey", { target: ZERO_ID }, { clientId: anna }),
        ),
      ids_used_up: () => peer.write(send(ben)),
      inbox_full: async () => {
        await peer.send(anna, anna, TEXT_CONTENT);
        await peer.write(send(anna));
      },
    };
    for (const refusal of legacyRefusals) {
      await provoke[refusal]();
      assertEquals((await peer.response()).code, 9000, refusal);
    }
    // Of these only one needs the operator.
    assertEquals(relay.reports.map(reasonOf), [
      "An inbox has used up its message ids and takes no message: " +
      "messageu-admin check tells, and messageu-admin restart-ids starts it anew",
    ]);
    const last = legacyRefusals.at(-1) ?? "";
    const { samples } = await scrapeUntil(url, refusals(last), 1);
    for (const refusal of legacyRefusals) {
      assertEquals(samples.get(refusals(refusal)), 1, refusal);
    }
    for (const refusal of [...secureRefusals, ...connectionRefusals]) {
      assertEquals(samples.get(refusals(refusal)), 0, refusal);
    }
    const outcomes = [...samples].filter(([name]) =>
      /requests_total.*"refused"/.test(name)
    );
    assertEquals(
      outcomes.reduce((sum, [, count]) => sum + count, 0),
      legacyRefusals.length,
    );
    assertEquals(samples.get(requests("other", "unknown", "refused")), 1);
    assertEquals(
      [...samples.keys()].filter((name) => name.includes("refusals_total")),
      [...requestRefusals, ...connectionRefusals].map(refusals),
    );
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a silent connection that is closed for another one is counted",
  async () => {
    await using monitored = await MonitoredRelay.start({ maxConnections: 1 });
    using first = await Peer.connect(monitored.relay.address);
    await first.register("anna");
    using second = await Peer.connect(monitored.relay.address);
    await second.register("ben");
    assertEquals(await first.responseBytes(), null);
    await scrapeUntil(monitored.url, "messageu_connections_silent_total", 1);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a connection that is closed for being stuck is counted",
  async () => {
    await using monitored = await MonitoredRelay.start({ progressTimeout: 20 });
    using peer = await Peer.connect(monitored.relay.address);
    await peer.write(new Uint8Array(5));
    assertEquals(await peer.responseBytes(), null);
    await scrapeUntil(monitored.url, "messageu_connections_stuck_total", 1);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a store that fails is counted as failing, and isn't a refusal",
  async () => {
    await using monitored = await MonitoredRelay.start();
    const { relay, url } = monitored;
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    const database = new Database(`${relay.dir}/db.defensive`);
    try {
      database.exec("ALTER TABLE messages RENAME TO hidden");
      const answer = await peer.ask(
        "sendMessage",
        { target: anna, type: 3, content: TEXT_CONTENT },
        anna,
      );
      assertEquals(answer.code, 9000);
    } finally {
      database.exec("ALTER TABLE hidden RENAME TO messages");
      database.close();
    }
    const failed = requests("603", "sendMessage", "failed");
    const { samples } = await scrapeUntil(url, failed, 1);
    assertEquals(samples.get("messageu_failures_total"), 1);
    assertEquals(samples.get(requests("603", "sendMessage", "refused")), 0);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "many scrapes at once cost no more than one",
  async () => {
    await using monitored = await MonitoredRelay.start();
    const texts = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const { samples } = await scrape(monitored.url);
        // It differs from one making of the text to the next.
        return samples.get("process_cpu_seconds_total");
      }),
    );
    assertEquals(new Set(texts).size < 20, true);
  },
);
