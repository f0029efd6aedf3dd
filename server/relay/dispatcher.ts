/**
 * Finds the handler of a request and does what all requests share: is the
 * client known, when was it last seen, and what is answered when things fail.
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import {
  type Dialect,
  dialectOf,
  responseCodeIn,
} from "../../shared/wire/dialects.ts";
import { type ClientId, PROTOCOL_VERSION } from "../../shared/wire/protocol.ts";
import { FAILURE, type RequestKind } from "../../shared/wire/requests.ts";
import {
  decodeRequest,
  encodeResponse,
  type RequestPayload,
  responseHeader,
} from "../../shared/wire/frames.ts";
import { FormatError } from "../../shared/wire/format_error.ts";
import { allocateShortLived } from "../../shared/wire/slab.ts";
import { clientsList } from "./handlers/clients_list.ts";
import type {
  Answer,
  AnswerPiece,
  Handler,
  Services,
} from "./handlers/handler.ts";
import { publicKey } from "./handlers/public_key.ts";
import { register } from "./handlers/register.ts";
import { sendMessage } from "./handlers/send_message.ts";
import { waitingMessages } from "./handlers/waiting_messages.ts";
import { ConnectionEndedError } from "./limits/memory_budget.ts";
import type { RequestRefusal } from "./refusal.ts";
import type { WholeRequest } from "./request_reader.ts";
import {
  type AnswerMemory,
  MessageGoneError,
  OutcomeUnknownError,
  StoreBrokenError,
} from "../store/store.ts";
import type { Outcome } from "./watcher.ts";

const handlers: { readonly [K in RequestKind]: Handler<K> } = {
  register,
  clientsList,
  publicKey,
  sendMessage,
  waitingMessages,
};

/** An answer as it goes out. */
export interface Reply {
  /** Header and payload, or what stands before the pieces. */
  bytes: Uint8Array;
  /** What follows, piece by piece. */
  pieces?: Iterable<AnswerPiece>;
  /** What hangs on the client's having taken all of them. */
  delivery?: Delivery;
  /** How the request ended. Where that is unknown, the connection is to end without an answer. */
  outcome: Outcome;
}

/** Messages that were handed out, until it is known whether they were taken. */
export interface Delivery {
  /**
   * To be done once the client has taken the whole answer.
   *
   * @throws {Error} where that failed: they will be handed out again, and the
   * connection is to end, so that the client may expect it
   */
  taken: () => Promise<void>;
  /** Makes the client's next pull wait until a decision is made. */
  pending: (decision: Promise<unknown>) => void;
}

const UNKNOWN: Reply = { bytes: new Uint8Array(0), outcome: "unknown" };

/** The bytes that answer whatever failed or is refused. */
export const failureBytes: Uint8Array = encodeResponse(FAILURE);

/** An inbox that refuses for ever must not do so in silence. */
const IDS_USED_UP =
  "An inbox has used up its message ids and takes no message: " +
  "deno task admin check tells, and deno task admin restart-ids starts it anew";

const FAILED: Reply = { bytes: failureBytes, outcome: "failed" };

/** A request that has begun to be answered. */
export interface Begun {
  /** The answer, once there is one. It never rejects. */
  reply: Promise<Reply>;
}

/**
 * Begins to answer a whole request. What is begun earlier is done earlier. It
 * never rejects.
 *
 * @param address where it comes from, as limits count it
 * @param memory is asked for room for the answer
 */
export type Dispatch = (
  request: WholeRequest,
  address: string,
  memory: AnswerMemory,
) => Promise<Begun>;

/**
 * Makes the function that answers requests.
 *
 * @param report is told of failures that are not the client's
 */
