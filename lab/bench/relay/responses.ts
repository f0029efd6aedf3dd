/**
 * What responses a bench expects, and counting them as they come in.
 *
 * @module
 */

import {
  LISTED_CLIENT_SIZE,
  RESPONSE_HEADER_SIZE,
  WAITING_OVERHEAD,
} from "../../../shared/wire/protocol.ts";
import {
  type RequestKind,
  responseCodecs,
} from "../../../shared/wire/requests.ts";
import { PULL } from "../../../kit/requests.ts";

/** What the size of a response hangs on. */
export interface ResponsePlan {
  /** Registered users. */
  users: number;
  /** Messages in each pulled inbox; undefined where this isn't known. */
  waiting?: number;
  /** Bytes of each message's content. */
  contentSize?: number;
}

/** Bytes of payload of the response to a request, or undefined where they aren't known before. */
export function responseSize(
  kind: RequestKind,
  { users, waiting, contentSize = 0 }: ResponsePlan,
): number | undefined {
  if (kind === "clientsList") return (users - 1) * LISTED_CLIENT_SIZE;
  if (kind !== PULL) {
    return responseCodecs[kind].fixedSize;
  }
  return waiting && waiting * (WAITING_OVERHEAD + contentSize);
}

/** Counts the whole responses in a stream, and which of them weren't as expected. */
export class ResponseCounter {
  readonly #sizes: ReadonlyMap<number, number | undefined>;
  readonly #header = new Uint8Array(RESPONSE_HEADER_SIZE);
  readonly #view = new DataView(this.#header.buffer);
  #headerSize = 0;
  #left = 0;
  /** Responses with another code or size than expected. */
  failures = 0;
  /** Code and payload size of the first of them. */
  firstFailure: { code: number; size: number } | undefined;

  /** @param sizes of each code that is expected its payload's size; undefined: any */
  constructor(sizes: ReadonlyMap<number, number | undefined>) {
    this.#sizes = sizes;
  }

  /** Takes the next bytes; returns how many responses they complete. */
  feed(chunk: Uint8Array): number {
    let responses = 0;
    for (let at = 0; at < chunk.length;) {
      if (this.#headerSize < RESPONSE_HEADER_SIZE) {
        this.#header[this.#headerSize++] = chunk[at++] ?? 0;
        if (this.#headerSize < RESPONSE_HEADER_SIZE) continue;
        this.#begin();
      }
      const step = Math.min(this.#left, chunk.length - at);
      at += step;
      this.#left -= step;
      if (this.#left > 0) continue;
      this.#headerSize = 0;
      responses++;
    }
    return responses;
  }

  #begin(): void {
    const code = this.#view.getUint16(1, true);
    const size = this.#left = this.#view.getUint32(3, true);
    const expected = this.#sizes.get(code);
    const right = expected === undefined
      ? this.#sizes.has(code)
      : expected === size;
    if (right) return;
    this.failures++;
    this.firstFailure ??= { code, size };
  }
}
