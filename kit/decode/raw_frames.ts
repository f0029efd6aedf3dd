import { blockPadding } from "../../shared/wire/request_framer.ts";
import { UsageError } from "../../shared/cli/program.ts";
import { type Direction, dissect } from "../dissect/dissector.ts";
import type { Finding } from "../dissect/conversation.ts";
import { formOf, payloadSize } from "../dissect/form.ts";
import { looksLikeFrame } from "../dissect/frame_start.ts";
import { Names } from "../dissect/names.ts";
import {
  type Requester,
  requesterIn,
  requesterText,
} from "../dissect/requester.ts";

/** Largest number of requests without a response that are remembered. */
const MOST_ASKED = 10_000;

/**
 * Dissects consecutive frames of unknown direction.
 *
 * @param direction their direction. Default: guessed for each frame
 * @throws {UsageError} if the first one looks like none
 */
export function* rawFrames(
  bytes: Uint8Array,
  direction?: Direction,
): Generator<Finding> {
  const names = new Names();
  /** The senders of requests without a response, oldest first. */
  const requesters: Requester[] = [];
  let last = direction;
  for (let offset = 0; offset < bytes.length;) {
    const rest = bytes.subarray(offset);
    last = direction ?? guess(rest) ?? last;
    if (last === undefined) {
      throw new UsageError(
        "It can't be told whether these are requests or answers: say --direction request or --direction answer",
      );
    }
    const size = frameSize(rest, last);
    const asked = last === "answer" ? requesters.shift() : undefined;
    const dissection = dissect(rest.subarray(0, size), last, {
      names,
      registered: asked?.name,
    });
    const requester = asked ?? requesterIn(dissection);
    if (last === "request" && requesters.length < MOST_ASKED) {
      requesters.push(requester);
    }
    yield {
      kind: "frame",
      direction: last,
      offset,
      problems: dissection.problems,
      dissection,
      size,
      unseen: 0,
      requester: requesterText(requester, names),
    };
    const padding = paddingAfter(rest, size);
    if (padding > 0) {
      const at = { direction: last, offset: offset + size };
      yield { kind: "padding", ...at, size: padding, problems: [] };
    }
    offset += size + padding;
  }
}

/** Guesses the direction of a frame by its header, or else by its code. */
function guess(bytes: Uint8Array): Direction | undefined {
  const looksLike = (direction: Direction) =>
    looksLikeFrame(bytes, formOf(bytes, direction)) === true;
  const isKnown = (direction: Direction) =>
    formOf(bytes, direction).kind !== undefined;
  return DIRECTIONS.find(looksLike) ?? DIRECTIONS.find(isKnown);
}

const DIRECTIONS = ["request", "answer"] as const;

function frameSize(bytes: Uint8Array, direction: Direction): number {
  const form = formOf(bytes, direction);
  const size = payloadSize(bytes, form, false) ?? form.claim ?? 0;
  return Math.min(bytes.length, form.headerSize + size);
}

/** Number of zeros behind a frame, up to the end of its block (DIA-5). */
function paddingAfter(bytes: Uint8Array, size: number): number {
  const padding = blockPadding(size);
  const zeros = bytes.subarray(size, size + padding);
  return zeros.every((byte) => byte === 0) ? zeros.length : 0;
}
