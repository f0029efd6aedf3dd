/**
 * The dialect of a checked server. Checks are written in the codes of the first
 * dialect and in version 2; their requests are translated into the server's.
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
import { CheckFailure } from "./check.ts";

/** Dialects with codes of their own. */
export const serverDialects: readonly Dialect[] = dialects.filter((
  { blockSize },
) => blockSize === 0);

const [first] = serverDialects as readonly [Dialect];

/** How a server expects requests. */
export interface ServerDialect {
  /** Their codes and headers. */
  readonly dialect: Dialect;
  /** The version in place of 2: some servers accept 1 alone. */
  readonly version: number;
}

/** Offset of the version, in a header of any dialect. */
const VERSION_OFFSET = CLIENT_ID_SIZE;

/**
 * Translates a request, or its start, into a server's dialect, and version 2
 * into its version. Bytes of another dialect, or without a whole header, keep
 * their code.
 */
export function toServerDialect(
  frame: Uint8Array,
  { dialect, version }: ServerDialect,
): Uint8Array {
  const translated = inDialect(frame, dialect);
  if (translated[VERSION_OFFSET] !== PROTOCOL_VERSION) return translated;
  const versioned = translated.slice();
  versioned[VERSION_OFFSET] = version;
  return versioned;
}

function inDialect(frame: Uint8Array, dialect: Dialect): Uint8Array {
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
 * Translates a response's code of a dialect into the first dialect's.
 *
 * @throws {CheckFailure} if it is one of the first dialect's own codes
 */
export function firstDialectCode(code: number, dialect: Dialect): number {
  const meant = responseMeant(dialect, code);
  if (meant === undefined && responseMeant(first, code) !== undefined) {
    throw new CheckFailure(
      `a response of dialect ${dialect.name}`,
      `${code}, which is of another`,
    );
  }
  return meant ?? code;
}
