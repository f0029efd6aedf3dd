import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { ClientId, MessageId } from "../../../shared/wire/protocol.ts";
import { encodeRequest } from "../../../shared/wire/requests.ts";
import { encodeResponse } from "../../../shared/wire/responses.ts";
import {
  type Captured,
  captured,
  isCapture,
} from "../../../kit/decode/capture.ts";
import {
  capture,
  linkNames,
  MadeConnection,
  type MadeSegment,
} from "../../support/wire/capture.ts";

const anna = Uint8Array.fromHex("a1b2c3d4e5f64711a8b9cadbecfd0e1f") as ClientId;
const bob = Uint8Array.fromHex("0b0b0b0b0b0b4b0b8b0b0b0b0b0b0b0b") as ClientId;

const sent = encodeRequest("sendMessage", {
  target: bob,
  type: 3,
  content: new Uint8Array(320).fill(0xc7),
}, { clientId: anna });
const taken = encodeResponse({
  code: 2103,
  payload: { target: bob, messageId: 7 as MessageId },
});
const pull = encodeRequest("waitingMessages", {}, { clientId: anna });
const waiting = encodeResponse({
  code: 2104,
  payload: [{
    sender: bob,
    messageId: 9 as MessageId,
    type: 3,
    content: new Uint8Array(64),
  }],
});
const list = encodeRequest("clientsList", {}, { clientId: anna });

/** A connection that opens, asks twice and ends. */
function dialogue(options: { clientPort?: number; sequence?: number } = {}) {
  return new MadeConnection(options).open()
    .send("request", sent).send("answer", taken)
    .send("request", pull).send("answer", waiting)
    .end("request").end("answer");
}

const STORY = [
  "#1 127.0.0.1:40000 127.0.0.1:1357",
  "1 603 send a message: text, 320 bytes, to 0b0b0b0b…",
  "1 2103 message sent: message 7 for 0b0b0b0b…",
  "1 604 waiting messages",
  "1 2104 waiting messages: 1 message",
  "1 end",
  "1 end",
];

/** What a capture tells, a line each; what is wrong stands behind it. */
function told(
  bytes: Uint8Array,
  options: { port?: number; only?: boolean } = {},
): string[] {
  const notes: string[] = [];
  const items = captured(bytes, {
    port: options.port ?? 1357,
    only: options.only ?? false,
    note: (text) => notes.push(text),
  });
  return [...[...items].map(line), ...notes];
}

function line(item: Captured): string {
  if (!("finding" in item)) {
    return `#${item.connection} ${item.client} ${item.server}`;
  }
  const { connection, finding } = item;
  const what = finding.kind === "frame"
    ? finding.anatomy.what
    : finding.kind === "gap" || finding.kind === "foreign"
    ? `${finding.kind} ${finding.size}`
    : finding.kind === "end" && finding.isReset
    ? "reset"
    : finding.kind;
  const clauses = finding.problems.map(({ clause }) => ` ${clause}`).join("");
  return `${connection} ${what}${clauses}`;
}

for (const file of ["pcap", "pcapng"] as const) {
  for (const bigEndian of [false, true]) {
    const order = bigEndian ? "big" : "little";
    Deno.test(`captures: ${file}, ${order} endian, of every link type`, () => {
      for (const link of linkNames) {
        for (const ip of [4, 6] as const) {
          const { segments } = dialogue();
          const bytes = capture(segments, { file, bigEndian, link, ip });
          assertEquals(isCapture(bytes), true);
          const ends = ip === 4 ? STORY : [
            STORY[0]?.replaceAll("127.0.0.1", "[::1]"),
            ...STORY.slice(1),
          ];
          assertEquals(told(bytes), ends, `${link} IPv${ip}`);
        }
      }
    });
  }
}

Deno.test("captures: times in micro- and nanoseconds, and in pcapng's ticks", () => {
  for (
    const form of [{}, { nanoseconds: true }, { file: "pcapng" as const }]
  ) {
    const bytes = capture(dialogue().segments, form);
    const [, first] = [...captured(bytes, {
      port: 1357,
      only: false,
      note: () => {},
    })];
    // The frame came with the fourth packet.
    assertEquals(first && "time" in first && first.time, 1_700_000_000_003);
  }
});

