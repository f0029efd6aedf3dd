import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { dialectNamed } from "../../../shared/wire/dialects.ts";
import type { ClientId, MessageId } from "../../../shared/wire/protocol.ts";
import { FAILURE } from "../../../shared/wire/requests.ts";
import { encodeRequest, encodeResponse } from "../../../shared/wire/frames.ts";
import type { Direction } from "../../../kit/dissect/dissector.ts";
import {
  Conversation,
  type Finding,
} from "../../../kit/dissect/conversation.ts";
import { StreamFramer } from "../../../kit/dissect/stream_framer.ts";
import { exchanges } from "../../support/wire/exchanges.ts";
import { PULL } from "../../../kit/requests.ts";

const anna = Uint8Array.fromHex("a1b2c3d4e5f64711a8b9cadbecfd0e1f") as ClientId;
const bob = Uint8Array.fromHex("0b0b0b0b0b0b4b0b8b0b0b0b0b0b0b0b") as ClientId;
const as = { clientId: anna };

const sent = (size: number, options: Partial<typeof as> = {}) =>
  encodeRequest("sendMessage", {
    target: bob,
    type: 4,
    content: new Uint8Array(size).fill(0xc7),
  }, { ...as, ...options });
const list = encodeRequest("clientsList", {}, as);
const pull = encodeRequest(PULL, {}, as);
const old = { ...as, dialect: dialectNamed("100") };
const oldSent = encodeRequest("sendMessage", {
  target: bob,
  type: 3,
  content: new Uint8Array(16),
}, old);
/** A request for a key that claims 4 GiB and ends after 21 bytes (SND-7). */
const wild = encodeRequest("sendMessage", {
  target: bob,
  type: 1,
  content: new Uint8Array(),
}, as);
wild.set([0xff, 0xff, 0xff, 0xff], 19);

const requests = [list, sent(16), oldSent, wild, pull, sent(5000), list];
const listed = encodeResponse({
  code: 2101,
  payload: [{ clientId: bob, name: "bob" }],
});
const responses = [
  listed,
  encodeResponse(FAILURE),
  encodeResponse({
    code: 2104,
    payload: [{
      sender: bob,
      messageId: 7 as MessageId,
      type: 3,
      content: new Uint8Array(16),
    }],
  }),
];

const join = (...parts: Uint8Array[]) =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

/** The bytes cut at these places. */
function segments(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1))]
    .sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) =>
    bytes.subarray(index === 0 ? 0 : ends[index - 1], end)
  );
}

function cuts(direction: Direction, parts: readonly Uint8Array[]) {
  const framer = new StreamFramer(direction);
  return [...parts.flatMap((part) => framer.push(part)), ...framer.end()];
}

Deno.test("frames: any segmentation yields equal frames", () => {
  for (
    const [direction, frames] of [
      ["request", requests],
      ["answer", responses],
    ] as const
  ) {
    const stream = join(...frames);
    const whole = cuts(direction, [stream]);
    assertEquals(
      whole.map((cut) => cut.kind === "frame" ? cut.bytes : cut),
      frames.map((frame) => Uint8Array.from(frame)),
    );
    const single = Array.from(stream, (_, at) => stream.subarray(at, at + 1));
    assertEquals(cuts(direction, single), whole);
    fc.assert(fc.property(
      fc.array(fc.nat(), { maxLength: 20 }),
      (places) =>
        assertEquals(cuts(direction, segments(stream, places)), whole),
    ));
  }
});

Deno.test("frames: a payload that stands in its block belongs to a header that says 0", () => {
  const asked = encodeRequest("publicKey", { target: bob }, {
    ...as,
    dialect: dialectNamed("blocks"),
  });
  asked[19] = 0;
  const key = encodeResponse({
    code: 2102,
    payload: { clientId: bob, publicKey: new Uint8Array(160) },
  });
  // Who gets the header alone can't know.
  for (const size of [30, 39, 40, 1024, 2048]) {
    const conversation = new Conversation();
    const stream = join(asked, list);
    const found = Array.from(
      { length: Math.ceil(stream.length / size) },
      (_, at) => stream.subarray(at * size, (at + 1) * size),
    ).flatMap((bytes) => conversation.push("request", bytes));
    assertEquals(
      found.map((each) =>
        each.kind === "frame"
          ? [each.size, each.problems.map(({ clause }) => clause)]
          : each.kind
      ),
      [[39, ["FRM-2"]], "padding", [23, ["FRM-7"]]],
      `in pieces of ${size}`,
    );
    const [answered] = conversation.push("answer", key);
    assertEquals(answered?.problems.map(({ clause }) => clause), ["PUB-1"]);
  }
});

