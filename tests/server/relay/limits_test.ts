import { assert, assertEquals, assertRejects } from "@std/assert";
import { countedAddress } from "../../../server/relay/limits/client_address.ts";
import { readCommandLine } from "../../../shared/cli/command_line.ts";
import {
  limitFlags,
  limitsOf,
} from "../../../server/relay/limits/limit_flags.ts";
import { defaultLimits } from "../../../server/relay/limits/limits.ts";
import {
  Account,
  ConnectionLimit,
} from "../../../server/relay/limits/connection_limit.ts";
import { ConnectionMemory } from "../../../server/relay/limits/connection_memory.ts";
import { MemoryBudget } from "../../../server/relay/limits/memory_budget.ts";
import { TurnQueue } from "../../../server/relay/limits/turn_queue.ts";
import {
  LOOKS_PER_TIMEOUT,
  StallDetector,
} from "../../../server/relay/limits/stall_detector.ts";
import { RateLimit } from "../../../server/relay/limits/rate_limit.ts";
import { UsageError } from "../../../shared/cli/program.ts";
import { encodeRequest } from "../../../shared/wire/frames.ts";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import { testRelay } from "../../../lab/harness/resources.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";
import { until } from "../../../lab/harness/until.ts";
import { pullRequest } from "../../../kit/requests.ts";

const KEY = new Uint8Array(160).fill(7);
const MIB = 1024 * 1024;

Deno.test("connections are counted by address", () => {
  const limit = new ConnectionLimit({
    maxConnections: 3,
    maxConnectionsPerAddress: 2,
  });
  const admitted = ["a", "a", "a", "b", "c"]
    .map((a) => limit.admit(limit.account(a)));
  assertEquals(admitted, [
    undefined,
    undefined,
    "connections_per_address",
    undefined,
    "connections",
  ]);
  limit.leave(limit.account("a"));
  assertEquals(limit.admit(limit.account("a")), undefined);
  const none = new ConnectionLimit({
    maxConnections: 0,
    maxConnectionsPerAddress: 0,
  });
  const account = none.account("a");
  for (let i = 0; i < 100; i++) assertEquals(none.admit(account), undefined);
});

Deno.test("an address is counted as itself, of IPv6 as its network", () => {
  const cases: [string, string][] = [
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:db8::9", "2001:db8:0:0::/64"],
    ["2001:db8::1:2:3:4:5", "2001:db8:0:1::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::", "fe80:0:0:0::/64"],
  ];
  for (const [address, counted] of cases) {
    assertEquals(countedAddress(address), counted);
  }
});

for (
  const [limits, fits] of [
    [{ maxWaiting: 3 }, 3],
    [{ maxWaitingBytes: 250 }, 2],
    [{ maxWaiting: 0, maxWaitingBytes: 0 }, 20],
  ] as const
) {
  testWith(
    LOOPBACK_AND_FILES,
    `an inbox takes what ${
      JSON.stringify(limits)
    } allows, and again when it was emptied`,
    async () => {
      await using relay = await testRelay({ limits });
      using peer = await Peer.connect(relay.address);
      const anna = await peer.register("anna");
      const ben = await peer.register("ben");
      const send = async () => {
        const message = {
          target: anna,
          type: 3,
          content: new Uint8Array(100),
        } as const;
        return (await peer.ask("sendMessage", message, ben)).code;
      };
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < fits; i++) assertEquals(await send(), 2103);
        if (fits < 20) assertEquals(await send(), 9000);
        // Nobody else's inbox is fuller for it.
        await peer.send(ben, ben, new Uint8Array(1));
        assertEquals((await peer.pull(anna)).length, fits);
        await peer.pull(ben);
      }
    },
  );
}

