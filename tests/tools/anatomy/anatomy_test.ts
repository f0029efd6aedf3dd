import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { clauses } from "../../../shared/clauses.ts";
import { exportPublicKey, generateKeyPair } from "../../../shared/crypto.ts";
import { dialects } from "../../../shared/dialects.ts";
import type { ClientId, MessageId } from "../../../shared/protocol.ts";
import { encodeRequest, NOBODY } from "../../../shared/requests.ts";
import { encodeResponse } from "../../../shared/responses.ts";
import { type Direction, dissect } from "../../../tools/anatomy/anatomy.ts";
import { annotatedHex } from "../../../tools/anatomy/annotated_hex.ts";
import noa from "../../testdata/noa.json" with { type: "json" };

const { publicKey: key } = await generateKeyPair();
const publicKey = await exportPublicKey(key);
const anna = Uint8Array.fromHex("a1b2c3d4e5f64711a8b9cadbecfd0e1f") as ClientId;
const bob = Uint8Array.fromHex("0b0b0b0b0b0b4b0b8b0b0b0b0b0b0b0b") as ClientId;
const id = (value: number) => value as MessageId;
const as = { clientId: anna };

function sent(type: 1 | 2 | 3 | 4, size: number): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(size).fill(0xc7);
  return encodeRequest("sendMessage", { target: bob, type, content }, as);
}

const registration = () =>
  encodeRequest("register", { name: "anna", publicKey }, {
    clientId: NOBODY,
  });
const waiting = (...sizes: number[]) =>
  encodeResponse({
    code: 2104,
    payload: sizes.map((size, index) => ({
      sender: bob,
      messageId: id(index + 1),
      type: 3,
      content: new Uint8Array(size),
    })),
  });
const listed = () =>
  encodeResponse({
    code: 2101,
    payload: [
      { clientId: bob, name: "bob" },
      { clientId: anna, name: "anna" },
    ],
  });

/** The bytes with some of them changed. */
function changed(
  frame: Uint8Array,
  at: number,
  ...bytes: number[]
): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(frame);
  copy.set(bytes, at);
  return copy;
}

const join = (...parts: Uint8Array[]) =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

const clausesOf = (frame: Uint8Array, direction: Direction) =>
  dissect(frame, direction).problems.map(({ clause }) => clause);

Deno.test("anatomy: what every dialect writes breaks nothing", () => {
  let seen = 0;
  for (const dialect of dialects) {
    const options = { ...as, dialect };
    const requests = [
      encodeRequest("register", { name: "anna", publicKey }, options),
      encodeRequest("clientsList", {}, options),
      encodeRequest("publicKey", { target: bob }, options),
      ...([[1, 0], [2, 128], [3, 16], [4, 4096]] as const).map((
        [type, size],
      ) =>
        encodeRequest("sendMessage", {
          target: bob,
          type,
          content: new Uint8Array(size),
        }, options)
      ),
      encodeRequest("waitingMessages", {}, options),
    ];
    const answers = [
      encodeResponse({ code: 2100, payload: { clientId: anna } }, { dialect }),
      encodeResponse({ code: 2101, payload: [] }, { dialect }),
      encodeResponse({ code: 2102, payload: { clientId: bob, publicKey } }, {
        dialect,
      }),
      encodeResponse({
        code: 2103,
        payload: { target: bob, messageId: id(7) },
      }, { dialect }),
      encodeResponse({ code: 2104, payload: [] }, { dialect }),
      encodeResponse({ code: 9000, payload: {} }, { dialect }),
    ];
    for (
      const [direction, frames] of [
        ["request", requests],
        ["answer", answers],
      ] as const
    ) {
      for (const frame of frames) {
        const anatomy = dissect(frame, direction);
        assertEquals(anatomy.problems, [], `${dialect.name} ${anatomy.what}`);
        assertEquals(
          dissect(frame, direction, dialect).what,
          anatomy.what,
        );
        assert(anatomy.kind !== undefined, anatomy.what);
        seen++;
      }
    }
  }
  assertEquals(seen, dialects.length * 14);
});

