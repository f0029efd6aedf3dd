import type { ConnectionMemory } from "../relay/limits/connection_memory.ts";
import type { Owner, Protocol } from "../relay/protocol.ts";
import type { SecureServices } from "./handlers/handler.ts";
import { SecureRates } from "./rates.ts";
import { SecureDispatcher } from "./secure_dispatcher.ts";
import { type SecureRequest, SecureRequests } from "./secure_requests.ts";
import { type Held, SecureSession } from "./secure_session.ts";

/** The protocol of docs/secure.md. */
export class SecureProtocol implements Protocol<SecureRequest, SecureSession> {
  readonly #dispatcher: SecureDispatcher;
  readonly #maxMessage: number;
  /** Requests that are held until something comes. */
  readonly held: Held = { count: 0 };

  /** @param report is told of failures that are not the client's */
  constructor(
    services: Omit<SecureServices, "rates">,
    report: (error: unknown) => void,
  ) {
    const rates = new SecureRates();
    this.#dispatcher = new SecureDispatcher({ ...services, rates }, report);
    this.#maxMessage = services.limits.maxMessage;
  }

  /** Begins the session of a connection. */
  session(connection: Owner): SecureSession {
    const dispatcher = this.#dispatcher;
    return new SecureSession(
      connection,
      dispatcher,
      this.#maxMessage,
      this.held,
    );
  }

  /** Cuts what arrives on a connection into requests. */
  requests(
    transport: Pick<Deno.Conn, "read">,
    memory: ConnectionMemory,
    connection: Owner,
    session: SecureSession,
  ): SecureRequests {
    return new SecureRequests(transport, memory, connection, session);
  }
}
