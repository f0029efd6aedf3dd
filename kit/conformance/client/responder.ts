/**
 * Responses, sound or not, and how they are written.
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

/** Number of bytes written one by one. */
const SINGLE_BYTES = 64;
/** Size in bytes of each further piece. */
const PIECE = 50;

/** A response in bytes. */
export interface RawResponse {
  /** Header and payload; may be empty. */
  readonly bytes: Uint8Array;
  /** Whether the connection is closed after it. */
  readonly closes?: boolean;
  /** Whether it is written byte by byte, and its end in small pieces. */
  readonly bytewise?: boolean;
}

/**
 * Responds to a request in place of a sound server.
 *
 * @param good processes the request like a sound server, and encodes the response
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
    // Lets each piece go out by itself.
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Encodes a response whose header may contradict its payload. */
export function claiming(
  header: Omit<ResponseHeader, "version"> & { version?: number },
  payload: Uint8Array,
): Uint8Array {
  return concat([
    responseHeader.encode({ version: PROTOCOL_VERSION, ...header }),
    payload,
  ]);
}

/** Encodes a response of any code and payload. */
export function responseOf(code: number, payload: Uint8Array): Uint8Array {
  return claiming({ code, payloadSize: payload.length }, payload);
}