const cases: readonly [string, Direction, Uint8Array, string[]][] = [
  ["nothing", "request", new Uint8Array(), ["FRM-2"]],
  ["half a header", "request", registration().subarray(0, 18), ["FRM-2"]],
  ["half a payload", "request", registration().subarray(0, 200), ["FRM-2"]],
  ["a header alone", "answer", listed().subarray(0, 7), ["FRM-2"]],
  ["bytes behind", "request", join(sent(1, 0), as.clientId), ["FRM-2"]],
  ["code 666", "request", changed(sent(1, 0), 17, 0x9a, 2), ["REQ-5"]],
  ["code 1", "answer", changed(listed(), 1, 1, 0), ["ANS-3"]],
  ["version 1", "request", changed(sent(1, 0), 16, 1), ["REQ-8"]],
  ["an answer's version 1", "answer", changed(listed(), 0, 1), ["ANS-2"]],
  ["nobody asks", "request", changed(sent(1, 0), 0, ...NOBODY), ["REQ-9"]],
  [
    "601 with a payload",
    "request",
    join(changed(encodeRequest("clientsList", {}, as), 19, 1), anna.slice(15)),
    ["REQ-6"],
  ],
  [
    "a registration of 414 bytes",
    "request",
    changed(registration().subarray(0, 437), 19, 0x9e),
    ["REQ-6"],
  ],
  [
    "a name without a NUL",
    "request",
    changed(registration(), 23, ...new Uint8Array(255).fill(0x61)),
    ["NAM-2"],
  ],
  ["no name", "request", changed(registration(), 23, 0, 0, 0, 0), ["NAM-3"]],
  ["a bell as name", "request", changed(registration(), 23, 7), ["NAM-4"]],
  ["a blank in a name", "request", changed(registration(), 24, 32), ["NAM-8"]],
  ["dirty padding", "request", changed(registration(), 40, 1), ["NAM-1"]],
  ["dirty padding in a list", "answer", changed(listed(), 90, 1), ["LST-4"]],
  [
    "a listed name without a NUL",
    "answer",
    changed(listed(), 23, ...new Uint8Array(255).fill(0x61)),
    ["LST-4"],
  ],
  ["no key", "request", changed(registration(), 278, 7), ["PUB-1"]],
  ["type 5", "request", changed(sent(1, 0), 39, 5), ["SND-5"]],
  ["a content too short", "request", changed(sent(3, 32), 40, 16), ["SND-1"]],
  ["a content too long", "request", changed(sent(3, 32), 40, 48), ["SND-8"]],
  ["a 4 GiB content", "request", changed(sent(3, 32), 43, 0xff), ["SND-8"]],
  ["a wild type 1", "request", changed(sent(1, 0), 22, 0xff), ["SND-1"]],
  ["a full request for a key", "request", sent(1, 128), ["MSG-1"]],
  ["a key of 127 bytes", "request", sent(2, 127), ["RSA-1"]],
  ["a text of 15 bytes", "request", sent(3, 15), ["AES-1"]],
  ["an empty file", "request", sent(4, 0), ["AES-1"]],
  ["a waiting text of 15 bytes", "answer", waiting(16, 15), ["AES-1"]],
  [
    "an id that isn't random",
    "answer",
    encodeResponse({ code: 2100, payload: { clientId: NOBODY } }),
    ["CID-2", "CID-3"],
  ],
  [
    "a list that isn't whole",
    "answer",
    changed(listed().subarray(0, 548), 3, 0x1d),
    ["LST-1"],
  ],
  [
    "the key alone",
    "answer",
    join(new Uint8Array([2, 0x36, 8, 160, 0, 0, 0]), publicKey),
    ["KEY-1"],
  ],
  ["2103 alone", "answer", new Uint8Array([2, 0x37, 8, 0, 0, 0, 0]), ["SND-2"]],
  [
    "9000 with a payload",
    "answer",
    new Uint8Array([2, 0x28, 0x23, 1, 0, 0, 0, 1]),
    ["ERR-1"],
  ],
  [
    "an inbox whose content is longer",
    "answer",
    changed(waiting(16), 28, 17),
    ["PUL-1"],
  ],
  [
    "an inbox that ends within a message",
    "answer",
    changed(waiting(16, 16).subarray(0, 58), 3, 51),
    ["PUL-1"],
  ],
];

for (const [name, direction, frame, expected] of cases) {
  Deno.test(`anatomy: ${name} breaks ${expected.join(" and ")}`, () => {
    assertEquals(clausesOf(frame, direction), expected);
  });
}

Deno.test("anatomy: bytes that came but aren't here are no problem", () => {
  const frame = sent(4, 4096);
  const { what, problems } = dissect(
    frame.subarray(0, 100),
    "request",
    undefined,
    frame.length - 100,
  );
  assertEquals(problems, []);
  assertEquals(what, "603 send a message: file, 4096 bytes, to 0b0b0b0b…");
});