testWith(
  LOOPBACK_AND_FILES,
  "an inbox that was filled before the relay's start is full after it",
  async () => {
    await using relay = await testRelay({ limits: { maxWaiting: 2 } });
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    await peer.send(anna, anna, new Uint8Array(1));
    await peer.send(anna, anna, new Uint8Array(1));
    await relay.restart();
    using again = await Peer.connect(relay.address);
    const content = new Uint8Array(1);
    const message = { target: anna, type: 3, content } as const;
    const { code } = await again.ask("sendMessage", message, anna);
    assertEquals(code, 9000);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "one registration too many in a minute gets 9000",
  async () => {
    const limits = { registrationsPerMinute: 3 };
    await using relay = await testRelay({ limits });
    using peer = await Peer.connect(relay.address);
    const codes: number[] = [];
    for (const [i, name] of ["anna", "ben", "anna", "cora", "dan"].entries()) {
      const publicKey = KEY.map((byte) => byte ^ i);
      codes.push((await peer.ask("register", { name, publicKey })).code);
    }
    // The name that was taken counts too.
    assertEquals(codes, [2100, 2100, 9000, 9000, 9000]);
  },
);

Deno.test("registrations come back with time, by address", () => {
  const limit = new RateLimit(3);
  const admitted = (address: string, times: readonly number[]) =>
    times.map((at) => limit.admit(address, at));
  const start = 1e12;
  assertEquals(admitted("a", [start, start, start, start]), [
    true,
    true,
    true,
    false,
  ]);
  assertEquals(admitted("b", [start]), [true]);
  const [early, due] = [start + 19_990, start + 20_000];
  assertEquals(admitted("a", [early, due, due]), [false, true, false]);
  const later = start + 200_000;
  assertEquals(admitted("a", [later, later, later, later]), [
    true,
    true,
    true,
    false,
  ]);
});

Deno.test("addresses take turns, however long the line of one is", () => {
  const queue = new TurnQueue<string>();
  const [a, b, c] = ["a", "b", "c"].map((address) => new Account(address));
  assert(a && b && c);
  ["a1", "a2", "a3", "a4"].forEach((item) => queue.add(a, item));
  ["b1", "b2"].forEach((item) => queue.add(b, item));
  queue.add(c, "c1");
  const served: string[] = [];
  let left = 4;
  // What can't be served keeps its place, and holds up no other address.
  queue.serve((item) => item !== "b2" && left-- > 0 && served.push(item) > 0);
  assertEquals(served.splice(0), ["a1", "b1", "c1", "a2"]);
  assertEquals(queue.remove(a, (item) => item === "a3"), ["a3"]);
  queue.serve((item) => served.push(item) > 0);
  assertEquals(served, ["b2", "a4"]);
  assert(queue.empty);
});

Deno.test("answers that never wait for a client leave others their time", async () => {
  const budget = new MemoryBudget({
    maxInflight: 64 * MIB,
    maxMessage: 8 * MIB,
    progressTimeout: 30_000,
  });
  const account = new Account("a");
  const holder = { account, moved: 0, waiting: false, close() {} };
  const memory = new ConnectionMemory(budget, holder);
  let isOthersTurn = false;
  setTimeout(() => isOthersTurn = true);
  for (let pieces = 0; !isOthersTurn; pieces++) {
    assert(pieces < 1_000_000, "the event loop came to nothing else");
    await memory.reserve(MIB / 4);
  }
  memory.end();
  budget.end();
  assertEquals(budget.used, 0);
});

/** Somebody's file to themselves, as it goes over the wire. */
function fileFrame(client: ClientId, content: Uint8Array): Uint8Array {
  const message = { target: client, type: 4, content } as const;
  return encodeRequest("sendMessage", message, { clientId: client });
}

testWith(
  LOOPBACK_AND_FILES,
  "past maxInflight a large request waits, and small ones don't",
  async () => {
    const limits = { maxMessage: 4 * MIB, maxInflight: 8 * MIB };
    await using relay = await testRelay({ limits });
    using small = await Peer.connect(relay.address);
    const anna = await small.register("anna");
    const content = new Uint8Array(3 * MIB);
    const frame = fileFrame(anna, content);
    using one = await Peer.connect(relay.address);
    using two = await Peer.connect(relay.address);
    using three = await Peer.connect(relay.address);
    const begun: [Peer, Promise<void>][] = [];
    for (const peer of [one, two]) {
      const list = encodeRequest("clientsList", {}, { clientId: anna });
      await peer.write(list);
      assertEquals((await peer.response()).code, 2101);
      begun.push([peer, peer.write(frame.subarray(0, 2 * MIB))]);
    }
    const sendSmall = async (times: number) => {
      for (let i = 0; i < times; i++) {
        await small.send(anna, anna, content.subarray(0, 9));
      }
    };
    await sendSmall(10);
    const written = three.write(frame);
    let answered = false;
    const third = three.response().then(({ code }) => {
      answered = true;
      return code;
    });
    // Of a test that fails before it is awaited, that failure counts.
    third.catch(() => {});
    await sendSmall(30);
    assertEquals(answered, false);
    for (const [peer, written] of begun) {
      await written;
      await peer.write(frame.subarray(2 * MIB));
      assertEquals((await peer.response()).code, 2103);
    }
    await written;
    assertEquals(await third, 2103);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a large request that dawdles while others wait for its memory is cut off",
  async () => {
    const limits = {
      maxMessage: 4 * MIB,
      maxInflight: 8 * MIB,
      progressTimeout: 400,
    };
    await using relay = await testRelay({ limits });
    using small = await Peer.connect(relay.address);
    const anna = await small.register("anna");
    const content = new Uint8Array(3 * MIB);
    const frame = fileFrame(anna, content);
    using slow = await Peer.connect(relay.address);
    let sent = 2 * MIB;
    await slow.write(frame.subarray(0, sent));
    using other = await Peer.connect(relay.address);
    let answered = false;
    const written = other.write(frame);
    const answer = other.response().finally(() => answered = true);
    // Of a test that fails before it is awaited, that failure counts.
    answer.catch(() => {});
    // Fast enough if no request waited: 64 bytes for each text kept meanwhile.
    for (; !answered && sent < frame.length; sent += 64) {
      await slow.write(frame.subarray(sent, sent + 64)).catch(() => {});
      await small.send(anna, anna, content.subarray(0, 9));
    }
    assert(sent < frame.length, "the slow one came to its end");
    await written;
    assertEquals((await answer).code, 2103);
    await assertRejects(async () => {
      if (await slow.responseBytes() === null) throw new Error("closed");
    });
  },
);

Deno.test("a client that gets too little further within the time-out is stuck", () => {
  const looks = (each: number, timeouts?: number) => {
    const detector = new StallDetector();
    let moved = 0;
    for (let look = 1; look <= 100; look++) {
      const progress = detector.look(true, moved += each, timeouts);
      if (progress === "stuck") return look;
    }
    return undefined;
  };
  assertEquals(looks(0), LOOKS_PER_TIMEOUT + 2);
  assertEquals(looks(0, 2), 2 * LOOKS_PER_TIMEOUT + 2);
  assertEquals(looks(16 * 1024 / LOOKS_PER_TIMEOUT), undefined);
});

testWith(
  LOOPBACK_AND_FILES,
  "pulls that aren't read hold up pulls of their address, and no other request",
  async () => {
    // Pieces of a mebibyte may take a third of 18 MiB.
    const limits = { maxMessage: 24 * MIB, maxInflight: 48 * MIB };
    await using relay = await testRelay({ limits });
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    // More than the system takes off the relay's hands.
    await peer.send(anna, anna, new Uint8Array(23 * MIB));
    const pull = pullRequest(anna);
    const pulling = await Promise.all(
      Array.from({ length: 9 }, () => Peer.connect(relay.address)),
    );
    try {
      for (const other of pulling) await other.write(pull);
      await until(
        "as many pieces as there is room for",
        () => relay.relay.counters.inflight > 5 * MIB,
      );
      const key = await peer.ask("publicKey", { target: anna }, anna);
      assertEquals(key.code, 2102);
      await peer.send(anna, anna, new Uint8Array(1));
    } finally {
      pulling.forEach(({ conn }) => conn.close());
    }
  },
);

Deno.test("limits are read from their flags", async () => {
  const read = async (...flags: string[]) =>
    limitsOf((await readCommandLine(flags, limitFlags)).values);
  assertEquals(await read(), defaultLimits);
  const limits = await read(
    ...["--max-message", "1m", "--max-inflight=16M", "--max-connections", "0"],
    ...["--max-waiting-bytes", "1000", "--registrations-per-minute", "7"],
  );
  assertEquals(limits, {
    ...defaultLimits,
    maxMessage: MIB,
    maxInflight: 16 * MIB,
    maxConnections: 0,
    maxWaitingBytes: 1000,
    registrationsPerMinute: 7,
  });
  const refused: [flag: string, value: string, sentence: string][] = [
    [
      "--max-message",
      "0",
      '--max-message: expected a size in bytes, or with K, M or G, from 1K to 1G, got "0"',
    ],
    [
      "--max-connections",
      "1K",
      '--max-connections: expected a number from 0 to 1000000000, got "1K"',
    ],
    [
      "--max-inflight",
      "100M",
      "--max-inflight 100M is less than twice --max-message 64M: raise the one or lower the other",
    ],
  ];
  for (const [flag, value, sentence] of refused) {
    await assertRejects(() => read(flag, value), UsageError, sentence);
  }
});
