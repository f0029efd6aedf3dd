import { assert, assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding";
import { dialectNamed, dialectNames } from "../../../shared/wire/dialects.ts";
import { FormatError } from "../../../shared/wire/format_error.ts";
import { dissect } from "../../../kit/dissect/dissector.ts";
import type { FrameMeaning } from "../../../lab/vectors/vector.ts";
import { capture, MadeConnection } from "../../support/wire/capture.ts";
import { throughCodec } from "../../support/wire/frame_codec.ts";
import { FILES, testWith } from "../../support/test_with.ts";
import { toolTest, TSHARK } from "../../support/test_with_tool.ts";
import { tshark } from "../../support/wire/tshark.ts";
import { bytesOf, readVectors } from "../../support/wire/vectors.ts";
import { requestKinds, requests } from "../../../shared/wire/requests.ts";

/** Clauses that a frame breaks by its form, so that the codec refuses it. */
const FORMAL: readonly string[] = [
  "FRM-1",
  "FRM-2",
  "REQ-5",
  "REQ-6",
  "ANS-3",
  "ERR-1",
  "NAM-2",
  "NAM-3",
  "NAM-4",
  "SND-1",
  "SND-5",
  "SND-8",
  ...requestKinds.map((kind) => requests[kind].sizeClause),
];

testWith(
  FILES,
  "sound frames decode to their meaning, and encode to the same bytes",
  async () => {
    let count = 0;
    for (const vector of await readVectors("frames")) {
      const { name, direction, dialect, verdict } = vector;
      if (verdict !== "valid") continue;
      const frame = bytesOf(vector);
      const { meaning, again } = throughCodec(frame, direction, dialect);
      assertEquals(meaning, vector.meaning, name);
      assertEquals(encodeHex(again), vector.bytes, name);
      count++;
    }
    assert(count > 0);
  },
);

testWith(
  FILES,
  "the codec refuses malformed frames alone",
  async () => {
    let [read, refused] = [0, 0];
    for (const vector of await readVectors("frames")) {
      const { name, direction, dialect, verdict } = vector;
      // A listed name may be anything, and so may the type of what waits.
      const isLenient = direction === "answer" && /^(NAM|SND-5)/.test(verdict);
      const found = readStrictly(bytesOf(vector), direction, dialect);
      if (FORMAL.includes(verdict) && !isLenient) {
        assertEquals(found, undefined, name);
        refused++;
      } else {
        assertEquals(found, vector.meaning, name);
        read++;
      }
    }
    assert(read > 0 && refused > 0);
  },
);

/** What a frame says, or undefined where the codec refuses it. */
function readStrictly(
  ...frame: Parameters<typeof throughCodec>
): FrameMeaning | undefined {
  try {
    return throughCodec(...frame).meaning;
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

testWith(FILES, "each frame breaks its clause, or none", async () => {
  for (const vector of await readVectors("frames")) {
    const { name, direction, dialect, verdict } = vector;
    const expected = verdict === "valid" ? [] : [verdict];
    for (const told of [undefined, dialectNamed(dialect)]) {
      const { problems } = dissect(bytesOf(vector), direction, {
        dialect: told,
      });
      const broken = new Set(problems.map(({ clause }) => clause));
      assertEquals([...broken], expected, name);
    }
  }
});

testWith(FILES, "there is a frame of each kind in each dialect", async () => {
  const found = new Set(
    (await readVectors("frames"))
      .filter(({ verdict }) => verdict === "valid")
      .map(({ direction, dialect, meaning }) =>
        `${direction} ${dialect} ${meaning.kind}`
      ),
  );
  for (const dialect of dialectNames) {
    for (const kind of requestKinds) {
      assert(found.has(`request ${dialect} ${kind}`), `${dialect} ${kind}`);
      assert(found.has(`answer ${dialect} ${kind}`), `${dialect} ${kind}`);
    }
    assert(found.has(`answer ${dialect} failure`), dialect);
  }
});

/** Zeros behind a frame, which in a stream may become a block's padding. */
const MAY_GO_ON = ["request-padding-short", "answer-zeros-behind"];

toolTest(
  TSHARK,
  "Wireshark's dissector finds equal problems in each frame",
  async () => {
    const vectors = await readVectors("frames");
    const segments = vectors.flatMap((vector, index) =>
      new MadeConnection({ clientPort: 20000 + index }).open()
        .send(vector.direction, bytesOf(vector)).segments
    );
    const rows = await tshark(
      capture(segments),
      ["tcp.stream", "_ws.expert.message"],
      "-o",
      "messageu.reassemble:FALSE",
    );
    for (const [index, { name, verdict }] of vectors.entries()) {
      const experts = rows.filter(([stream]) => stream?.[0] === `${index}`)
        .flatMap(([, experts = []]) => experts);
      const clauses = experts.map((text) => text.split(":")[0] ?? "")
        .filter((clause) => /^[A-Z]{3}-\d+$/.test(clause));
      const expected = verdict === "valid" || MAY_GO_ON.includes(name)
        ? []
        : [verdict];
      assertEquals([...new Set(clauses)], expected, name);
    }
  },
);
