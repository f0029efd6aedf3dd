/**
 * Finds the handler of a request and does what all requests share: is the
 * client known, when was it last seen, and what is answered when things fail.
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import { FormatError } from "../shared/format_error.ts";
import type { ClientId, RequestKind } from "../shared/protocol.ts";
import {
  decodeRequest,
  type RequestHeader,
  type RequestPayload,
} from "../shared/requests.ts";
import { encodeResponse, FAILURE } from "../shared/responses.ts";
import { clientsList } from "./handlers/clients_list.ts";
import type { Answer, Handler } from "./handlers/handler.ts";
import { publicKey } from "./handlers/public_key.ts";
import { register } from "./handlers/register.ts";
import { sendMessage } from "./handlers/send_message.ts";
import { waitingMessages } from "./handlers/waiting_messages.ts";
import type { Store } from "./store/store.ts";

const handlers: { readonly [K in RequestKind]: Handler<K> } = {
  register,
  clientsList,
  publicKey,
  sendMessage,
  waitingMessages,
};

/** An answer as it goes out. */
export interface Reply {
  /** Header and payload. */
  bytes: Uint8Array;
  /** What hangs on the client's having taken all of them. */
  delivery?: Delivery;
}

/** Messages that were handed out, until it is known whether they were taken. */
export interface Delivery {
  /** To be done once the client has taken the whole answer. It never rejects. */
  taken: () => Promise<void>;
  /** Makes the client's next pull wait until a decision is made. */
  pending: (decision: Promise<unknown>) => void;
}

/** The reply to whatever failed. */
export const failureReply: Reply = { bytes: encodeResponse(FAILURE) };

/** Answers a whole request. It never rejects. */
export type Dispatch = (
  kind: RequestKind,
  header: RequestHeader,
  payload: Uint8Array,
) => Promise<Reply>;

/**
 * Makes the function that answers requests from a store.
 *
 * @param report is told of failures that are not the client's
 */
export function createDispatcher(
  store: Store,
  report: (error: unknown) => void,
): Dispatch {
  async function answer(
    { kind, payload }: RequestPayload,
    client: ClientId,
  ): Promise<Answer> {
    const now = new Date();
    // Section 3, point 4: the id in a registration may be anything.
    if (kind !== "register") {
      if (!(await store.isRegistered(client))) return { response: FAILURE };
      store.seen(client, now);
    }
    const handler = handlers[kind] as Handler<RequestKind>;
    return await handler(payload, { store, client, now });
  }

  const pending = new PendingDecisions();

  return async (kind, { clientId }, bytes) => {
    const request = decodeOrRefuse(kind, bytes);
    if (request === undefined) return failureReply;
    try {
      // A client that closes and pulls again at once must not be faster than
      // what its close decides.
      if (kind === "waitingMessages") await pending.settled(clientId);
      const { response, taken } = await answer(request, clientId);
      const bytes = encodeResponse(response);
      if (taken === undefined) return { bytes };
      return {
        bytes,
        delivery: {
          taken: () => taken().catch(report),
          pending: (decision) => pending.add(clientId, decision),
        },
      };
    } catch (error) {
      report(error);
      return failureReply;
    }
  };
}

/** A request that breaks the format is the client's affair, and reported nowhere. */
function decodeOrRefuse(
  kind: RequestKind,
  bytes: Uint8Array,
): RequestPayload | undefined {
  try {
    return decodeRequest(kind, bytes);
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
