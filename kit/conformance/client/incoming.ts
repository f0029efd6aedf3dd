/**
 * Cuts a connection's bytes into requests, as leniently as can be: a client
 * that is wrong in one thing is to be seen in the others, too.
 *
 * @module
 */

import { ByteSource } from "../../../shared/wire/byte_source.ts";
import {
  BLOCK_SIZE,
  defaultDialect,
  dialectOf,
  paddingBehind,
  requestKind,
} from "../../../shared/wire/dialects.ts";
import { SEND_OVERHEAD } from "../../../shared/wire/protocol.ts";
import {
  requestCodecs,
  type RequestKind,
} from "../../../shared/wire/requests.ts";
import {
  requestHeader,
  requestHeaderAt,
  shortRequestHeader,
} from "../../../shared/wire/frames.ts";
import type { Arrival } from "./arrival.ts";

/** Bytes of payload that are taken at most. */
const MOST_PAYLOAD = 4 * 1024 * 1024;
/** Bytes of the shortest header; a longer one is told by them. */
const SHORT_HEADER = shortRequestHeader.fixedSize ?? 0;

/** A request and what only its connection knows of it. */
export type CutRequest = Omit<Arrival, "connection" | "expectedId">;

/** The requests on a connection. */
export class Incoming {
  readonly #source: ByteSource;
  readonly #patience: number;
  /** How far the stream had come after each read that isn't used up. */
  #reads: number[] = [];