/** Segments of one direction cut anew, some sent again, all in another order. */
const network = fc.record({
  sizes: fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
  again: fc.array(fc.nat(1000), { maxLength: 5 }),
  order: fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
  sequence: fc.constantFrom(0, 1000, 2 ** 31 - 100, 2 ** 32 - 100),
});

function cutAnew(
  direction: "request" | "answer",
  bytes: Uint8Array,
  sizes: readonly number[],
): [typeof direction, Uint8Array][] {
  const parts: [typeof direction, Uint8Array][] = [];
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length] ?? 1;
    parts.push([direction, bytes.subarray(at, at + size)]);
    at += size;
  }
  return parts;
}

Deno.test("captures: any segmentation, order and repetition gives the same frames", () => {
  // Which direction's bytes came first is the network's doing, and so is what
  // that breaks.
  const frames = (bytes: Uint8Array) =>
    told(bytes)
      .filter((line) => /^1 \d/.test(line))
      .map((line) => line.replace(/ (FRM-4|FRM-7|ANS-3)$/, "")).sort();
  const expected = STORY.slice(1, -2).sort();
  fc.assert(
    fc.property(network, ({ sizes, again, order, sequence }) => {
      const made = new MadeConnection({ sequence }).open();
      for (const [direction, part] of cutAnew("request", sent, sizes)) {
        made.send(direction, part);
      }
      made.send("answer", taken);
      for (const [direction, part] of cutAnew("request", pull, sizes)) {
        made.send(direction, part);
      }
      for (const [direction, part] of cutAnew("answer", waiting, sizes)) {
        made.send(direction, part);
      }
      made.end("request").end("answer");
      const { segments } = made;
      const overlapping = again.flatMap((number): MadeSegment[] => {
        const segment = segments[number % segments.length];
        const next = segments[(number + 1) % segments.length];
        if (segment === undefined || next === undefined) return [];
        const joined = segment.direction === next.direction &&
            next.sequence === (segment.sequence + segment.data.length) >>> 0
          ? Uint8Array.from([...segment.data, ...next.data])
          : segment.data;
        return [{ ...segment, data: joined }];
      });
      const shuffled = [...segments, ...overlapping]
        .map((segment, index) => ({ segment, key: order[index % 60] ?? 0 }))
        .sort((a, b) => a.key - b.key).map(({ segment }) => segment);
      assertEquals(frames(capture(shuffled)), expected);
    }),
    { numRuns: 200 },
  );
});

Deno.test("captures: what came twice and too early is told once, in its order", () => {
  const { segments } = dialogue();
  const [syn, both, ack, ask, ...rest] = segments as [
    MadeSegment,
    MadeSegment,
    MadeSegment,
    MadeSegment,
    ...MadeSegment[],
  ];
  const early = {
    ...ask,
    sequence: ask.sequence + 100,
    data: ask.data.subarray(100),
  };
  const late = { ...ask, data: ask.data.subarray(0, 150) };
  const order = [syn, both, ack, early, early, late, ask, ...rest];
  assertEquals(told(capture(order)), STORY);
});

Deno.test("captures: several connections are told apart, and their ports used again", () => {
  const one = dialogue();
  const other = dialogue({ clientPort: 40001 });
  const again = dialogue({ sequence: 77_777_777 });
  const mixed = one.segments.flatMap((segment, index) => [
    segment,
    ...other.segments.slice(index, index + 1),
  ]);
  const lines = told(capture([...mixed, ...again.segments]));
  const of = (connection: number) =>
    lines.filter((line) => new RegExp(`^#?${connection} `).test(line)).slice(1);
  for (const connection of [1, 2, 3]) {
    assertEquals(
      of(connection),
      STORY.slice(1).map((line) => line.replace("1 ", `${connection} `)),
    );
  }
});

