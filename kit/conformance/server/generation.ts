/**
 * What a server speaks: checks are written in the codes of the first generation
 * and in version 2, and put into the server's own on the way.
 *
 * @module
 */

import { concat } from "@std/bytes";
import {
  type Dialect,
  dialectOf,
  dialects,
  requestCode,
  requestKind,
  responseMeant,
} from "../../../shared/wire/dialects.ts";
import {
  CLIENT_ID_SIZE,
  PROTOCOL_VERSION,
  REQUEST_HEADER_SIZE,
} from "../../../shared/wire/protocol.ts";
import { requestHeader, requestHeaderOf } from "../../../shared/wire/frames.ts";
import { CheckFailure } from "./check_failure.ts";

/** The generations that a server may speak, as their codes go. */
export const generations: readonly Dialect[] = dialects.filter((
  { blockSize },
) => blockSize === 0);

const [first] = generations as readonly [Dialect];

/** How requests have to be for a server to take them. */
export interface Spoken {
  /** Its generation. */
  readonly dialect: Dialect;
  /** What requests carry where a check has version 2: some servers take 1 alone. */
  readonly version: number;
}

/** Where the version stands, in a header of any generation. */
const VERSION_OFFSET = CLIENT_ID_SIZE;

/**
 * A request, or its start, as a server takes it: one of the first generation as
 * its own has it, and of its version where it has version 2. Of no generation,
 * or without its whole header, it keeps its code.
 */
export function asSpoken(
  frame: Uint8Array,
  { dialect, version }: Spoken,
): Uint8Array {
  const spoken = inGeneration(frame, dialect);
  if (spoken[VERSION_OFFSET] !== PROTOCOL_VERSION) return spoken;
  const versioned = spoken.slice();
  versioned[VERSION_OFFSET] = version;
  return versioned;
}

function inGeneration(frame: Uint8Array, dialect: Dialect): Uint8Array {
  if (dialect === first || frame.length < REQUEST_HEADER_SIZE) return frame;
  const header = requestHeader.decode(frame.subarray(0, REQUEST_HEADER_SIZE));
  const kind = requestKind(header.code);
  if (kind === undefined || dialectOf(header.code) !== first) return frame;
  const code = requestCode(kind, dialect);
  return concat([
    requestHeaderOf(dialect).encode({ ...header, code }),
    frame.subarray(REQUEST_HEADER_SIZE),
  ]);
}

/**
 * The code that an answer of a generation has in the first one.
 *
 * @throws {CheckFailure} where it is one of the first one's own
 */
export function fromGeneration(code: number, dialect: Dialect): number {
  const meant = responseMeant(dialect, code);
  if (meant === undefined && responseMeant(first, code) !== undefined) {
    throw new CheckFailure(
      `an answer of generation ${dialect.name}`,
      `${code}, which is of another`,
    );
  }
  return meant ?? code;
}
