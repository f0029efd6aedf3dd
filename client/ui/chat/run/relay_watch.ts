import {
  describeFailure,
  ServerRefusedError,
  type UserError,
} from "../../../errors.ts";
import type { Session } from "../../../session/session.ts";
import type { ConnectionState } from "../model/connection_state.ts";
import type { Chat } from "./chat_parts.ts";
import { Poller } from "./poller.ts";

/** What is done beside when the relay answers or doesn't. */
export interface RelayWatchEvents {
  /** It answered, and what it had is in the folder. */
  answered: () => void;
  /** It can't be reached, or refuses. */
  gone: () => void;
}

/** Asks the relay, and shows on a chat how that goes. */
export class RelayWatch {
  readonly #chat: Chat;
  readonly #events: RelayWatchEvents;
  readonly #poller: Poller;

  /** Asks nothing yet. */
  constructor(
    session: Pick<Session, "retrieve">,
    chat: Chat,
    events: RelayWatchEvents,
  ) {
    this.#chat = chat;
    this.#events = events;
    this.#poller = new Poller(session, {
      answered: () => this.#answered(),
      failed: (error, pause) => this.#failed(error, pause),
      problem: (error) => chat.complainOnce(error),
      notice: (text) => chat.tell(text),
    });
  }

  /** Asks until it is stopped; ends with what is no {@linkcode UserError}. */
  async run(): Promise<void> {
    await this.#poller.run();
  }

  /** An answer may be near. */
  hurry(): void {
    this.#poller.hurry();
  }

  /** Asks no more. */
  stop(): void {
    this.#poller.stop();
  }

  #answered(): void {
    const before = this.#chat.state.connection.kind;
    if (before !== "connected") this.#show({ kind: "connected" });
    if (before === "retrying" || before === "refused") {
      this.#chat.tell("The relay is back");
    }
    this.#events.answered();
  }

  #failed(error: UserError, pause: number): void {
    const before = this.#chat.state.connection.kind;
    const kind = error instanceof ServerRefusedError ? "refused" : "retrying";
    this.#show({ kind, until: performance.now() + pause });
    if (kind !== before) {
      this.#chat.tell(
        kind === "refused"
          ? `The relay refuses to answer: ${describeFailure(error)}`
          : `The relay is gone: retrying (${error.message})`,
      );
    }
    this.#events.gone();
  }

  #show(connection: ConnectionState): void {
    this.#chat.dispatch({
      kind: "connection",
      connection,
      now: performance.now(),
    });
  }
}
