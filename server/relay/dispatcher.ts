import { encodeHex } from "@std/encoding";
import { FormatError } from "../../shared/wire/format_error.ts";
import {
  decodeRequest,
  type RequestPayload,
} from "../../shared/wire/frames.ts";
import type { ClientId } from "../../shared/wire/protocol.ts";
import type { RequestKind } from "../../shared/wire/requests.ts";
import {
  MessageGoneError,
  OutcomeUnknownError,
  type ResponseMemory,
  StoreBrokenError,
} from "../store/store.ts";
import type { Context, Handler, Services } from "./handlers/handler.ts";
import { handlers } from "./handlers/handlers.ts";
import { ConnectionEndedError } from "./limits/memory_budget.ts";
import type { Handle, Session } from "./protocol.ts";
import type { LegacyRequest } from "./request.ts";
import { refuse, type Response, type ResponsePiece } from "./response.ts";

/** An inbox that refuses for ever must not do so in silence. */
const IDS_USED_UP =
  "An inbox has used up its message ids and takes no message: " +
  "messageu-admin check tells, and messageu-admin restart-ids starts it anew";

/**
 * Handles the requests of all connections: finds the handler, and does what all
 * requests share. Is the requester known, when was it last seen, and what comes
 * back when things fail?
 */
export class Dispatcher implements Session<LegacyRequest> {
  /** No client of the legacy protocol shows who it is. */
  readonly isAuthenticated = true;
  readonly #services: Services;
  readonly #report: (error: unknown) => void;
  readonly #confirmations = new Confirmations();

  /** @param report is told of failures that are not the client's */
  constructor(services: Services, report: (error: unknown) => void) {
    this.#services = services;
    this.#report = report;
  }

  /**
   * Begins a request. It never rejects.
   *
   * @param address where it comes from, as limits count it
   * @param memory is asked for room for the response
   * @returns what handles it. Of two requests the one that is handled first is
   * the first for the store
   */
  async begin(
    request: LegacyRequest,
    address: string,
    memory: ResponseMemory,
  ): Promise<Handle> {
    const { kind, refusal = "bad_format", watch } = request;
    if (kind === undefined) return responding(request, refuse(refusal));
    watch?.working?.();
    const payload = decode(kind, request.payload);
    if (payload === undefined) return responding(request, refuse(refusal));
    try {
      const { store } = this.#services;
      // It may be long until a response is confirmed, and the id is a view of
      // what arrived together with it.
      const id = request.requesterId as ClientId;
      const client = kind === "waitingMessages" ? id.slice() as ClientId : id;
      const now = new Date();
      let position: number | undefined;
      // REQ-3, REQ-4: the id in a registration may be anything.
      if (kind !== "register") {
        const requester = await store.requester(client);
        if (requester === undefined) {
          return responding(request, refuse("unknown_client"));
        }
        if (requester.isSecured && !isPublic(kind)) {
          return responding(request, refuse("secured_client"));
        }
        position = requester.position;
        store.seen(client, position, now);
      }
      const context = {
        ...this.#services,
        client,
        position,
        dialect: request.dialect,
        address,
        now,
        memory,
      };
      return () => this.#handle(request, kind, payload, context);
    } catch (error) {
      return responding(request, this.#fail(error));
    }
  }

  async #handle(
    request: LegacyRequest,
    kind: RequestKind,
    payload: RequestPayload["payload"],
    context: Context,
  ): Promise<Response> {
    let response: Response;
    try {
      // A client that closes and pulls again at once must not be faster than
      // what its close decides.
      if (kind === "waitingMessages") {
        await this.#confirmations.settled(context.client);
      }
      const handler = handlers[kind] as Handler<RequestKind>;
      response = this.#reported(await handler(payload, context), context);
    } catch (error) {
      response = this.#fail(error);
    }
    request.watch?.ended(response.outcome);
    return response;
  }

  #fail(error: unknown): Response {
    if (error instanceof ConnectionEndedError) return refuse("unknown");
    this.#report(error);
    const isUnknown = error instanceof StoreBrokenError ||
      error instanceof OutcomeUnknownError;
    return refuse(isUnknown ? "unknown" : "failed");
  }

  /** Reports also what fails once the response goes out or is confirmed. */
  #reported(response: Response, { client }: Context): Response {
    const { outcome, pieces, confirm } = response;
    if (outcome === "ids_used_up") this.#report(new Error(IDS_USED_UP));
    if (pieces === undefined && confirm === undefined) return response;
    return {
      ...response,
      ...pieces && { pieces: this.#reportedPieces(pieces) },
      ...confirm && {
        confirm: (received) =>
          this.#confirmations.add(
            client,
            confirm(received).catch((error) => {
              this.#report(error);
              throw error;
            }),
          ),
      },
    };
  }

  *#reportedPieces(
    pieces: Iterable<ResponsePiece>,
  ): Generator<ResponsePiece> {
    for (const { memory, read } of pieces) {
      const reading = async () => {
        try {
          return await read();
        } catch (error) {
          if (!(error instanceof MessageGoneError)) this.#report(error);
          throw error;
        }
      };
      yield { memory, read: reading };
    }
  }
}

/** Whether a request changes nothing and asks for what anyone may know (LEG-2 of docs/secure.md). */
function isPublic(kind: RequestKind): boolean {
  return kind === "clientsList" || kind === "publicKey";
}

/** Responds without a handler. */
function responding(request: LegacyRequest, response: Response): Handle {
  return () => {
    request.watch?.ended(response.outcome);
    return Promise.resolve(response);
  };
}

/** Decodes a payload; undefined where its format is broken, which is the client's affair. */
function decode(
  kind: RequestKind,
  payload: Uint8Array,
): RequestPayload["payload"] | undefined {
  try {
    // The payload is the request's own.
    return decodeRequest(kind, payload, true).payload;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return undefined;
  }
}

/** Confirmations under way, by the clients that they concern. */
class Confirmations {
  readonly #byClient = new Map<string, Set<Promise<void>>>();

  /** @returns the confirmation */
  add(client: ClientId, confirmation: Promise<void>): Promise<void> {
    const key = encodeHex(client);
    const all = this.#byClient.get(key) ?? new Set();
    this.#byClient.set(key, all.add(confirmation));
    const forget = () => {
      all.delete(confirmation);
      if (all.size === 0) this.#byClient.delete(key);
    };
    confirmation.then(forget, forget);
    return confirmation;
  }

  /** Resolves once those of a client are settled. */
  async settled(client: ClientId): Promise<void> {
    if (this.#byClient.size === 0) return;
    await Promise.allSettled(this.#byClient.get(encodeHex(client)) ?? []);
  }
}
