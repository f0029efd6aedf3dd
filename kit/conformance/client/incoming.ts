/**
 * Cuts a connection's bytes into requests, leniently: one mistake of a client
 * mustn't hide the others.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { ByteSource } from "../../../shared/wire/byte_source.ts";
import {
  codeAt,
  dialectOf,
  requestKind,
} from "../../../shared/wire/dialects.ts";
import { SEND_OVERHEAD } from "../../../shared/wire/protocol.ts";
import {
  arrivingPayloadSize,
  blockPadding,
  HEADER_START,
  requestStart,
} from "../../../shared/wire/request_framer.ts";
import {
  requestCodecs,
  type RequestKind,
} from "../../../shared/wire/requests.ts";
import { requestHeader, requestHeaderAt } from "../../../shared/wire/frames.ts";
import { formOf, swapped } from "../../dissect/form.ts";
import type { Arrival } from "./arrival.ts";

/** Size in bytes of the largest payload that is read. */
const MOST_PAYLOAD = 4 * 1024 * 1024;

/** A request without what its connection doesn't know. */
export type CutRequest = Omit<Arrival, "connection" | "expectedId">;

/** The requests on a connection. */
export class Incoming {
  readonly #source: ByteSource;
  readonly #patience: number;
  /** Bytes of the stream after each read that isn't consumed. */
  #reads: number[] = [];

  /**
   * @param patience milliseconds without a byte after which an incomplete
   * request counts as complete
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
   * The next request, sound or not.
   *
   * @returns null at the end of the stream
   * @throws {Error} if the connection breaks
   */
  async next(): Promise<CutRequest | null> {
    const source = this.#source;
    const start = source.consumed;
    if (!(await source.has(1))) return null;
    if (!(await this.#arrives(HEADER_START))) return this.#fragment(start);
    const headerSize = requestHeaderAt(source.peek(HEADER_START)).fixedSize;
    if (!(await this.#arrives(headerSize ?? 0))) return this.#fragment(start);
    const head = source.takeArrived(headerSize ?? 0);
    const known = knownIn(head);
    const { kind, claimed } = known;
    if (claimed === 0 && requestCodecs[kind ?? "clientsList"].fixedSize) {
      await this.#arrives(1);
    }
    const size = await arrivingPayloadSize(
      source,
      { kind, headerSize: head.length, claim: claimed },
      (wanted) => this.#arrives(wanted),
    );
    const wanted = size === claimed
      ? await this.#understated(kind, claimed) || claimed
      : size;
    await this.#arrives(Math.min(wanted, MOST_PAYLOAD));
    const payload = source.takeArrived(
      Math.min(wanted, MOST_PAYLOAD, source.buffered),
    );
    const came = payload.length;
    return this.#taken(start, concat([head, payload]), {
      ...known,
      sizeProblem: came === claimed
        ? undefined
        : shortage(kind, claimed, came, head.length),
    });
  }

  /**
   * Watches for bytes or an end that come before the response, for at most `ms`
   * milliseconds.
   */
  async beforeResponse(
    requestSize: number,
    ms: number,
  ): Promise<{ early: boolean; halfClosed: boolean; padded: boolean }> {
    const source = this.#source;
    await source.hasWithin(1, ms).catch(() => false);
    const padding = blockPadding(requestSize);
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

  /**
   * Size of the payload of a request whose header claims less than its kind
   * has, if all of it arrives and contains no other request; else 0.
   */
  async #understated(
    kind: RequestKind | undefined,
    claimed: number,
  ): Promise<number> {
    if (kind === undefined) return 0;
    const source = this.#source;
    let size = requestCodecs[kind].fixedSize ?? SEND_OVERHEAD;
    // SND-7: another request follows a request for a key.
    if (claimed >= size && kind !== "sendMessage") return 0;
    if (kind === "sendMessage") {
      if (!(await this.#arrives(SEND_OVERHEAD))) return 0;
      const { buffer, byteOffset } = source.peek(SEND_OVERHEAD);
      size += new DataView(buffer, byteOffset)
        .getUint32(SEND_OVERHEAD - 4, true);
    }
    if (size <= claimed || size > MOST_PAYLOAD) return 0;
    if (!(await this.#arrives(size))) return 0;
    const rest = source.peek(size).subarray(claimed);
    const isRequest = rest.length >= HEADER_START &&
      requestKind(codeAt(rest)) !== undefined;
    return isRequest ? 0 : size;
  }

  /** Waits until `size` bytes are buffered; false if no more arrive. */
  async #arrives(size: number): Promise<boolean> {
    const source = this.#source;
    while (source.buffered < size && !source.ended) {
      if (!(await source.hasWithin(source.buffered + 1, this.#patience))) break;
    }
    return source.buffered >= size;
  }

  /** A request that ends within its header. */
  #fragment(start: number): CutRequest {
    const bytes = this.#source.takeArrived(this.#source.buffered);
    const head = new Uint8Array(requestHeader.fixedSize ?? 0);
    return this.#taken(start, bytes, {
      ...knownIn(head),
      sizeProblem:
        `a header has ${head.length} bytes, and ${bytes.length} came`,
    });
  }

  #taken(
    start: number,
    bytes: Uint8Array,
    known: Known & Pick<CutRequest, "sizeProblem">,
  ): CutRequest {
    const end = start + bytes.length;
    const inside = this.#reads.filter((at) => at > start && at < end).length;
    this.#reads = this.#reads.filter((at) => at > end);
    return {
      ...known,
      bytes,
      reads: inside + 1,
      early: false,
      halfClosed: false,
      response: undefined,
    };
  }
}

/** The meaning of a header, in either byte order. */
type Known =
  & Pick<
    CutRequest,
    "kind" | "dialect" | "header" | "headerSize" | "bigEndian"
  >
  & { readonly claimed: number };

function knownIn(head: Uint8Array): Known {
  const start = requestStart(head);
  if (start === undefined) throw new RangeError("Expected a whole header");
  const { header, headerSize } = start;
  const { isBigEndian, claim } = formOf(head, "request");
  const code = isBigEndian ? swapped(header.code, 2) : header.code;
  const other = swapped(header.payloadSize, 4);
  const sizeIsSwapped = header.payloadSize > MOST_PAYLOAD &&
    other <= MOST_PAYLOAD;
  return {
    kind: requestKind(code),
    dialect: dialectOf(code),
    header,
    headerSize,
    bigEndian: sizeIsSwapped || isBigEndian,
    claimed: sizeIsSwapped ? other : claim ?? 0,
  };
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