  /**
   * @param patience milliseconds without a byte after which a request that has
   * begun is taken as it is
   */
  constructor(conn: Deno.Conn, patience: number) {
    this.#patience = patience;
    this.#source = new ByteSource(async (into) => {
      const count = await conn.read(into);
      this.#reads.push(this.#source.arrived + (count ?? 0));
      return count;
    });
  }

  /**
   * The next request, however wrong it is.
   *
   * @returns null at the end of the stream
   * @throws {Error} where the connection breaks
   */
  async next(): Promise<CutRequest | null> {
    const start = this.#source.consumed;
    if (!(await this.#source.has(1))) return null;
    const short = await this.#come(SHORT_HEADER);
    if (short < SHORT_HEADER) return this.#fragment(start, short);
    const codec = requestHeaderAt(this.#source.peek(SHORT_HEADER));
    const headerSize = codec.fixedSize ?? 0;
    const head = await this.#come(headerSize);
    if (head < headerSize) return this.#fragment(start, head);
    const header = codec.decode(this.#source.peek(headerSize));
    const code = requestKind(header.code) === undefined
      ? swapped(header.code, 2)
      : header.code;
    const swappedSize = swapped(header.payloadSize, 4);
    const sizeIsSwapped = header.payloadSize > MOST_PAYLOAD &&
      swappedSize <= MOST_PAYLOAD;
    const claimed = sizeIsSwapped ? swappedSize : header.payloadSize;
    const kind = requestKind(code);
    const unclaimed = claimed === 0 && kind !== undefined
      ? await this.#unclaimed(kind, headerSize)
      : 0;
    const size = unclaimed ||
      await this.#understated(kind, headerSize, claimed) ||
      claimed;
    const wanted = headerSize + Math.min(size, MOST_PAYLOAD);
    const came = await this.#come(wanted) - headerSize;
    return this.#taken(start, headerSize + came, {
      kind,
      dialect: dialectOf(code),
      header,
      headerSize,
      bigEndian: sizeIsSwapped || kind !== undefined && code !== header.code,
      sizeProblem: came !== claimed
        ? shortage(kind, claimed, came, headerSize)
        : undefined,
    });
  }

  /**
   * Looks for what a client shouldn't send before it has its answer, `ms`
   * milliseconds at most.
   */
  async beforeAnswer(
    requestSize: number,
    ms: number,
  ): Promise<{ early: boolean; halfClosed: boolean; padded: boolean }> {
    const source = this.#source;
    await source.hasWithin(1, ms).catch(() => false);
    const padding = paddingBehind(requestSize, { blockSize: BLOCK_SIZE });
    const padded = source.buffered > 0 && padding > 0 &&
      await source.hasWithin(padding, this.#patience).catch(() => false) &&
      source.peek(padding).every((byte) => byte === 0);
    if (padded) await source.skip(padding);
    return {
      early: source.buffered > 0,
      halfClosed: source.ended && source.buffered === 0,
      padded,
    };
  }

  /** DIA-6: the payload that a header in a block has though it says 0 bytes. */
  async #unclaimed(kind: RequestKind, headerSize: number): Promise<number> {
    const size = requestCodecs[kind].fixedSize ?? 0;
    const block = headerSize +
      paddingBehind(headerSize, { blockSize: BLOCK_SIZE });
    if (size === 0 || await this.#come(block) < block) return 0;
    const rest = this.#source.peek(block).subarray(headerSize);
    const isZero = (byte: number) => byte === 0;
    const isPayload = !rest.subarray(0, size).every(isZero) &&
      rest.subarray(size).every(isZero);
    return isPayload ? size : 0;
  }

  /**
   * The payload of a request whose header says less than such a one has, where
   * all of it comes and no other request stands in it; 0 otherwise.
   */
  async #understated(
    kind: RequestKind | undefined,
    headerSize: number,
    claimed: number,
  ): Promise<number> {
    if (kind === undefined) return 0;
    const least = requestCodecs[kind].fixedSize ?? SEND_OVERHEAD;
    // SND-7: what follows a request for a key is another request.
    if (claimed >= least && kind !== "sendMessage") return 0;
    const head = headerSize + SEND_OVERHEAD;
    let size = least;
    if (kind === "sendMessage") {
      if (await this.#come(head) < head) return 0;
      const { buffer, byteOffset } = this.#source.peek(head);
      size += new DataView(buffer, byteOffset).getUint32(head - 4, true);
    }
    const end = headerSize + size;
    if (size <= claimed || size > MOST_PAYLOAD) return 0;
    if (await this.#come(end) < end) return 0;
    const rest = this.#source.peek(end).subarray(headerSize + claimed);
    const isRequest = rest.length >= SHORT_HEADER &&
      requestKind(
          requestHeaderAt(rest).fixedSize === SHORT_HEADER
            ? rest[17] ?? 0
            : (rest[17] ?? 0) + 256 * (rest[18] ?? 0),
        ) !== undefined;
    return isRequest ? 0 : size;
  }

  /** How many of so many bytes are there, once no more come. */
  async #come(size: number): Promise<number> {
    const source = this.#source;
    while (source.buffered < size && !source.ended) {
      if (!(await source.hasWithin(source.buffered + 1, this.#patience))) break;
    }
    return Math.min(size, source.buffered);
  }

  #fragment(start: number, size: number): CutRequest {
    const headerSize = requestHeader.fixedSize ?? 0;
    return this.#taken(start, size, {
      kind: undefined,
      dialect: defaultDialect,
      header: requestHeader.decode(new Uint8Array(headerSize)),
      headerSize,
      bigEndian: false,
      sizeProblem: `a header has ${headerSize} bytes, and ${size} came`,
    });
  }

  #taken(
    start: number,
    size: number,
    known: Pick<
      CutRequest,
      | "kind"
      | "dialect"
      | "header"
      | "headerSize"
      | "bigEndian"
      | "sizeProblem"
    >,
  ): CutRequest {
    const bytes = this.#source.takeArrived(size);
    const end = start + size;
    const inside = this.#reads.filter((at) => at > start && at < end).length;
    this.#reads = this.#reads.filter((at) => at > end);
    return {
      ...known,
      bytes,
      reads: inside + 1,
      early: false,
      halfClosed: false,
      answer: undefined,
    };
  }
}

function shortage(
  kind: RequestKind | undefined,
  claimed: number,
  came: number,
  headerSize: number,
): string {
  const counts = kind !== undefined && claimed - came === headerSize
    ? ": the size counts the header"
    : kind === "sendMessage" && came - claimed === SEND_OVERHEAD
    ? ": the size counts the content alone"
    : "";
  const usual = kind === undefined ? undefined : requestCodecs[kind].fixedSize;
  const expected = usual === undefined ? "" : `, and such a one has ${usual}`;
  return `the header claims ${claimed} bytes, ${came} came${expected}${counts}`;
}

/** The number that the bytes of a little-endian one are as a big-endian one. */
function swapped(value: number, size: 2 | 4): number {
  const view = new DataView(new ArrayBuffer(4));
  if (size === 2) {
    view.setUint16(0, value, true);
    return view.getUint16(0);
  }
  view.setUint32(0, value, true);
  return view.getUint32(0);
}
