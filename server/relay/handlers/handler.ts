/**
 * What every handler is: one request in, one answer out. A handler never sees
 * a socket.
 *
 * @module
 */

import type { ClientId } from "../../../shared/wire/protocol.ts";
import {
  FAILURE,
  type RequestKind,
  type RequestPayloads,
  type Response,
  type ResponseCode,
} from "../../../shared/wire/requests.ts";
import type { ClientsDirectory } from "../clients_directory.ts";
import type { Limits } from "../limits/limits.ts";
import type { RegistrationLimit } from "../limits/registration_limit.ts";
import type { RequestRefusal } from "../refusal.ts";
import type { AnswerMemory, Store } from "../../store/store.ts";

/** What all requests share. */
export interface Services {
  /** Where users and messages are kept. */
  store: Store;
  /** The list of clients, encoded. */
  directory: ClientsDirectory;
  /** Who may still register. */
  registrations: RegistrationLimit;
  /** What a client may have. */
  limits: Limits;
}

/** What a handler works with. */
export interface Context extends Services {
  /** Who asks: a registered client, except in a registration. */
  client: ClientId;
  /** Where who asks stands among all clients; in a registration nowhere. */
  asker: number | undefined;
  /** Where the request comes from, as limits count it. */
  address: string;
  /** When the request was read. */
  now: Date;
  /** Is asked for room before much is read. */
  memory: AnswerMemory;
}

/** A piece of an answer that isn't read yet. */
export interface AnswerPiece {
  /** Bytes of memory that it takes, at most; 0 where they are taken already. */
  memory: number;
  /** Reads it. To be called once there is room, and before the next piece is asked for. */
  read(): Uint8Array | Promise<Uint8Array>;
}

/** An answer that goes out piece by piece. */
export interface StreamedResponse {
  /** What it is. */
  code: ResponseCode;
  /** Bytes of all pieces. */
  payloadSize: number;
  /** The payload. */
  pieces: Iterable<AnswerPiece>;
}

/** What a handler answers. */
export interface Answer {
  /** What goes back. */
  response: Response | StreamedResponse;
  /** Why that is a failure; see {@linkcode refuse}. */
  refusal?: RequestRefusal;
  /** To be done once the client has shown that it took the whole answer. */
  taken?: () => Promise<void>;
}

/** Answers one kind of request. */
export type Handler<K extends RequestKind> = (
  payload: RequestPayloads[K],
  context: Context,
) => Promise<Answer>;

/** The answer to what is refused: the reason doesn't go out. */
export function refuse(refusal: RequestRefusal): Answer {
  return { response: FAILURE, refusal };
}
