import type { ConnectionMemory } from "./limits/connection_memory.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { LegacyRequests } from "./legacy_requests.ts";
import type { Owner, Protocol, Session } from "./protocol.ts";
import type { LegacyRequest } from "./request.ts";

/** The protocol of docs/protocol.md. */
export class LegacyProtocol implements Protocol<LegacyRequest> {
  readonly #dispatcher: Dispatcher;
  readonly #maxMessage: number;

  /** @param maxMessage bytes of the largest payload that is accepted */
  constructor(dispatcher: Dispatcher, maxMessage: number) {
    this.#dispatcher = dispatcher;
    this.#maxMessage = maxMessage;
  }

  /** All connections share it: each request stands for itself. */
  session(): Session<LegacyRequest> {
    return this.#dispatcher;
  }

  /** Cuts what arrives on a connection into requests. */
  requests(
    transport: Pick<Deno.Conn, "read">,
    memory: ConnectionMemory,
    connection: Owner,
  ): LegacyRequests {
    return new LegacyRequests(transport, memory, connection, this.#maxMessage);
  }
}
