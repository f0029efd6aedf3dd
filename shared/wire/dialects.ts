/**
 * The generations of the protocol that clients and servers speak (clauses
 * DIA-1 to DIA-5). They ask the same and are answered alike: what differs
 * between them stands in one table, which the codec reads.
 *
 * @module
 */

import {
  CLIENT_ID_SIZE,
  type RequestKind,
  requestKinds,
  ResponseCode,
} from "./protocol.ts";

/** What a generation has of its own. A failure is 9000 in all of them. */
export interface Dialect {
  /** What people and flags call it. */
  readonly name: DialectName;
  /** The code of a registration; the other four follow. */
  readonly firstRequest: number;
  /** The code of the answer to a registration; the other four follow. */
  readonly firstAnswer: number;
  /** Bytes of the code in a request's header; an answer's always has 2. */
  readonly codeSize: 1 | 2;
  /** Bytes of the blocks that requests and answers are padded to with zeros; 0 for none. */
  readonly blockSize: number;
}

/** Bytes of the blocks of those clients that send and read whole ones. */
export const BLOCK_SIZE = 1024;

type Row = readonly [
  name: string,
  firstRequest: number,
  firstAnswer: number,
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

/** What a dialect is called. */
export type DialectName = typeof rows[number][0];

/** The names of all dialects, in their order. */
export const dialectNames: readonly DialectName[] = rows.map(([name]) => name);

/** All dialects; the first one is spoken where nothing else is asked for. */
export const dialects: readonly Dialect[] = rows.map((
  [name, firstRequest, firstAnswer, codeSize, blockSize],
) => ({ name, firstRequest, firstAnswer, codeSize, blockSize }));

/** The dialect that is spoken where nothing else is asked for. */
export const defaultDialect: Dialect = dialectNamed(rows[0][0]);

/** The dialect of that name. */
export function dialectNamed(name: DialectName): Dialect {
  return dialects[dialectNames.indexOf(name)] as Dialect;
}

const byCode: ReadonlyMap<number, { kind: RequestKind; dialect: Dialect }> =
  new Map(
    // Of two rows with the same codes the first one counts.
    dialects.toReversed().flatMap((dialect) =>
      requestKinds.map((kind) =>
        [requestCode(kind, dialect), { kind, dialect }] as const
      )
    ),
  );

/** The request that a code asks for, or undefined where it means nothing. */
export function requestKind(code: number): RequestKind | undefined {
  return byCode.get(code)?.kind;
}

/** The dialect of a request with this code; the first one where it means nothing. */
export function dialectOf(code: number): Dialect {
  return byCode.get(code)?.dialect ?? defaultDialect;
}

/** The code of a request in a dialect. */
export function requestCode(
  kind: RequestKind,
  dialect: Dialect = defaultDialect,
): number {
  return dialect.firstRequest + requestKinds.indexOf(kind);
}

/** The code that an answer has on the wire in a dialect. */
export function answerCodeIn(dialect: Dialect, code: ResponseCode): number {
  return code === ResponseCode.Error
    ? code
    : dialect.firstAnswer + code - ResponseCode.Registered;
}

/** The answer that a code on the wire means in a dialect, or undefined where it means nothing. */
export function answerMeant(
  dialect: Dialect,
  code: number,
): ResponseCode | undefined {
  return Object.values(ResponseCode).find((meant) =>
    answerCodeIn(dialect, meant) === code
  );
}

/** Where the code stands in every request's header, behind id and version. */
const CODE_AT = CLIENT_ID_SIZE + 1;
const shortCodes: ReadonlySet<number> = new Set(
  [...byCode].flatMap(([code, { dialect }]) =>
    dialect.codeSize === 1 ? [code] : []
  ),
);

/**
 * Bytes of the code in the header that begins so (clause DIA-3): no code of 2
 * bytes begins with a byte that is a code of 1.
 *
 * @param start the header's first 18 bytes at least
 */
export function codeSizeAt(start: Uint8Array): 1 | 2 {
  return shortCodes.has(start[CODE_AT] as number) ? 1 : 2;
}

/**
 * The code in the header that begins so, known or not.
 *
 * @param start the header's first 19 bytes at least
 */
export function codeAt(start: Uint8Array): number {
  const first = start[CODE_AT] ?? 0;
  return codeSizeAt(start) === 1
    ? first
    : first + 256 * (start[CODE_AT + 1] ?? 0);
}

/** Bytes of zeros that fill the last block of so many bytes; none where there are no blocks. */
export function paddingBehind(
  size: number,
  { blockSize }: Pick<Dialect, "blockSize">,
): number {
  return blockSize === 0 ? 0 : (blockSize - size % blockSize) % blockSize;
}
