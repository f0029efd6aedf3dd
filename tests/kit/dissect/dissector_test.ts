import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { clauses } from "../../../kit/clauses.ts";
import { secureClauses } from "../../../kit/secure_clauses.ts";
import { dialects } from "../../../shared/wire/dialects.ts";
import { requestKinds } from "../../../shared/wire/requests.ts";
import { encodeRequest, encodeResponse } from "../../../shared/wire/frames.ts";
import { type Direction, dissect } from "../../../kit/dissect/dissector.ts";
import { annotatedHex } from "../../../kit/dissect/annotated_hex.ts";
import {
  anna,
  bob,
  brokenFrames,
  changed,
  join,
  listed,
  registration,
  sent,
  soundFrames,
  waiting,
} from "../../support/wire/frames.ts";
import noa from "../../../lab/recordings/noa.json" with { type: "json" };

const clausesOf = (frame: Uint8Array, direction: Direction) =>
  dissect(frame, direction).problems.map(({ clause }) => clause);

Deno.test("dissection: frames of every dialect have no problems", () => {
  let seen = 0;
  for (const dialect of dialects) {
    const frames = soundFrames(dialect);
    for (
      const direction of ["request", "answer"] as const
    ) {
      for (const frame of frames[direction]) {
        const dissection = dissect(frame, direction);
        assertEquals(
          dissection.problems,
          [],
          `${dialect.name} ${dissection.what}`,
        );
        assertEquals(
          dissect(frame, direction, { dialect }).what,
          dissection.what,
        );
        assert(dissection.kind !== undefined, dissection.what);
        seen++;
      }
    }
  }
  assert(seen >= dialects.length * 2 * requestKinds.length);
});

for (const [name, direction, frame, expected] of brokenFrames) {
  Deno.test(`dissection: ${name} breaks ${expected.join(" and ") || "nothing"}`, () => {
    assertEquals(clausesOf(frame, direction), expected);
  });
}

Deno.test("dissection: bytes that arrived but aren't available are no problem", () => {
  const frame = sent(4, 4096);
  const { what, problems } = dissect(
    frame.subarray(0, 100),
    "request",
    { unseen: frame.length - 100 },
  );
  assertEquals(problems, []);
  assertEquals(what, "603 send a message: file, 4096 bytes, to 0b0b0b0b…");
});

Deno.test("dissection: an incomplete header claims no payload", () => {
  for (const frame of [listed(), waiting(16)]) {
    const whole = dissect(frame, "answer").what;
    const { what } = dissect(frame.subarray(0, 5), "answer");
    assertEquals(what, whole.replace(/: \d+ \w+.*$/, ""));
    assert(what !== whole);
  }
});

const frames = [
  registration(),
  sent(1, 0),
  sent(3, 48),
  encodeRequest("publicKey", { target: bob }, {
    clientId: anna,
    dialect: dialects[4] as typeof dialects[number],
  }),
  listed(),
  waiting(0, 16, 300),
];

Deno.test("dissection: the parts cover any bytes, and nothing throws", () => {
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
        const dissection = dissect(frame, direction, { dialect });
        assertEquals(
          join(...dissection.parts.map(({ bytes }) => bytes)),
          frame,
        );
        let offset = 0;
        for (const part of dissection.parts) {
          assertEquals(part.offset, offset);
          offset += part.bytes.length;
          for (const { clause } of part.problems) {
            assert(clause in clauses || clause in secureClauses);
          }
        }
        const text = annotatedHex(dissection);
        // deno-lint-ignore no-control-regex -- they are what mustn't be there
        assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f]/.test(text + dissection.what));
      },
    ),
    { numRuns: 400 },
  );
});

Deno.test("dissection: recorded frames of real programs have few problems", () => {
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
  const dissection = dissect(changed(sent(3, 16), 39, 9), "request");
  const line = "! SND-5: expected a type from 1 to 4, got 9";
  assertStringIncludes(
    annotatedHex(dissection),
    `unknown type 9\n        ${line}`,
  );
  const coloured = annotatedHex(dissection, { colour: true });
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
