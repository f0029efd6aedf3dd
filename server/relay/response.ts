/**
 * What the relay sends back for a request, as a handler makes it.
 *
 * @module
 */

import { type Dialect, responseCodeIn } from "../../shared/wire/dialects.ts";
import { encodeResponse, responseHeader } from "../../shared/wire/frames.ts";
import { PROTOCOL_VERSION } from "../../shared/wire/protocol.ts";
import {
  FAILURE,
  type RequestKind,
  type Response as WireResponse,
  responseCode,
  type ResponsePayloads,
} from "../../shared/wire/requests.ts";
import { allocateShortLived } from "../../shared/wire/buffers.ts";
import type { Outcome } from "./watcher.ts";

/** A piece of a payload that isn't read yet. */
export interface ResponsePiece {
  /** Most bytes of memory that it takes; 0 where they are taken already. */
  memory: number;
  /** Reads it. To be called once there is room, and before the next piece is asked for. */
  read(): Uint8Array | Promise<Uint8Array>;
}

/** What comes back for one request. */
export interface Response {
  /**
   * Header and payload, or what stands before the pieces. Where there are none,
   * nothing goes out and the connection ends.
   */
  bytes: Uint8Array;
  /** The rest of the payload, piece by piece. */
  pieces?: Iterable<ResponsePiece>;
  /** How the request ended. */
  outcome: Outcome;
  /**
   * Does what is due once the client has received all of it (DLV-3).
   *
   * @param received resolves to whether it has; it doesn't reject
   * @throws {Error} where that failed. The connection then has to end, so that
   * the client expects the messages again
   */
  confirm?: (received: Promise<boolean>) => Promise<void>;
}

const NOTHING = new Uint8Array(0);
const failureBytes = encodeResponse(FAILURE);

/** Responds with a payload that is in memory. */
export function respond<K extends RequestKind>(
  kind: K,
  payload: ResponsePayloads[K],
  dialect: Dialect,
): Response {
  const response = { code: responseCode[kind], payload } as WireResponse;
  const options = { dialect, allocate: allocateShortLived };
  return { bytes: encodeResponse(response, options), outcome: "answered" };
}

/** A payload that is read piece by piece. */
export interface Pieces {
  /** Bytes of all pieces. */
  size: number;
  pieces: Iterable<ResponsePiece>;
}

/** Responds piece by piece. */
export function respondInPieces(
  kind: RequestKind,
  { size, pieces }: Pieces,
  dialect: Dialect,
): Response {
  const code = responseCodeIn(dialect, responseCode[kind]);
  const header = { version: PROTOCOL_VERSION, code, payloadSize: size };
  return { bytes: responseHeader.encode(header), pieces, outcome: "answered" };
}

/** Responds with 9000; the reason doesn't go out (ERR-1). What is unknown gets no response. */
export function refuse(outcome: Outcome): Response {
  return { bytes: outcome === "unknown" ? NOTHING : failureBytes, outcome };
}
