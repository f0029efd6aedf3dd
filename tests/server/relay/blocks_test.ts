import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes";
import { Socket } from "node:net";
import { decodeResponse } from "../../../lab/harness/responses.ts";
import {
  type Dialect,
  dialectNamed,
  dialects,
} from "../../../shared/wire/dialects.ts";
import { type ClientId, ZERO_ID } from "../../../shared/wire/protocol.ts";
import {
  encodeRequest,
  requestHeader,
  requestHeaderOf,
  responseHeader,
} from "../../../shared/wire/frames.ts";
import { Peer, writeAll } from "../../../lab/harness/peer.ts";
import { type TestRelay, testRelay } from "../../../lab/harness/resources.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";
import { until } from "../../../lab/harness/until.ts";
import { PULL, pullRequest } from "../../../kit/requests.ts";

const blocks = dialectNamed("blocks");
const KEY = new Uint8Array(160).fill(7);
const zeros = (size: number) => new Uint8Array(size);

/** All that comes until the relay's end. */
async function readToEnd(conn: Pick<Deno.Conn, "read">): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const buffer = new Uint8Array(64 * 1024);
  for (let count; (count = await conn.read(buffer)) !== null;) {
    parts.push(buffer.slice(0, count));
  }
  return concat(parts);
}

/** Writes these one after the other, and reads to the end. */
async function exchange(
  relay: TestRelay,
  ...writes: Uint8Array[]
): Promise<Uint8Array> {
  using conn = await Deno.connect(relay.address);
  conn.setNoDelay(true);
  for (const bytes of writes) await writeAll(conn, bytes);
  return await readToEnd(conn);
}

/** The same, but what is late is written once the answer's first bytes are there. */
async function exchangeLate(
  relay: TestRelay,
  request: Uint8Array,
  ...late: Uint8Array[]
): Promise<Uint8Array> {
  using conn = await Deno.connect(relay.address);
  conn.setNoDelay(true);
  await writeAll(conn, request);
  const first = new Uint8Array(64);
  const count = await conn.read(first);
  for (const bytes of late) await writeAll(conn, bytes);
  return concat([first.subarray(0, count ?? 0), await readToEnd(conn)]);
}

/** The answer in whole blocks: its code and its payload's size. */
function answerIn(bytes: Uint8Array): { code: number; payloadSize: number } {
  const { code, payloadSize } = responseHeader.decode(bytes.subarray(0, 7));
  const size = 7 + payloadSize;
  assertEquals(bytes.length, Math.ceil(size / 1024) * 1024);
  assert(bytes.subarray(size).every((byte) => byte === 0), "padding of zeros");
  return { code, payloadSize };
}

/** A message of so many bytes for oneself. */
const message = (me: ClientId, size: number) =>
  ({
    target: me,
    type: 4,
    content: new Uint8Array(size).fill(0xee),
  }) as const;

/** How many messages wait. */
const waiting = async (relay: TestRelay, id: ClientId) =>
  (await relay.store.waiting(id, { bytes: 1 << 30, perMessage: 1 })).length;

const alone = (relay: TestRelay) =>
  until("one connection", () => relay.relay.connections === 1);

