/** What the metrics tell of the secure port. */

import { assertEquals } from "@std/assert";
import { drawIdentity } from "../../../lab/harness/secure/identity.ts";
import { secureFrame, SecurePeer } from "../../../lab/harness/secure/peer.ts";
import { startSecureRelay } from "../../../lab/harness/secure/secure_relay.ts";
import { defaultLimits } from "../../../server/mod.ts";
import {
  secureRequestCode,
  secureRequestKinds,
} from "../../../shared/secure/secure_requests.ts";
import type { Seq } from "../../../shared/secure/secure_protocol.ts";
import { startMonitor } from "../../support/relays/monitored_relay.ts";
import { scrape, scrapeUntil } from "../../support/relays/scrape.ts";
import { LOOPBACK, testWith } from "../../support/test_with.ts";

const requests = (code: number, request: string, outcome: string) =>
  `messageu_requests_total{code="${code}",request="${request}",outcome="${outcome}"}`;

testWith(LOOPBACK, "the metrics show the secure port", async () => {
  const monitor = startMonitor();
  const { url } = monitor;
  await using secure = await startSecureRelay({ watcher: monitor.requests });
  const { relay, store, line } = secure;
  monitor.show({
    relay,
    store,
    limits: defaultLimits,
    failures: () => 0,
    droppedLines: () => 0,
  });
  try {
    const garbage = await Deno.connect(line);
    await garbage.write(new Uint8Array(100));
    await scrapeUntil(
      url,
      'messageu_secure_handshakes_total{outcome="failed"}',
      1,
    );
    garbage.close();
    const anna = await drawIdentity("anna");
    using peer = await SecurePeer.registered(line, anna);
    const fetch = { acknowledged: 0 as Seq, wait: 50, most: 1 };
    await peer.write(secureFrame("fetch", fetch, peer.device));
    const { samples } = await scrapeUntil(
      url,
      "messageu_secure_held_requests",
      1,
    );
    const value = (name: string) => samples.get(name);
    assertEquals(value("messageu_secure_connections"), 1);
    assertEquals(value("messageu_connections"), 1);
    assertEquals(
      value('messageu_secure_handshakes_total{outcome="completed"}'),
      1,
    );
    assertEquals(value("messageu_secure_waiting_messages"), 0);
    assertEquals(value(requests(3000, "hello", "answered")), 2);
    assertEquals(value(requests(3001, "register", "answered")), 1);
    assertEquals(value(requests(3008, "fetch", "answered")), 0);
    for (const kind of secureRequestKinds) {
      const code = secureRequestCode(kind);
      assertEquals(samples.has(requests(code, kind, "refused")), true, kind);
    }
    peer.close();
    await scrapeUntil(url, "messageu_secure_connections", 0);
    const { samples: last } = await scrape(url);
    assertEquals(last.get("messageu_secure_held_requests"), 0);
  } finally {
    await monitor.close();
  }
});
