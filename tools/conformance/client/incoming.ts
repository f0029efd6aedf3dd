/**
 * Cuts a connection's bytes into requests, as leniently as can be: a client
 * that is wrong in one thing is to be seen in the others, too.
 *
 * @module
 */

import { ByteSource } from "../../../shared/byte_source.ts";
import {
  REQUEST_HEADER_SIZE,
  type RequestKind,
  requestKind,
} from "../../../shared/protocol.ts";
import {
  requestCodecs,
  type RequestHeader,
  requestHeader,
} from "../../../shared/requests.ts";
import type { Arrival } from "./arrival.ts";

/** Bytes of payload that are taken at most. */
const MOST_PAYLOAD = 4 * 1024 * 1024;
/** Bytes of the blocks to which some clients pad. */
const BLOCK = 1024;

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
    const headSize = await this.#come(REQUEST_HEADER_SIZE);
    if (headSize < REQUEST_HEADER_SIZE) return this.#fragment(start, headSize);
    const header = requestHeader.decode(
      this.#source.peek(REQUEST_HEADER_SIZE),
    );
    const swappedCode = swapped(header.code, 2);
    const kind = requestKind(header.code) ?? requestKind(swappedCode);
    const swappedSize = swapped(header.payloadSize, 4);
    const sizeIsSwapped = header.payloadSize > MOST_PAYLOAD &&
      swappedSize <= MOST_PAYLOAD;
    const claimed = sizeIsSwapped ? swappedSize : header.payloadSize;
    const wanted = Math.min(claimed, MOST_PAYLOAD);
    const came = await this.#come(REQUEST_HEADER_SIZE + wanted) -
      REQUEST_HEADER_SIZE;
    return this.#taken({
      kind,
      header,
      size: REQUEST_HEADER_SIZE + came,
      start,
      bigEndian: sizeIsSwapped ||
        kind !== undefined && requestKind(header.code) === undefined,
      sizeProblem: came < claimed ? shortage(kind, claimed, came) : undefined,
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
    const padding = (BLOCK - requestSize % BLOCK) % BLOCK;
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

  /** How many of so many bytes are there, once no more come. */
  async #come(size: number): Promise<number> {
    const source = this.#source;
    while (source.buffered < size && !source.ended) {
      if (!(await source.hasWithin(source.buffered + 1, this.#patience))) break;
    }
    return Math.min(size, source.buffered);
  }

  #fragment(start: number, size: number): CutRequest {
    const header: RequestHeader = requestHeader.decode(
      new Uint8Array(REQUEST_HEADER_SIZE),
    );
    return this.#taken({
      kind: undefined,
      header,
      size,
      start,
      bigEndian: false,
      sizeProblem:
        `a header has ${REQUEST_HEADER_SIZE} bytes, and ${size} came`,
    });
  }

  #taken(
    { size, start, ...rest }:
      & Pick<CutRequest, "kind" | "header" | "bigEndian" | "sizeProblem">
      & { size: number; start: number },
  ): CutRequest {
    const bytes = this.#source.takeArrived(size);
    const end = start + size;
    const inside = this.#reads.filter((at) => at > start && at < end).length;
    this.#reads = this.#reads.filter((at) => at > end);
    return {
      ...rest,
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
): string {
  const counts = kind !== undefined && claimed - came === REQUEST_HEADER_SIZE
    ? ": the size counts the header"
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