testWith(
  LOOPBACK_AND_FILES,
  "each padded request gets its answer in whole blocks, then the end",
  async () => {
    await using relay = await testRelay();
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    const options = { clientId: anna, dialect: blocks };
    const exchanges = [
      [encodeRequest("register", { name: "b", publicKey: KEY }, options), 2100],
      [encodeRequest("clientsList", {}, options), 2101],
      [encodeRequest("publicKey", { target: anna }, options), 2102],
      [encodeRequest("sendMessage", message(anna, 700), options), 2103],
      [encodeRequest("sendMessage", message(anna, 5000), options), 2103],
      [encodeRequest("publicKey", { target: ZERO_ID }, options), 9000],
      [
        encodeRequest("clientsList", {}, {
          dialect: blocks,
          clientId: ZERO_ID,
        }),
        9000,
      ],
      [encodeRequest("clientsList", {}, { ...options, code: 999 }), 9000],
      [encodeRequest("clientsList", {}, { ...options, code: 602 }), 9000],
      [encodeRequest(PULL, {}, options), 2104],
    ] as const;
    for (const [request, expected] of exchanges) {
      assertEquals(request.length % 1024, 0);
      const bytes = await exchange(relay, request);
      const { code, payloadSize } = answerIn(bytes);
      assertEquals(code, expected);
      if (code === 2104) {
        const decoded = decodeResponse(
          code,
          bytes.subarray(7, 7 + payloadSize),
        );
        assert(decoded.code === 2104);
        assertEquals(decoded.payload.map(({ content }) => content.length), [
          700,
          5000,
        ]);
      }
    }
    await alone(relay);
    assertEquals(await waiting(relay, anna), 0);
    assertEquals(relay.reports, []);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "in a block a payload may go without its size (DIA-6)",
  async (t) => {
    await using relay = await testRelay();
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    const sizeless = (size: number, dialect: Dialect) => {
      const request = encodeRequest("publicKey", { target: anna }, {
        clientId: anna,
        dialect,
      }).subarray(0, size);
      const sizeAt = (requestHeaderOf(dialect).fixedSize ?? 0) - 4;
      request.fill(0, sizeAt, sizeAt + 4);
      return request;
    };

    await t.step("as two block clients send a 602", async () => {
      assertEquals(answerIn(await exchange(relay, sizeless(1024, blocks))), {
        code: 2102,
        payloadSize: 176,
      });
    });

    await t.step("in other generations, and in pieces", async () => {
      for (const { name, firstResponse } of dialects) {
        const request = sizeless(1024, {
          ...dialectNamed(name),
          blockSize: 1024,
        });
        const bytes = await exchange(
          relay,
          request.subarray(0, 30),
          request.subarray(30, 700),
          request.subarray(700),
        );
        assertEquals(answerIn(bytes).code, firstResponse + 2, name);
      }
    });

    await t.step("and nowhere else", async () => {
      const request = sizeless(39, dialectNamed("600"));
      const list = encodeRequest("clientsList", {}, { clientId: anna });
      await peer.write(concat([request.subarray(0, 23), list, list]));
      assertEquals((await peer.response()).code, 9000);
      assertEquals((await peer.response()).code, 2101);
      assertEquals((await peer.response()).code, 2101);
    });
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "every generation may come in blocks",
  async () => {
    await using relay = await testRelay();
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    for (const dialect of dialects) {
      const padded = { ...dialect, blockSize: 1024 };
      const request = encodeRequest("clientsList", {}, {
        clientId: anna,
        dialect: padded,
      });
      const { code } = answerIn(await exchange(relay, request));
      assertEquals(code, dialect.firstResponse + 1);
    }
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "padding may come later, in any number of pieces, and however little of it is needed",
  async () => {
    await using relay = await testRelay();
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    // 44 bytes stand before a content: these leave 1 to 500 bytes of a block.
    let sent = 0;
    for (const left of [1, 18, 22, 23, 500]) {
      const size = 1024 - 44 - left;
      const request = encodeRequest("sendMessage", message(anna, size), {
        clientId: anna,
      });
      const begun = zeros(left >> 1);
      const rest = zeros(left - begun.length);
      for (
        const bytes of [
          await exchange(relay, concat([request, begun, rest])),
          await exchange(relay, request, begun, rest),
          await exchangeLate(relay, request, begun, rest),
          // A client may fill more than a block.
          await exchange(relay, concat([request, zeros(left + 2048)])),
          await exchange(relay, request, begun, rest, zeros(1024)),
          await exchangeLate(relay, request, zeros(left + 1024)),
        ]
      ) {
        assertEquals(answerIn(bytes).code, 2103);
        sent++;
      }
    }
    assertEquals(await waiting(relay, anna), sent);
    const list = encodeRequest("clientsList", {}, { clientId: anna });
    const bytes = [...concat([list, zeros(1001)])].map((byte) =>
      new Uint8Array([byte])
    );
    using slow = await Peer.connect(relay.address);
    slow.conn.setNoDelay(true);
    for (const byte of bytes) await slow.write(byte);
    assertEquals(answerIn(await readToEnd(slow.conn)).code, 2101);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a large message in pieces is padded behind its end",
  async () => {
    await using relay = await testRelay();
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    const options = { clientId: anna, dialect: blocks };
    const sent = encodeRequest(
      "sendMessage",
      message(anna, 3_000_000),
      options,
    );
    const cut = 2_500_000;
    const answer = await exchange(
      relay,
      sent.subarray(0, cut),
      sent.subarray(cut),
    );
    assertEquals(answerIn(answer).code, 2103);
    const pull = encodeRequest(PULL, {}, options);
    const pulled = answerIn(await exchange(relay, pull));
    assertEquals(pulled, { code: 2104, payloadSize: 25 + 3_000_000 });
    await alone(relay);
    assertEquals(await waiting(relay, anna), 0);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "what is too large is refused at once, and the refusal padded once the rest is read past",
  async () => {
    await using relay = await testRelay({ limits: { maxMessage: 10_000 } });
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    const request = encodeRequest("sendMessage", message(anna, 20_000), {
      clientId: anna,
      dialect: blocks,
    });
    using slow = await Peer.connect(relay.address);
    await slow.write(request.subarray(0, 1000));
    assertEquals((await slow.response()).code, 9000);
    await slow.write(request.subarray(1000));
    assertEquals(await readToEnd(slow.conn), zeros(1017));
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "only an orderly end behind a padded answer deletes what it brought",
  async (t) => {
    await using relay = await testRelay();
    using other = await Peer.connect(relay.address);
    const anna = await other.register("anna");
    await other.send(anna, anna, new Uint8Array(100));
    const pull = pullRequest(anna);
    const padding = zeros(1001);

    /** Writes, waits for the first bytes of an answer, writes again, and resets. */
    const brokenPull = async (before: Uint8Array, after: Uint8Array) => {
      const socket = new Socket({ allowHalfOpen: true });
      await new Promise<void>((resolve) =>
        socket.connect(relay.address.port, "127.0.0.1", resolve)
      );
      const answered = new Promise((resolve) => socket.once("data", resolve));
      socket.write(before);
      await answered;
      if (after.length > 0) {
        await new Promise<void>((resolve) =>
          socket.write(after, () => resolve())
        );
      }
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.resetAndDestroy();
      await closed;
      await alone(relay);
    };

    for (
      const [name, before, after] of [
        ["behind the padded answer", concat([pull, padding]), zeros(0)],
        ["behind later padding", pull, padding],
        ["within later padding", pull, padding.subarray(500)],
        ["within padding", concat([pull, padding.subarray(500)]), zeros(0)],
        ["behind a few zeros", pull, zeros(3)],
      ] as const
    ) {
      await t.step(`a reset ${name} keeps it`, async () => {
        await brokenPull(before, after);
        assertEquals(await waiting(relay, anna), 1);
      });
    }

    await t.step("a close with the answer unread keeps it", async () => {
      const conn = await Deno.connect(relay.address);
      await conn.write(concat([pull, padding]));
      await conn.read(new Uint8Array(1));
      conn.close();
      await alone(relay);
      assertEquals(await waiting(relay, anna), 1);
    });

    await t.step("a client that stays is let go, and it is kept", async () => {
      await using hasty = await testRelay({ limits: { progressTimeout: 100 } });
      using peer = await Peer.connect(hasty.address);
      const ben = await peer.register("ben");
      await peer.send(ben, ben, new Uint8Array(100));
      using silent = await Deno.connect(hasty.address);
      const options = { clientId: ben, dialect: blocks };
      await silent.write(encodeRequest(PULL, {}, options));
      assertEquals(answerIn(await readToEnd(silent)).code, 2104);
      await alone(hasty);
      assertEquals(await waiting(hasty, ben), 1);
    });

    await t.step("an orderly end deletes it", async () => {
      const bytes = await exchange(relay, concat([pull, padding]));
      assertEquals(answerIn(bytes).code, 2104);
      await alone(relay);
      assertEquals(await waiting(relay, anna), 0);
    });
    assertEquals(relay.reports, []);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a relay that is closed doesn't wait for block clients that have their answer",
  async () => {
    const relay = await testRelay({ drainTimeout: 3_600_000 });
    using conn = await Deno.connect(relay.address);
    const payload = { name: "anna", publicKey: KEY };
    const options = { clientId: ZERO_ID, dialect: blocks };
    await writeAll(conn, encodeRequest("register", payload, options));
    assertEquals(answerIn(await readToEnd(conn)).code, 2100);
    let closed = false;
    const closing = relay[Symbol.asyncDispose]().then(() => {
      closed = true;
    });
    await until("the relay to be closed", () => closed);
    await closing;
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "zeros that are no padding cost nobody a request",
  async (t) => {
    await using relay = await testRelay();
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    const list = encodeRequest("clientsList", {}, { clientId: anna });
    const registration = (name: string) =>
      encodeRequest("register", { name, publicKey: KEY }, {
        clientId: ZERO_ID,
        version: 0,
      });
    const codes = async (count: number, ...writes: Uint8Array[]) => {
      using peer = await Peer.connect(relay.address);
      peer.conn.setNoDelay(true);
      for (const bytes of writes) await peer.write(bytes);
      const codes: number[] = [];
      while (codes.length < count) codes.push((await peer.response()).code);
      return codes;
    };

    await t.step(
      "a registration with an id of zeros behind any request",
      async () => {
        for (const left of [1, 10, 16, 17, 22, 23, 24, 600, 1023]) {
          const send = encodeRequest(
            "sendMessage",
            message(anna, 1024 + 1024 - 44 - left),
            { clientId: anna },
          );
          const next = registration(`whole${left}`);
          assertEquals(
            await codes(3, concat([send, next, list])),
            [2103, 2100, 2101],
          );
          const late = registration(`late${left}`);
          const cut = Math.min(left, 17);
          assertEquals(
            await codes(
              3,
              send,
              late.subarray(0, cut),
              late.subarray(cut),
              list,
            ),
            [2103, 2100, 2101],
          );
        }
      },
    );

    await t.step(
      "a header of zeros, and what isn't zeros behind it",
      async () => {
        assertEquals(await codes(3, concat([list, zeros(23), list])), [
          2101,
          9000,
          2101,
        ]);
        const headers = concat([list, zeros(23 * 40), list]);
        assertEquals(await codes(42, headers), [
          2101,
          ...Array(40).fill(9000),
          2101,
        ]);
        assertEquals(await codes(3, list, zeros(23), list), [2101, 9000, 2101]);
      },
    );

    await t.step("zeros before any request", async () => {
      assertEquals(await codes(45, concat([zeros(23 * 44), list])), [
        ...Array(44).fill(9000),
        2101,
      ]);
    });

    await t.step("contents and claims that are zeros", async () => {
      const head = requestHeader.encode({
        clientId: anna,
        version: 0,
        code: 999,
        payloadSize: 1500,
      });
      assertEquals(await codes(2, concat([head, zeros(1500), list])), [
        9000,
        2101,
      ]);
    });
  },
);
