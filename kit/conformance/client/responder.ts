/**
 * How a response goes out: well, or as badly as a step wants it.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { writeAll } from "../../../shared/folder/durable_files.ts";
import {
  type ResponseHeader,
  responseHeader,
} from "../../../shared/wire/frames.ts";
import { PROTOCOL_VERSION } from "../../../shared/wire/protocol.ts";
import type { Arrival } from "./arrival.ts";

/** Bytes that go out one by one where a response does. */
const SINGLE_BYTES = 64;
/** Bytes of a piece behind them. */
const PIECE = 50;

/** What goes out for a request. */
export interface RawResponse {
  /** All of it, header included; may be nothing. */
  readonly bytes: Uint8Array;
  /** Whether the connection is closed behind it. */
  readonly closes?: boolean;
  /** Whether it goes out byte by byte, and its end in small pieces. */
  readonly bytewise?: boolean;
}

/**
 * Responses a request in place of a good server.
 *
 * @param good does what a good server does, and makes its response
 */
export type Responder = (
  arrival: Arrival,
  good: () => Promise<Uint8Array>,
) => Promise<RawResponse>;

/** Writes a response. */
export async function writeResponse(
  conn: Deno.Conn,
  { bytes, bytewise }: RawResponse,
): Promise<void> {
  if (!bytewise) return await writeAll(conn, bytes);
  for (let at = 0; at < bytes.length;) {
    const size = at < SINGLE_BYTES ? 1 : PIECE;
    await writeAll(conn, bytes.subarray(at, at + size));
    at += size;
    // What follows at once would go out together with it.
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** A response whose header says what it likes about its payload. */
export function claiming(
  header: Omit<ResponseHeader, "version"> & { version?: number },
  payload: Uint8Array,
): Uint8Array {
  return concat([
    responseHeader.encode({ version: PROTOCOL_VERSION, ...header }),
    payload,
  ]);
}

/** A response of any code and payload, of the right size. */
export function responseOf(code: number, payload: Uint8Array): Uint8Array {
  return claiming({ code, payloadSize: payload.length }, payload);
}