Deno.test("frames: padding to blocks is no frame", () => {
  const blocks = { ...as, dialect: dialectNamed("blocks") };
  // The padding of the second one is shorter than a header.
  const frames = [list, sent(1024 - 44 - 10), list];
  const payloads = [16, 1024 - 44 - 10, 32].map((size) =>
    encodeRequest("sendMessage", {
      target: bob,
      type: 4,
      content: new Uint8Array(size).fill(1),
    }, blocks)
  );
  const stream = join(...payloads, list);
  for (const size of [1, 7, 1000, stream.length]) {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < stream.length; at += size) {
      parts.push(stream.subarray(at, at + size));
    }
    assertEquals(
      cuts("request", parts).map((cut) =>
        cut.kind === "frame" ? cut.bytes.length : cut
      ),
      [
        44 + 16,
        { kind: "padding", size: 1024 - 60, offset: 60 },
        1014,
        { kind: "padding", size: 10, offset: 1024 + 1014 },
        76,
        { kind: "padding", size: 1024 - 76, offset: 2048 + 76 },
        list.length,
      ],
    );
  }
  assertEquals(cuts("request", frames).length, 3);
});

Deno.test("frames: a large one is reported by its beginning, and the next is found", () => {
  const size = 3_000_000;
  const large = sent(size);
  const [first, second, ...more] = cuts("request", [join(large, list)]);
  assert(first?.kind === "frame" && second?.kind === "frame");
  assertEquals(first.bytes.length + first.unseen, large.length);
  assert(first.bytes.length < 10_000);
  assertEquals(second.bytes, list);
  assertEquals(more, []);
});

Deno.test("frames: a claim of 4 GiB allocates no memory, and its end is reported", () => {
  const claim = list.slice();
  claim.set([0xff, 0xff, 0xff, 0xff], 19);
  assertEquals(cuts("request", [claim, new Uint8Array(1000).fill(1)]), [
    { kind: "frame", bytes: claim, unseen: 1000, offset: 0 },
  ]);
});

Deno.test("frames: unknown bytes are skipped until a frame begins", () => {
  const http = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: relay\r\n");
  for (const size of [1, 5, 1000]) {
    const stream = join(http, sent(16), list);
    const parts: Uint8Array[] = [];
    for (let at = 0; at < stream.length; at += size) {
      parts.push(stream.subarray(at, at + size));
    }
    assertEquals(cuts("request", parts).map(({ kind }) => kind), [
      "lost",
      "foreign",
      "frame",
      "frame",
    ]);
  }
});

Deno.test("frames: any bytes are framed without loss, and nothing throws", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.uint8Array({ maxLength: 100 }),
          fc.constantFrom(...requests, ...responses),
          fc.constant(new Uint8Array(1100)),
        ),
        { maxLength: 6 },
      ),
      fc.array(fc.nat(), { maxLength: 6 }),
      fc.constantFrom<Direction>("request", "answer"),
      (parts, places, direction) => {
        const stream = join(...parts);
        let offset = 0;
        for (const cut of cuts(direction, segments(stream, places))) {
          assertEquals(cut.offset, offset);
          if (cut.kind === "frame") offset += cut.bytes.length + cut.unseen;
          else if (cut.kind !== "lost") offset += cut.size;
        }
        assertEquals(offset, stream.length);
      },
    ),
    { numRuns: 300 },
  );
});

const clausesOf = (findings: readonly Finding[]) =>
  findings.flatMap(({ problems }) => problems.map(({ clause }) => clause));

for (const [name, asked, answered, expected] of exchanges) {
  Deno.test(`conversation: ${name} breaks ${expected.join() || "nothing"}`, () => {
    const conversation = new Conversation();
    const findings = [
      ...asked.flatMap((frame) => conversation.push("request", frame)),
      ...answered.flatMap((frame) => conversation.push("answer", frame)),
      ...conversation.end("request"),
      ...conversation.end("answer"),
    ];
    assertEquals(clausesOf(findings), expected);
  });
}

Deno.test("conversation: an end before a response is reported once", () => {
  for (
    const [direction, clause] of [
      ["request", "CON-9"],
      ["answer", "FRM-4"],
    ] as const
  ) {
    const conversation = new Conversation();
    conversation.push("request", list);
    const findings = [
      ...conversation.end(direction),
      ...conversation.end(direction === "request" ? "answer" : "request"),
    ];
    assertEquals(clausesOf(findings), [clause]);
  }
});
