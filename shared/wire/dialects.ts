/**
 * The dialects of the protocol (clauses DIA-1 to DIA-5). Requests and
 * responses are the same in all of them: one table holds what differs.
 *
 * @module
 */

import { CLIENT_ID_SIZE } from "./protocol.ts";
import {
  ERROR_CODE,
  type RequestKind,
  requestKinds,
  requests,
  type ResponseCode,
  responseCodes,
} from "./requests.ts";

/** The codes and the framing of a dialect. */
export interface Dialect {
  /** Name in flags and in the output of tools. */
  readonly name: DialectName;
  /** Code of the request with index 0. */
  readonly firstRequest: number;
  /** Code of the response with index 0. */
  readonly firstResponse: number;
  /** Size in bytes of the code in a request's header; 2 in every response. */
  readonly codeSize: 1 | 2;
  /** Size in bytes of the blocks that frames are padded to with zeros; 0 for none. */
  readonly blockSize: number;
}

/** Size in bytes of a block in the dialect `blocks`. */
export const BLOCK_SIZE = 1024;

type Row = readonly [
  name: string,
  firstRequest: number,
  firstResponse: number,
  codeSize: 1 | 2,
  blockSize: number,
];

const rows = [
  ["600", 600, 2100, 2, 0],
  ["700", 700, 2100, 2, 0],
  ["1100", 1100, 2100, 2, 0],
  ["1000", 1000, 2000, 2, 0],
  ["100", 100, 1000, 1, 0],
  ["blocks", 600, 2100, 2, BLOCK_SIZE],
] as const satisfies readonly Row[];

/** Name of a dialect. */
export type DialectName = typeof rows[number][0];

/** The names of all dialects, in their order. */
export const dialectNames: readonly DialectName[] = rows.map(([name]) => name);

/** All dialects, the default one first. */
export const dialects: readonly Dialect[] = rows.map((
  [name, firstRequest, firstResponse, codeSize, blockSize],
) => ({ name, firstRequest, firstResponse, codeSize, blockSize }));

/** The dialect of a client unless it is given another. */
export const defaultDialect: Dialect = dialectNamed(rows[0][0]);

/** The dialect of that name. */
export function dialectNamed(name: DialectName): Dialect {
  return dialects[dialectNames.indexOf(name)] as Dialect;
}

const byCode: ReadonlyMap<number, { kind: RequestKind; dialect: Dialect }> =
  new Map(
    // Of two dialects with equal codes the first one wins.
    dialects.toReversed().flatMap((dialect) =>
      requestKinds.map((kind) =>
        [requestCode(kind, dialect), { kind, dialect }] as const
      )
    ),
  );

/** The kind of request with a code; undefined if the code is unknown. */
export function requestKind(code: number): RequestKind | undefined {
  return byCode.get(code)?.kind;
}

/** The dialect of a request's code; the default one if the code is unknown. */
export function dialectOf(code: number): Dialect {
  return byCode.get(code)?.dialect ?? defaultDialect;
}

/** The code of a request in a dialect. */
export function requestCode(
  kind: RequestKind,
  dialect: Dialect = defaultDialect,
): number {
  return dialect.firstRequest + requests[kind].index;
}

/** Maps a response code of the first dialect to its code in another. */
export function responseCodeIn(dialect: Dialect, code: ResponseCode): number {
  return code === ERROR_CODE
    ? code
    : dialect.firstResponse - defaultDialect.firstResponse + code;
}

/**
 * Maps a response code of a dialect to its code in the first one; undefined if
 * the code is unknown.
 */
export function responseMeant(
  dialect: Dialect,
  code: number,
): ResponseCode | undefined {
  return responseCodes.find((meant) => responseCodeIn(dialect, meant) === code);
}

/** Offset of the code in a request's header, after id and version. */
const CODE_AT = CLIENT_ID_SIZE + 1;
const shortCodes: ReadonlySet<number> = new Set(
  [...byCode].flatMap(([code, { dialect }]) =>
    dialect.codeSize === 1 ? [code] : []
  ),
);

/**
 * Size in bytes of the code in a request's header (clause DIA-3). No code of 2
 * bytes begins with a byte that is a code of 1.
 *
 * @param start at least the header's first 18 bytes
 */
export function codeSizeAt(start: Uint8Array): 1 | 2 {
  return shortCodes.has(start[CODE_AT] as number) ? 1 : 2;
}

/**
 * The code in a request's header, known or not.
 *
 * @param start at least the header's first 19 bytes
 */
export function codeAt(start: Uint8Array): number {
  const first = start[CODE_AT] ?? 0;
  return codeSizeAt(start) === 1
    ? first
    : first + 256 * (start[CODE_AT + 1] ?? 0);
}

/** Number of zeros that fill the last block after `size` bytes; 0 without blocks. */
export function paddingBehind(
  size: number,
  { blockSize }: Pick<Dialect, "blockSize">,
): number {
  return blockSize === 0 ? 0 : (blockSize - size % blockSize) % blockSize;
}
