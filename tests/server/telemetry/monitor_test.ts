import {
  assertEquals,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Database } from "@db/sqlite";
import { encodeRequest } from "../../../shared/wire/frames.ts";
import { ZERO_ID } from "../../../shared/wire/protocol.ts";
import {
  defaultLimits,
  MemoryStore,
  type NewClient,
  startRelay,
} from "../../../server/mod.ts";
import { Monitor } from "../../../server/telemetry/monitor.ts";
import {
  MonitoredRelay,
  startMonitor,
} from "../../support/relays/monitored_relay.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import {
  LOOPBACK,
  LOOPBACK_AND_FILES,
  PROGRAMS,
  SHELL,
  testWith,
} from "../../support/test_with.ts";
import { scrapeUntil } from "../../support/relays/scrape.ts";
import { until } from "../../../lab/harness/until.ts";
import { Program } from "../../../lab/harness/program.ts";

/** What a page beside the metrics answers. */
async function ask(url: string, path: string, method = "GET") {
  const response = await fetch(new URL(path, url), { method });
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    allow: response.headers.get("allow"),
    text: await response.text(),
  };
}

const PLAIN = "text/plain; charset=utf-8";
const OK = { status: 200, type: PLAIN, allow: null, text: "ok\n" };

testWith(
  LOOPBACK_AND_FILES,
  "a relay that serves is healthy and ready",
  async () => {
    await using monitored = await MonitoredRelay.start();
    assertEquals(await ask(monitored.url, "/healthz"), OK);
    assertEquals(await ask(monitored.url, "/readyz"), OK);
    const metrics = await ask(monitored.url, "/metrics");
    assertEquals(metrics.status, 200);
    assertEquals(metrics.type, "text/plain; version=0.0.4; charset=utf-8");
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "only GET and HEAD are answered, and only what is there",
  async () => {
    await using monitored = await MonitoredRelay.start();
    const { url } = monitored;
    for (const path of ["/metrics", "/healthz", "/readyz"]) {
      const head = await ask(url, path, "HEAD");
      assertEquals([head.status, head.text], [200, ""], path);
      for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
        const { status, allow } = await ask(url, path, method);
        assertEquals([status, allow], [405, "GET, HEAD"], path);
      }
    }
    for (const path of ["/", "/metrics/", "/constructor", "/x?y=/metrics"]) {
      assertEquals((await ask(url, path)).status, 404, path);
    }
    assertEquals((await ask(url, "/healthz?verbose=1")).status, 200);
  },
);

