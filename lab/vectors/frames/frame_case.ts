import { encodeHex } from "@std/encoding";
import type { ClauseId } from "../../../kit/clauses.ts";
import type { DialectName } from "../../../shared/wire/dialects.ts";
import type { Direction } from "../../../kit/dissect/dissector.ts";
import { frameMeaning } from "./frame_meaning.ts";
import type { FrameVector, Reaction, Verdict } from "../vector.ts";

/** What every case of a frame says of it. */
type Rest = [
  name: string,
  about: string,
  bytes: Uint8Array,
  dialect?: DialectName,
];

function frameCase(
  direction: Direction,
  verdict: Verdict,
  relay: Reaction | undefined,
  [name, about, bytes, dialect = "600"]: Rest,
): FrameVector {
  return {
    name: `${direction}-${name}`,
    about,
    direction,
    dialect,
    verdict,
    ...relay === undefined ? {} : { relay },
    bytes: encodeHex(bytes),
    meaning: frameMeaning(bytes, direction, dialect),
  };
}

/** A request that breaks nothing. */
export function soundRequest(...rest: Rest): FrameVector {
  return frameCase("request", "valid", "answers", rest);
}

/** An answer that breaks nothing. */
export function soundAnswer(...rest: Rest): FrameVector {
  return frameCase("answer", "valid", undefined, rest);
}

/** A request that breaks a clause, and what a relay does with it. */
export function brokenRequest(
  clause: ClauseId,
  relay: Reaction,
  ...rest: Rest
): FrameVector {
  return frameCase("request", clause, relay, rest);
}

/** An answer that breaks a clause. */
export function brokenAnswer(clause: ClauseId, ...rest: Rest): FrameVector {
  return frameCase("answer", clause, undefined, rest);
}