const frames = [
  registration(),
  sent(1, 0),
  sent(3, 48),
  encodeRequest("publicKey", { target: bob }, {
    ...as,
    dialect: dialects[4] as typeof dialects[number],
  }),
  listed(),
  waiting(0, 16, 300),
];

Deno.test("anatomy: whatever the bytes are, the parts are all of them, and nothing throws", () => {
  const mutated = fc.tuple(
    fc.constantFrom(...frames),
    fc.array(fc.tuple(fc.nat(500), fc.nat(255)), { maxLength: 8 }),
    fc.nat(1000),
  ).map(([frame, changes, length]) => {
    const copy = Uint8Array.from(frame.subarray(0, length));
    for (const [at, byte] of changes) if (at < copy.length) copy[at] = byte;
    return copy;
  });
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 600 }), mutated),
      fc.constantFrom<Direction>("request", "answer"),
      fc.option(fc.constantFrom(...dialects), { nil: undefined }),
      (frame, direction, dialect) => {
        const anatomy = dissect(frame, direction, dialect);
        assertEquals(join(...anatomy.parts.map(({ bytes }) => bytes)), frame);
        let offset = 0;
        for (const part of anatomy.parts) {
          assertEquals(part.offset, offset);
          offset += part.bytes.length;
          for (const { clause } of part.problems) assert(clause in clauses);
        }
        const text = annotatedHex(anatomy);
        // deno-lint-ignore no-control-regex -- they are what mustn't be there
        assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f]/.test(text + anatomy.what));
      },
    ),
    { numRuns: 400 },
  );
});

Deno.test("anatomy: what real programs said to each other breaks little", () => {
  const broken: Record<string, number> = {};
  let frames = 0;
  for (const { direction, hex } of noa.exchange) {
    const frame = Uint8Array.fromHex(hex);
    const from = direction === "request" ? "request" : "answer";
    for (const clause of clausesOf(frame, from)) {
      broken[clause] = (broken[clause] ?? 0) + 1;
    }
    frames++;
  }
  assertEquals(frames, 132);
  // One of the ids that the server drew has a zero byte.
  assertEquals(broken, { "CID-3": 1 });
});

Deno.test("annotated hex: each field has its offset, bytes, name and meaning", () => {
  assertEquals(
    annotatedHex(dissect(sent(3, 48), "request")).split("\n"),
    [
      "     0  a1 b2 c3 d4 e5 f6 47 11  header.clientId          client a1b2c3d4e5f64711a8b9cadbecfd0e1f",
      "        a8 b9 ca db ec fd 0e 1f",
      "    16  02                       header.version           version 2",
      "    17  5b 02                    header.code              603 send a message",
      "    19  45 00 00 00              header.payloadSize       69 bytes",
      "    23  0b 0b 0b 0b 0b 0b 4b 0b  payload.target           client 0b0b0b0b0b0b4b0b8b0b0b0b0b0b0b0b",
      "        8b 0b 0b 0b 0b 0b 0b 0b",
      "    39  03                       payload.type             text",
      "    40  30 00 00 00              payload.content.size     48 bytes",
      "    44  c7 c7 c7 c7 c7 c7 c7 c7  payload.content          text, 48 bytes of AES-CBC",
      "        c7 c7 c7 c7 c7 c7 c7 c7",
      "        … 24 bytes …",
      "        c7 c7 c7 c7 c7 c7 c7 c7",
    ],
  );
});

Deno.test("annotated hex: a broken clause stands below its field, in colour where it may", () => {
  const anatomy = dissect(changed(sent(3, 16), 39, 9), "request");
  const line = "! SND-5: expected a type from 1 to 4, got 9";
  assertStringIncludes(
    annotatedHex(anatomy),
    `unknown type 9\n        ${line}`,
  );
  const coloured = annotatedHex(anatomy, { colour: true });
  assertStringIncludes(coloured, `\x1b[31m${line}\x1b[0m`);
});

Deno.test("annotated hex: a long list is shortened in the middle", () => {
  const payload = Array.from(
    { length: 1000 },
    (_, index) => ({ clientId: bob, name: `user${index}` }),
  );
  const frame = changed(encodeResponse({ code: 2101, payload }), 150_025, 7);
  const text = annotatedHex(dissect(frame, "answer"));
  assertStringIncludes(text, "… 1938 more fields …");
  assertStringIncludes(text, '"user0"');
  assertStringIncludes(text, '"user999"');
  assertStringIncludes(text, "! LST-4: other than NULs as padding");
});