export function createDispatcher(
  services: Services,
  report: (error: unknown) => void,
): Dispatch {
  const { store } = services;
  const pending = new PendingDecisions();

  async function settle(
    client: ClientId,
    dialect: Dialect,
    answering: Promise<Answer>,
  ): Promise<Reply> {
    try {
      const { response, refusal, taken } = await answering;
      if (refusal === "ids_used_up") report(new Error(IDS_USED_UP));
      return {
        ...encode(response, dialect, reported),
        outcome: refusal ?? "answered",
        ...taken && {
          delivery: {
            taken: () => taken().catch(reportAndThrow),
            pending: (decision) => pending.add(client, decision),
          },
        },
      };
    } catch (error) {
      return fail(error);
    }
  }

  function fail(error: unknown): Reply {
    if (error instanceof ConnectionEndedError) return UNKNOWN;
    report(error);
    const unknown = error instanceof StoreBrokenError ||
      error instanceof OutcomeUnknownError;
    return unknown ? UNKNOWN : FAILED;
  }

  function reportAndThrow(error: unknown): never {
    report(error);
    throw error;
  }

  /** A failure while they go out is like one before. */
  function* reported(pieces: Iterable<AnswerPiece>): Generator<AnswerPiece> {
    for (const { memory, read } of pieces) {
      const readReported = async () => {
        try {
          return await read();
        } catch (error) {
          if (!(error instanceof MessageGoneError)) report(error);
          throw error;
        }
      };
      yield { memory, read: readReported };
    }
  }

  return async ({ kind, header, payload }, address, memory) => {
    const request = decodeOrRefuse(kind, payload);
    if (request === undefined) return refused("bad_format");
    // It may be long until an answer is known to be taken, and the id is a
    // piece of what arrived together with it.
    const client = kind === "waitingMessages"
      ? header.clientId.slice() as ClientId
      : header.clientId;
    try {
      const now = new Date();
      let asker: number | undefined;
      // REQ-3, REQ-4: the id in a registration may be anything.
      if (kind !== "register") {
        asker = await store.position(client);
        if (asker === undefined) return refused("unknown_client");
        store.seen(client, asker, now);
      }
      // A client that closes and pulls again at once must not be faster than
      // what its close decides.
      if (kind === "waitingMessages") await pending.settled(client);
      const handler = handlers[kind] as Handler<RequestKind>;
      const context = { ...services, client, asker, address, now, memory };
      const answering = handler(request.payload, context);
      return { reply: settle(client, dialectOf(header.code), answering) };
    } catch (error) {
      return { reply: Promise.resolve(fail(error)) };
    }
  };
}

function refused(outcome: RequestRefusal): Begun {
  return { reply: Promise.resolve({ bytes: failureBytes, outcome }) };
}

function encode(
  response: Answer["response"],
  dialect: Dialect,
  watch: (pieces: Iterable<AnswerPiece>) => Iterable<AnswerPiece>,
): Pick<Reply, "bytes" | "pieces"> {
  if (!("pieces" in response)) {
    return {
      bytes: encodeResponse(response, {
        dialect,
        allocate: allocateShortLived,
      }),
    };
  }
  const { payloadSize, pieces } = response;
  const code = responseCodeIn(dialect, response.code);
  const header = { version: PROTOCOL_VERSION, code, payloadSize };
  return { bytes: responseHeader.encode(header), pieces: watch(pieces) };
}

/** A request that breaks the format is the client's affair, and reported nowhere. */
function decodeOrRefuse(
  kind: RequestKind,
  bytes: Uint8Array,
): RequestPayload | undefined {
  try {
    // The payload is the request's own.
    return decodeRequest(kind, bytes, true);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return undefined;
  }
}

/** Decisions under way on whether clients took what they were handed. */
class PendingDecisions {
  readonly #byClient = new Map<string, Set<Promise<unknown>>>();

  add(client: ClientId, decision: Promise<unknown>): void {
    const key = encodeHex(client);
    const decisions = this.#byClient.get(key) ?? new Set();
    this.#byClient.set(key, decisions.add(decision));
    const forget = () => {
      decisions.delete(decision);
      if (decisions.size === 0) this.#byClient.delete(key);
    };
    decision.then(forget, forget);
  }

  async settled(client: ClientId): Promise<void> {
    if (this.#byClient.size === 0) return;
    await Promise.allSettled(this.#byClient.get(encodeHex(client)) ?? []);
  }
}
