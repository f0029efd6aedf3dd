import {
  secureRequestCodecs,
  type SecureRequestKind,
} from "../../shared/secure/secure_requests.ts";
import { FormatError } from "../../shared/wire/format_error.ts";
import type { RequestMemory } from "../relay/limits/connection_memory.ts";
import { ConnectionEndedError } from "../relay/limits/memory_budget.ts";
import type { Handle } from "../relay/protocol.ts";
import type { Response } from "../relay/response.ts";
import type { RequestWatch } from "../relay/watcher.ts";
import { OutcomeUnknownError, StoreBrokenError } from "../store/store.ts";
import type {
  SecureContext,
  SecureHandler,
  SecureServices,
} from "./handlers/handler.ts";
import { secureHandlers } from "./handlers/handlers.ts";
import { refusalReasons, type SecureRefusal } from "./refusal.ts";
import { refuse } from "./response.ts";
import type { SecureRequest } from "./secure_requests.ts";
import type { SecureSession } from "./secure_session.ts";

const ENDED: Response = { bytes: new Uint8Array(0), outcome: "unknown" };

/**
 * Handles the requests of all secure connections: finds the handler, and does
 * what all requests share. Does the connection's state serve it, is the device
 * still one of its account, and what comes back when things fail?
 */
export class SecureDispatcher {
  readonly #services: SecureServices;
  readonly #report: (error: unknown) => void;

  /** @param report is told of failures that are not the client's */
  constructor(services: SecureServices, report: (error: unknown) => void) {
    this.#services = services;
    this.#report = report;
  }

  /**
   * Begins a request. It never rejects.
   *
   * @param address where it comes from, as limits count it
   * @param memory is asked for room for the response
   * @returns what handles it
   */
  async begin(
    request: SecureRequest,
    session: SecureSession,
    address: string,
    memory: RequestMemory,
  ): Promise<Handle> {
    const { kind, refusal, watch } = request;
    const refusing = (refusal: SecureRefusal) => () => {
      watch?.ended(refusal);
      return Promise.resolve(refuse(refusal));
    };
    if (kind === undefined) {
      const isKnown = refusal !== undefined && refusal in refusalReasons;
      return refusing(isKnown ? refusal as SecureRefusal : "bad_format");
    }
    watch?.working?.();
    try {
      const isServed = session.serves(kind, request.requesterId) &&
        (!session.isAuthenticated || kind === "hello" ||
          await session.isCurrent(this.#services.store.secure));
      if (!isServed) return refusing("not_authenticated");
      // The payload is the request's own.
      const payload = secureRequestCodecs[kind].decode(request.payload, true);
      const context = {
        ...this.#services,
        session,
        requesterId: request.requesterId,
        bytes: request.payload,
        address,
        now: new Date(),
        memory,
      };
      // A request that may be held keeps no memory.
      if (kind === "fetch") request.release();
      return () => this.#handle(kind, payload, context, watch);
    } catch (error) {
      if (error instanceof FormatError) return refusing("bad_format");
      return () => {
        const response = this.#fail(error);
        watch?.ended(response.outcome);
        return Promise.resolve(response);
      };
    }
  }

  async #handle(
    kind: SecureRequestKind,
    payload: unknown,
    context: SecureContext,
    watch: RequestWatch | undefined,
  ): Promise<Response> {
    let response: Response;
    try {
      const handler = secureHandlers[kind] as SecureHandler<SecureRequestKind>;
      response = await handler(payload as never, context);
    } catch (error) {
      response = this.#fail(error);
    }
    watch?.ended(response.outcome);
    return response;
  }

  #fail(error: unknown): Response {
    if (error instanceof ConnectionEndedError) return ENDED;
    // A signature, a record or a package that isn't what it should be.
    if (error instanceof FormatError) return refuse("bad_format");
    this.#report(error);
    const isUnknown = error instanceof StoreBrokenError ||
      error instanceof OutcomeUnknownError;
    return refuse(isUnknown ? "unknown" : "failed");
  }
}
