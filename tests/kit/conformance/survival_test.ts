/** The checks of servers that do what no server should. */

import { ByteSource } from "../../../shared/wire/byte_source.ts";
import { waitingHead } from "../../../shared/wire/response_framer.ts";
import { defaultDialect } from "../../../shared/wire/dialects.ts";
import {
  type MessageId,
  PROTOCOL_VERSION,
  REQUEST_HEADER_SIZE,
} from "../../../shared/wire/protocol.ts";
import { requestHeader } from "../../../shared/wire/frames.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  exitCode,
  type Outcome,
  tally,
} from "../../../kit/conformance/report/outcome.ts";
import { attempt } from "../../../kit/conformance/server/attempt.ts";
import { UserPool } from "../../../kit/conformance/server/user_pool.ts";
import {
  type Check,
  CheckFailure,
} from "../../../kit/conformance/server/check.ts";
import { checkServer } from "../../../kit/conformance/server/check_server.ts";
import { allChecks } from "../../../kit/conformance/server/checks.ts";
import { Probe } from "../../../kit/conformance/server/probe.ts";
import { Target } from "../../../kit/conformance/server/target.ts";
import { AnyServer } from "../../../kit/any_server.ts";
import {
  ANNA,
  exactly,
  lying,
  refused,
  registered,
} from "../../support/relays/misbehaviour.ts";
import { writeAll } from "../../../lab/harness/peer.ts";
import { testRelay } from "../../../lab/harness/resources.ts";
import {
  LOOPBACK,
  LOOPBACK_AND_FILES,
  slowTest,
  testWith,
} from "../../support/test_with.ts";

/** Serves a connection. */
type Serve = (conn: Deno.TcpConn) => Promise<void>;

/** Milliseconds that a response may take here. */
const TIMEOUT = 250;

/** Reads until the client ends. */
async function drain(conn: Deno.TcpConn): Promise<void> {
  const into = new Uint8Array(64 * 1024);
  while (await conn.read(into) !== null);
}

/** Answers whatever comes with the same bytes. */
const always = (bytes: Uint8Array): Serve => async (conn) => {
  const into = new Uint8Array(64 * 1024);
  while (await conn.read(into) !== null) await writeAll(conn, bytes);
};

async function outcomesOf(
  { address }: AnyServer,
  timeout = TIMEOUT,
): Promise<Outcome[]> {
  return await Array.fromAsync(checkServer({ address, timeout }));
}

/** Checks that all checks were reported, and returns the first one's reason. */
function reasonOfFirst(outcomes: readonly Outcome[]): string {
  assertEquals(
    outcomes.map(({ name }) => name),
    allChecks.map(({ name }) => name),
  );
  const [first] = outcomes;
  assertEquals([first?.name, first?.verdict], ["register-gives-id", "fail"]);
  assert(exitCode(tally(outcomes)) > 0);
  return first?.reason ?? "";
}

/** Reads requests one by one; answers registrations, and the rest as it is told once it has a header. */
const registersAnd = (rest: Serve): Serve => async (conn) => {
  // What follows a header is left to the rest.
  const take = (size: number) =>
    new ByteSource((into) => conn.read(into), { idleSize: size }).take(size);
  for (;;) {
    const head = await take(REQUEST_HEADER_SIZE);
    if (head === null) return;
    const { code, payloadSize } = requestHeader.decode(head);
    if (code !== 600) return await rest(conn);
    if (await take(payloadSize) === null) return;
    const id = crypto.getRandomValues(new Uint8Array(16));
    await writeAll(conn, exactly(2100, id));
  }
};

/** Answers at once, and whatever comes then, with the same bytes. */
const atOnce = (bytes: Uint8Array): Serve => async (conn) => {
  await writeAll(conn, bytes);
  await always(bytes)(conn);
};

/** Reads a little, and closes with the rest unread. */
const reset: Serve = async (conn) => {
  await conn.read(new Uint8Array(1));
};

