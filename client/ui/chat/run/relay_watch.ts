/**
 * Polls the relay while a chat runs, and shows the state of the connection.
 *
 * @module
 */

import {
  ConnectionError,
  ServerRefusedError,
  UserError,
} from "../../../errors.ts";
import { paces, type PollTimer } from "../../../session/poll_pace.ts";
import type { Session } from "../../../session/session.ts";
import type { ConnectionState } from "../model/model.ts";
import type { Chat } from "./chat_parts.ts";

/** Topic of the notices about the connection. */
const TOPIC = "relay";

/** Events of receiving. */
export interface RelayWatchEvents {
  /** Messages have been stored; the relay may hold more. */
  stored: () => void;
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
  readonly #timer: PollTimer;
  #stopped = false;
  #wake = () => {};

  constructor(
    session: Pick<Session, "receive">,
    chat: Chat,
    timer: PollTimer,
    events: RelayWatchEvents,
  ) {
    this.#session = session;
    this.#chat = chat;
    this.#timer = timer;
    this.#events = events;
  }

  /** Receives until it is stopped. @throws errors other than {@linkcode UserError} */
  async run(): Promise<void> {
    while (!this.#stopped) {
      try {
        const count = await this.#receive();
        this.#timer.noteResponse(count);
        if (this.#stopped) return;
        this.#answered();
      } catch (error) {
        if (this.#stopped) return;
        if (!(error instanceof UserError)) throw error;
        this.#timer.noteFailure();
        this.#failed(error);
      }
      await this.#rest();
    }
  }

  /** Polls often from now on: the user is there, or a message may arrive soon. */
  hurry(): void {
    this.#timer.noteActivity();
    this.#wake();
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
      if (event.kind !== "stored") continue;
      count += event.count;
      this.#events.stored();
    }
    return count;
  }

  /** Waits until the next poll is due, which activity and the focus change. */
  async #rest(): Promise<void> {
    for (let left = this.#left(); left > 0 && !this.#stopped;) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, left);
      this.#wake = resolve;
      await promise;
      clearTimeout(timer);
      left = this.#left();
    }
  }

  #left(): number {
    const { focused } = this.#chat.state;
    return this.#timer.left(focused ? paces.focused : paces.unfocused);
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
    const isRefused = error instanceof ServerRefusedError;
    // Such as a store that can't be used, which the relay has no part in.
    if (!isRefused && !(error instanceof ConnectionError)) {
      return this.#chat.complainOnce(error);
    }
    const before = this.#chat.state.connection.kind;
    const kind = isRefused ? "refused" : "retrying";
    this.#show({ kind, until: performance.now() + this.#left() });
    if (kind !== before) {
      this.#chat.tell(
        kind === "refused"
          ? `The relay refuses: ${this.#chat.describe(error)}`
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
