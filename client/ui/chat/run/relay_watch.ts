/**
 * Polls the relay while a chat runs: often during a conversation, less often the
 * longer no message arrives.
 *
 * @module
 */

import {
  describeFailure,
  ServerRefusedError,
  UserError,
} from "../../../errors.ts";
import type { Session } from "../../../session/session.ts";
import type { ConnectionState } from "../model/model.ts";
import type { Chat } from "./chat_parts.ts";

/** Milliseconds between two requests during a conversation. */
export const LIVELY = 500;
/** Milliseconds between two requests when nothing has arrived for long. */
export const SLOWEST = 10_000;
/** Milliseconds between two attempts to reach a relay that has been away for long. */
const MOST_PATIENT = 30_000;

/** Topic of the notices about the connection. */
const TOPIC = "relay";

/** The pause after a pause without messages, in milliseconds. */
export function slower(pause: number): number {
  return Math.min(SLOWEST, pause * 1.25);
}

/** The pause after `count` failures in a row: 1, 2, 4 up to 30 s, in milliseconds. */
export function afterFailures(count: number): number {
  return Math.min(MOST_PATIENT, 1000 * 2 ** (count - 1));
}

/** Events of receiving. */
export interface RelayWatchEvents {
  /** The relay has responded, and its messages are stored. */
  answered: () => void;
  /** The relay is unreachable or refuses. */
  gone: () => void;
}

/** Receives messages and shows the state of the connection. */
export class RelayWatch {
  readonly #session: Pick<Session, "receive">;
  readonly #chat: Chat;
  readonly #events: RelayWatchEvents;
  #stopped = false;
  #failures = 0;
  #pause = LIVELY;
  #wake = () => {};

  constructor(
    session: Pick<Session, "receive">,
    chat: Chat,
    events: RelayWatchEvents,
  ) {
    this.#session = session;
    this.#chat = chat;
    this.#events = events;
  }

  /** Receives until it is stopped. @throws errors other than {@linkcode UserError} */
  async run(): Promise<void> {
    while (!this.#stopped) {
      try {
        const count = await this.#receive();
        this.#failures = 0;
        this.#pause = count > 0 ? LIVELY : slower(this.#pause);
        if (this.#stopped) return;
        this.#answered();
      } catch (error) {
        if (this.#stopped) return;
        if (!(error instanceof UserError)) throw error;
        this.#pause = afterFailures(++this.#failures);
        this.#failed(error);
      }
      await this.#rest();
    }
  }

  /** Shortens the pause: a message may arrive soon. */
  hurry(): void {
    if (this.#failures > 0) return;
    const slow = this.#pause > LIVELY * 2;
    this.#pause = LIVELY;
    if (slow) this.#wake();
  }

  /** Stops receiving. */
  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  /** Receives once; returns the number of new messages. */
  async #receive(): Promise<number> {
    let count = 0;
    for await (const event of this.#session.receive()) {
      if (event.kind === "problem") this.#chat.complainOnce(event.error);
      if (event.kind === "notice") this.#chat.tell(event.text);
      if (event.kind === "stored") count += event.count;
    }
    return count;
  }

  async #rest(): Promise<void> {
    if (this.#stopped) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#pause);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
  }

  #answered(): void {
    const before = this.#chat.state.connection.kind;
    if (before !== "connected") this.#show({ kind: "connected" });
    if (before === "retrying" || before === "refused") {
      this.#chat.tell("The relay is back", TOPIC);
    }
    this.#events.answered();
  }

  #failed(error: UserError): void {
    const before = this.#chat.state.connection.kind;
    const kind = error instanceof ServerRefusedError ? "refused" : "retrying";
    this.#show({ kind, until: performance.now() + this.#pause });
    if (kind !== before) {
      this.#chat.tell(
        kind === "refused"
          ? `The relay refuses: ${describeFailure(error)}`
          : `The relay is gone: retrying (${error.message})`,
        TOPIC,
      );
    }
    this.#events.gone();
  }

  #show(connection: ConnectionState): void {
    this.#chat.dispatch({
      kind: "set",
      connection,
      now: performance.now(),
    });
  }
}