const endless: Serve = async (conn) => {
  await conn.read(new Uint8Array(1));
  for (;;) await writeAll(conn, new Uint8Array(64 * 1024).fill(0x21));
};

const http = new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n");

/** Servers from which no whole response comes: the first check's reason. */
const silent: Record<
  string,
  { serve: Serve; reason: RegExp; timeout?: number }
> = {
  "says nothing": {
    serve: drain,
    reason: new RegExp(`^no response within ${TIMEOUT} ms$`),
  },
  "closes at once": {
    serve: () => Promise.resolve(),
    reason: /^no response and (the end of the|a broken) connection/,
  },
  "resets": {
    serve: reset,
    reason: /^no response and (the end of the|a broken) connection/,
  },
  "speaks another protocol": {
    serve: always(http),
    reason: /as its header claims$/,
  },
  "claims 4 GiB": {
    serve: always(lying(2100, 0xffffffff, new Uint8Array(16))),
    reason: /^a response 2100 with 4294967295 bytes, as its header claims$/,
  },
  "cuts its responses off": {
    serve: always(registered.subarray(0, 20)),
    reason: new RegExp(`^20 of 23 bytes within ${TIMEOUT} ms$`),
  },
  "answers without an end": {
    serve: endless,
    reason: /as its header claims$/,
    // All that it writes is in the way of who reads here.
    timeout: 2000,
  },
};