Deno.test("captures: a gap is named, and the next frame found", () => {
  const made = new MadeConnection().open()
    .send("request", sent.subarray(0, 100))
    .skip("request", sent.length - 100)
    .send("answer", taken)
    .send("request", pull).send("answer", waiting);
  assertEquals(told(capture(made.segments)), [
    STORY[0],
    "1 2103 message sent: message 7 for 0b0b0b0b… FRM-4",
    "1 603 send a message: text, 320 bytes, to 0b0b0b0b… FRM-2",
    "1 gap 264",
    "1 604 waiting messages",
    "1 2104 waiting messages: 1 message",
  ]);
});

Deno.test("captures: packets that were cut short leave a gap", () => {
  const { segments } = dialogue();
  const cut = segments.map((segment) => ({ ...segment, kept: 60 }));
  assertEquals(told(capture(cut)).filter((line) => /gap/.test(line)), [
    "1 gap 304",
    "1 gap 36",
  ]);
});

Deno.test("captures: one that starts in the middle says so, and who asks is told by the port", () => {
  const late = dialogue().segments.slice(3)
    .map((segment, index) =>
      index === 0
        ? {
          ...segment,
          sequence: segment.sequence + 30,
          data: segment.data.subarray(30),
        }
        : segment
    );
  assertEquals(told(capture(late)), [
    STORY[0],
    "1 gap undefined",
    "1 gap undefined",
    "1 2103 message sent: message 7 for 0b0b0b0b…",
    "1 foreign 334",
    ...STORY.slice(3),
  ]);
});

Deno.test("captures: an end while an answer is due is told", () => {
  const made = new MadeConnection().open().send("request", list)
    .reset("answer");
  assertEquals(told(capture(made.segments)).at(-1), "1 reset FRM-4");
});

Deno.test("captures: only the connections of a port are told where one is named", () => {
  const other = new MadeConnection({ clientPort: 50000, serverPort: 80 }).open()
    .send("request", new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n"));
  const bytes = capture([...other.segments, ...dialogue().segments]);
  assertEquals(told(bytes, { only: true }), STORY);
  assertEquals(told(bytes).slice(0, 3), [
    "#1 127.0.0.1:50000 127.0.0.1:80",
    "1 lost",
    STORY[0]?.replace("#1", "#2"),
  ]);
});

Deno.test("captures: what can't be read is noted, and the rest is told", () => {
  const bytes = capture(dialogue().segments);
  assertEquals(told(bytes.subarray(0, bytes.length - 5)), [
    ...STORY.slice(0, -1),
    "The capture ends within a packet; it is left out",
  ]);
  const odd = capture(dialogue().segments);
  odd[20] = 147;
  assertEquals(told(odd), [
    "9 packets of link type 147 can't be read; they are left out",
    "No TCP connection is in this capture",
  ]);
  const undescribed = capture(dialogue().segments, { file: "pcapng" });
  // The block behind the section's, which describes the interface, is another.
  undescribed[new DataView(undescribed.buffer).getUint32(4, true)] = 0x99;
  assertEquals(told(undescribed), [
    "9 packets of an interface that the capture doesn't describe can't be read; they are left out",
    "No TCP connection is in this capture",
  ]);
});

Deno.test("captures: junk within one throws nothing but sentences", () => {
  const whole = [
    capture(dialogue().segments),
    capture(dialogue().segments, { file: "pcapng" }),
    capture(dialogue().segments, { ip: 6, link: "cooked2" }),
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...whole),
      fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 20 }),
      fc.integer({ min: 4, max: 3000 }),
      (bytes, changes, length) => {
        const copy = bytes.slice(0, length);
        for (const [at, byte] of changes) {
          if (at >= 4 && at < copy.length) copy[at] = byte;
        }
        try {
          told(copy);
        } catch (error) {
          // A sentence for the user, no failure of the program.
          if ((error as Error).constructor !== Error) throw error;
        }
      },
    ),
    { numRuns: 400 },
  );
});