testWith(
  LOOPBACK,
  "until a relay is shown it isn't ready, but healthy",
  async () => {
    const monitor = startMonitor();
    try {
      const starting = { ...OK, status: 503, text: "The relay is starting\n" };
      assertEquals(await ask(monitor.url, "/readyz"), starting);
      assertEquals(await ask(monitor.url, "/metrics"), starting);
      assertEquals(await ask(monitor.url, "/healthz"), OK);
    } finally {
      await monitor.close();
    }
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a relay whose store doesn't answer in time isn't ready, until it does",
  async () => {
    await using monitored = await MonitoredRelay.start();
    const { relay, url } = monitored;
    const other = new Database(`${relay.dir}/db.defensive`);
    try {
      // Its writer waits for this lock five seconds.
      other.exec("BEGIN IMMEDIATE");
      assertEquals(await ask(url, "/readyz"), {
        ...OK,
        status: 503,
        text: "The store can't be used: no answer within 2 seconds\n",
      });
      other.exec("ROLLBACK");
    } finally {
      other.close();
    }
    await until(
      "it to be ready",
      async () => (await ask(url, "/readyz")).status === 200,
    );
  },
);

testWith(PROGRAMS, "a relay that drains isn't ready, but healthy", async () => {
  await using folder = await temporaryFolder();
  const flags = ["--port", "0", "--metrics", "127.0.0.1:0"];
  const detailed = ["--log-level", "debug"];
  await using program = Program.relay(folder.path, ...flags, ...detailed);
  const [, url = ""] = await program.prints(/^metrics on (\S+)$/m);
  using peer = await Peer.connect(await program.address());
  assertEquals((await ask(url, "/readyz")).status, 200);
  const request = encodeRequest(
    "register",
    { name: "anna", publicKey: new Uint8Array(160) },
    { clientId: ZERO_ID },
  );
  // An answer shows that the relay has begun to read what comes behind it.
  const list = encodeRequest("clientsList", {}, { clientId: ZERO_ID });
  await peer.write(new Uint8Array([...list, ...request.subarray(0, 30)]));
  assertEquals((await peer.response()).code, 9000);
  // The log and the metrics watch the same request.
  await scrapeUntil(
    url,
    'messageu_requests_total{code="601",request="clientsList",outcome="refused"}',
    1,
  );
  await program.stop();
  await until(
    "it to be no longer ready",
    async () => (await ask(url, "/readyz")).status === 503,
  );
  assertEquals(await ask(url, "/readyz"), {
    ...OK,
    status: 503,
    text: "The relay is stopping\n",
  });
  assertEquals(await ask(url, "/healthz"), OK);
  await peer.write(request.subarray(30));
  assertEquals((await peer.response()).code, 2100);
  const { code, stderr } = await program.end();
  assertEquals(code, 0);
  assertMatch(stderr, /^debug: stopping$/m);
  assertMatch(stderr, /^debug: request .* code=600 .* outcome=answered /m);
});

testWith(
  SHELL,
  "without file descriptors a relay isn't ready, and goes on when there are some",
  async () => {
    await using folder = await temporaryFolder();
    const flags = ["--metrics", "127.0.0.1:0"];
    await using program = Program.relayWithFiles(64, folder.path, ...flags);
    const [, url = ""] = await program.prints(/^metrics on (\S+)$/m);
    const address = await program.address();
    const monitor = { hostname: "127.0.0.1", port: Number(new URL(url).port) };
    // Its `readable` closes it.
    const early = await Deno.connect(monitor);
    // A later one is served, so it is in.
    assertEquals(await ask(url, "/healthz"), OK);
    const crowd: Deno.TcpConn[] = [];
    try {
      // Connections to the relay would make room for each other.
      for (let i = 0; i < 30; i++) crowd.push(await Deno.connect(monitor));
      await until("the relay to be full", async () => {
        using _one = await Deno.connect(address);
        await new Promise((resolve) => setTimeout(resolve, 20));
        return program.complained.includes("Can't accept a connection");
      });
      const request = "GET /readyz HTTP/1.1\r\nHost: relay\r\n\r\n";
      await early.write(new TextEncoder().encode(request));
      const answer = await new Response(early.readable).text();
      assertStringIncludes(answer, "HTTP/1.1 503 Service Unavailable\r\n");
      assertStringIncludes(answer, "The relay can't accept connections\n");
    } finally {
      crowd.forEach((conn) => conn.close());
    }
    await until(
      "it to be ready again",
      async () => (await ask(url, "/readyz")).status === 200,
    );
    await program.stop();
    assertEquals((await program.end()).code, 0);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "who hangs on the monitor doesn't hold the relay up",
  async () => {
    const open: Deno.TcpConn[] = [];
    try {
      await using monitored = await MonitoredRelay.start();
      const { hostname, port } = new URL(monitored.url);
      for (
        const begun of [
          "",
          "GET /metrics HT",
          "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
        ]
      ) {
        const conn = await Deno.connect({ hostname, port: Number(port) });
        open.push(conn);
        await conn.write(new TextEncoder().encode(begun));
      }
      assertEquals(await ask(monitored.url, "/healthz"), OK);
    } finally {
      for (const conn of open) conn.close();
    }
  },
);

testWith(
  LOOPBACK,
  "a port with too many connections says so",
  async () => {
    const monitor = startMonitor();
    const { hostname, port } = new URL(monitor.url);
    const open: Deno.TcpConn[] = [];
    try {
      for (let count = 0; count < 32; count++) {
        open.push(await Deno.connect({ hostname, port: Number(port) }));
      }
      assertEquals(await ask(monitor.url, "/healthz"), {
        ...OK,
        status: 503,
        text: "This port is full: it has 32 connections\n",
      });
      open.splice(0).forEach((conn) => conn.close());
      await until(
        "room",
        async () => (await ask(monitor.url, "/healthz")).status === 200,
      );
    } finally {
      for (const conn of open) conn.close();
      await monitor.close();
    }
  },
);

/** A store whose registrations wait. */
class HeldStore extends MemoryStore {
  readonly held = Promise.withResolvers<void>();
  readonly freed = Promise.withResolvers<void>();

  override async register(client: NewClient, now: Date): Promise<boolean> {
    this.held.resolve();
    await this.freed.promise;
    return await super.register(client, now);
  }
}

testWith(
  LOOPBACK,
  "a relay that works for all connections it may have isn't ready",
  async () => {
    const monitor = startMonitor();
    const store = new HeldStore();
    const limits = { ...defaultLimits, maxConnections: 1 };
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const relay = startRelay({ listener, store, limits });
    monitor.show({
      ...{ relay, store, limits },
      failures: () => 0,
      droppedLines: () => 0,
    });
    try {
      using busy = await Peer.connect(relay.address);
      const registered = busy.register("anna");
      await store.held.promise;
      using refused = await Peer.connect(relay.address);
      assertEquals(await refused.responseBytes(), null);
      assertEquals(await ask(monitor.url, "/readyz"), {
        ...OK,
        status: 503,
        text: "The relay is full: see --max-connections\n",
      });
      store.freed.resolve();
      await registered;
      // A silent connection would make room, though it stays.
      await until(
        "it to be ready",
        async () => (await ask(monitor.url, "/readyz")).status === 200,
      );
      assertEquals(relay.connections, 1);
    } finally {
      store.freed.resolve();
      await relay.close();
      await monitor.close();
    }
  },
);

testWith(LOOPBACK, "what isn't HTTP is refused, however it comes", async () => {
  const monitor = startMonitor();
  try {
    const { hostname, port } = new URL(monitor.url);
    const say = async (...pieces: string[]) => {
      const conn = await Deno.connect({ hostname, port: Number(port) });
      const answer = new Response(conn.readable).text();
      for (const piece of pieces) {
        await conn.write(new TextEncoder().encode(piece));
      }
      return (await answer).split("\r\n")[0];
    };
    const ok = "HTTP/1.1 200 OK";
    const bad = "HTTP/1.1 400 Bad Request";
    assertEquals(await say("GET /healthz HTTP/1.1\r\n\r\n"), ok);
    assertEquals(
      await say("GET /hea", "lthz HTTP/1.0\r\nA: b\r", "\n\r\n"),
      ok,
    );
    assertEquals(await say("\x16\x03\x01\r\n\r\n"), bad);
    assertEquals(await say("GET http://x/healthz HTTP/1.1\r\n\r\n"), bad);
    assertEquals(await say("x".repeat(8192)), bad);
  } finally {
    await monitor.close();
  }
});

testWith(LOOPBACK, "an address that is in use is named", async () => {
  const first = startMonitor();
  try {
    const { port } = new URL(first.url);
    assertThrows(
      () =>
        Monitor.start({ hostname: "127.0.0.1", port: Number(port) }, () => {}),
      Error,
      `Can't serve metrics on 127.0.0.1:${port}: it is in use. Take another address with --metrics`,
    );
  } finally {
    await first.close();
  }
});