for (const [name, { serve, reason, timeout }] of Object.entries(silent)) {
  testWith(LOOPBACK, `a server that ${name} is asked no more`, async () => {
    await using server = new AnyServer(serve);
    const outcomes = await outcomesOf(server, timeout);
    assertMatch(reasonOfFirst(outcomes), reason);
    assert(server.connections <= 2, "the second is in the other byte order");
    const reasons = new Set(outcomes.slice(1).map(({ reason }) => reason));
    assertEquals(reasons.size, 1);
    const [rest = ""] = reasons;
    assertMatch(
      rest.slice(`127.0.0.1:${server.address.port} `.length),
      /^(doesn't answer a registration|has no response to a registration that can be read: see register-gives-id)$/,
    );
  });
}

for (
  const [name, response, reason] of [
    ["refuses everything", refused, "9000 with no payload"],
    [
      "registers without an id",
      exactly(2100, new Uint8Array()),
      "2100 with no payload",
    ],
    [
      "answers with other codes",
      exactly(2999, new Uint8Array(5)),
      "2999 with 5 bytes",
    ],
  ] as const
) {
  testWith(
    LOOPBACK,
    `a server that ${name} fails the first check, and the others need what it lacks`,
    async () => {
      await using server = new AnyServer(always(response));
      const outcomes = await outcomesOf(server);
      assertEquals(reasonOfFirst(outcomes), reason);
      const pull = outcomes.find(({ name }) => name === "pull-once");
      assertEquals([pull?.verdict, pull?.reason?.slice(0, 17)], [
        "skipped",
        "couldn't register",
      ]);
    },
  );
}

const afterRegistration: Record<string, Serve> = {
  "says nothing": drain,
  "resets": reset,
  "closes": () => Promise.resolve(),
  "speaks another protocol": atOnce(http),
  "claims 4 GiB": atOnce(lying(2101, 0xffffffff, new Uint8Array(16))),
  "cuts its responses off": atOnce(registered.subarray(0, 20)),
  "answers without an end": endless,
  "answers with other codes": atOnce(exactly(2999, new Uint8Array(5))),
  "answers more than a block": atOnce(exactly(2102, new Uint8Array(5000))),
};

for (const [name, rest] of Object.entries(afterRegistration)) {
  // What has no end keeps a processor busy until all checks have timed out.
  const register = rest === endless ? slowTest : testWith;
  register(
    LOOPBACK,
    `a server that registers and then ${name} fails checks, and all of them end`,
    async () => {
      await using server = new AnyServer(registersAnd(rest));
      const outcomes = await outcomesOf(server);
      assertEquals(
        outcomes.map(({ name }) => name),
        allChecks.map(({ name }) => name),
      );
      const [first, last] = [outcomes[0], outcomes.at(-1)];
      assertEquals(first?.verdict, "pass");
      assert(last?.verdict !== "pass");
      const listing = outcomes.find(({ name }) => name === "key-with-owner");
      assert(listing?.verdict !== "pass");
    },
  );
}

testWith(
  LOOPBACK,
  "a server with 200000 messages in a response fails the check that sent none",
  async () => {
    const message = waitingHead.encode({
      sender: ANNA,
      messageId: 1 as MessageId,
      type: 3,
      contentSize: 0,
    });
    const count = 200_000;
    const messages = new Uint8Array(count * message.length);
    for (let at = 0; at < count; at++) {
      messages.set(message, at * message.length);
    }
    await using server = new AnyServer(
      registersAnd(atOnce(exactly(2104, messages))),
    );
    const only = ["cut-off-message"];
    const [outcome] = await Array.fromAsync(
      checkServer({ address: server.address, only }),
    );
    assertEquals(outcome?.verdict, "fail");
  },
);

slowTest(
  LOOPBACK,
  "a response that is larger than any of its kind isn't waited for",
  async () => {
    const size = 2 * 1024 * 1024;
    await using server = new AnyServer(
      registersAnd(atOnce(lying(2102, size, new Uint8Array(16)))),
    );
    const [outcome] = await Array.fromAsync(
      checkServer({
        address: server.address,
        only: ["key-with-owner"],
        timeout: 500,
      }),
    );
    assertEquals(
      outcome?.reason,
      `a response 2102 with ${size} bytes, as its header claims`,
    );
  },
);

testWith(
  LOOPBACK,
  "a run has a limit of time",
  async () => {
    await using server = new AnyServer(registersAnd(atOnce(refused)));
    const outcomes = await Array.fromAsync(
      checkServer({
        address: server.address,
        only: ["registration", "names"],
        longest: 0,
      }),
    );
    const { port } = server.address;
    assertEquals(
      [...new Set(outcomes.slice(1, -1).map(({ reason }) => reason))],
      [`127.0.0.1:${port} is slow: 0 seconds are over`],
    );
    // It is there, though it takes no messages.
    const last = outcomes.at(-1);
    assertEquals([last?.name, last?.verdict], ["still-serves", "skipped"]);
  },
);

testWith(LOOPBACK, "a reason has a limit of length", async () => {
  const [check] = allChecks as readonly [Check];
  const target = new Target(
    { hostname: "127.0.0.1", port: 1 },
    TIMEOUT,
    { dialect: defaultDialect, version: PROTOCOL_VERSION },
  );
  const probe = new Probe(target, new UserPool());
  const run = () => Promise.reject(new CheckFailure("one", "x".repeat(1e6)));
  const { reason } = await attempt({ ...check, run }, probe);
  assertEquals(reason?.length, 1000);
});

testWith(
  LOOPBACK,
  "a server that can't be reached is reported, and no check is tried",
  async () => {
    const server = new AnyServer(drain);
    const { address } = server;
    await server[Symbol.asyncDispose]();
    const outcomes = await Array.fromAsync(checkServer({ address }));
    assertMatch(reasonOfFirst(outcomes), /refused/);
    const reasons = new Set(outcomes.slice(1).map(({ reason }) => reason));
    assertEquals([...reasons], [
      `127.0.0.1:${address.port} doesn't answer a registration`,
    ]);
  },
);

testWith(
  LOOPBACK,
  "the first check is reported if it fails, even if others are chosen",
  async () => {
    await using server = new AnyServer(drain);
    const outcomes = await Array.fromAsync(
      checkServer({
        address: server.address,
        timeout: TIMEOUT,
        only: ["pull-once"],
      }),
    );
    assertEquals(
      outcomes.map(({ name, verdict }) => [name, verdict]),
      [["register-gives-id", "fail"], ["pull-once", "skipped"]],
    );
  },
);

/** Carries bytes between a client and a relay, the responses as it is told. */
async function forward(
  conn: Deno.TcpConn,
  address: { hostname: string; port: number },
  response: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const relay = await Deno.connect(address);
  const carry = async (
    from: Deno.TcpConn,
    write: (bytes: Uint8Array) => Promise<void>,
    to: Deno.TcpConn,
  ) => {
    const into = new Uint8Array(64 * 1024);
    for (let count; (count = await from.read(into)) !== null;) {
      await write(into.subarray(0, count));
    }
    await to.closeWrite();
  };
  const there = carry(conn, (bytes) => writeAll(relay, bytes), relay);
  const back = carry(relay, response, conn);
  // Where one way breaks the other one is to end, too.
  await Promise.all([there, back]).catch(() => {});
  relay.close();
  await Promise.allSettled([there, back]);
}

testWith(
  LOOPBACK_AND_FILES,
  "a server that writes byte by byte passes other checks",
  async () => {
    await using relay = await testRelay();
    await using server = new AnyServer((conn) => {
      conn.setNoDelay(true);
      return forward(conn, relay.address, async (bytes) => {
        for (const byte of bytes) await writeAll(conn, Uint8Array.of(byte));
      });
    });
    const outcomes = await Array.fromAsync(
      checkServer({
        address: server.address,
        only: ["keys", "pull-o*", "failures"],
      }),
    );
    assert(outcomes.length > 15);
    assertEquals(outcomes.filter(({ verdict }) => verdict !== "pass"), []);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a server that serves one client at a time fails only the checks of that",
  async () => {
    await using relay = await testRelay();
    let turn = Promise.resolve();
    await using server = new AnyServer((conn) => {
      const served = turn.then(() =>
        forward(conn, relay.address, (bytes) => writeAll(conn, bytes))
      );
      turn = served.catch(() => {});
      return served;
    });
    const outcomes = await Array.fromAsync(
      checkServer({
        address: server.address,
        timeout: 1000,
        only: ["keys", "pull-once", "others-silent", "failures"],
      }),
    );
    assert(outcomes.length > 15);
    assertEquals(
      outcomes.filter(({ verdict }) => verdict !== "pass").map(({ name }) =>
        name
      ),
      ["others-silent"],
    );
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a server that dies fails the last check, even if it isn't chosen",
  async () => {
    await using relay = await testRelay();
    const server: AnyServer = new AnyServer(async (conn) => {
      if (server.connections > 40) {
        server.close();
        return;
      }
      await forward(conn, relay.address, (bytes) => writeAll(conn, bytes));
    });
    await using _server = server;
    const outcomes = await Array.fromAsync(
      checkServer({
        address: server.address,
        timeout: TIMEOUT,
        only: ["names", "list", "keys"],
      }),
    );
    const last = outcomes.at(-1);
    assertEquals([last?.name, last?.verdict], ["still-serves", "fail"]);
    assertEquals(
      outcomes.filter(({ verdict, reason }) =>
        verdict === "fail" && /connection refused/.test(reason ?? "")
      ),
      [last],
      "no other check fails for want of a connection",
    );
    assertMatch(
      outcomes.at(-2)?.reason ?? "",
      /takes no connections any more$/,
    );
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "an interrupted run reports its finished checks",
  async () => {
    await using relay = await testRelay();
    const controller = new AbortController();
    const outcomes: Outcome[] = [];
    for await (
      const outcome of checkServer({
        address: relay.address,
        signal: controller.signal,
      })
    ) {
      outcomes.push(outcome);
      if (outcomes.length === 3) controller.abort();
    }
    assert(outcomes.length >= 3 && outcomes.length < allChecks.length);
    assertEquals(outcomes.filter(({ verdict }) => verdict !== "pass"), []);
  },
);
