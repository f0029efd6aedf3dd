import { NoConnectionError } from "../../../errors.ts";
import type { Message } from "../../../session/message.ts";
import type { DeliverOptions } from "../../../session/outbox.ts";
import type { Session } from "../../../session/session.ts";

/** What becomes of messages on their way out. */
export interface SendQueueEvents {
  /** A message is about to be sent. */
  sending: (id: number) => DeliverOptions;
  /** The relay has it. */
  sent: (message: Message) => void;
  /** It stays unsent until it is sent anew. */
  failed: (id: number, error: unknown) => void;
  /** Those that wait for the relay have changed. */
  waiting: (ids: ReadonlySet<number>) => void;
}

/**
 * Sends messages one after another, in the order in which they were written.
 * Where the relay isn't there nothing was sent for certain, so they wait and
 * go out when it is back.
 */
export class SendQueue {
  readonly #session: Pick<Session, "deliver">;
  readonly #events: SendQueueEvents;
  #queue: number[] = [];
  #busy = false;
  #held = false;

  /** Sends nothing yet. */
  constructor(session: Pick<Session, "deliver">, events: SendQueueEvents) {
    this.#session = session;
    this.#events = events;
  }

  /** How many messages are still to be sent. */
  get size(): number {
    return this.#queue.length;
  }

  /** Sends a message after those that are on their way. */
  add(id: number): void {
    if (this.#queue.includes(id)) return;
    this.#queue.push(id);
    if (this.#held) this.#tell();
    else void this.#work();
  }

  /** The relay answers: what waits for it goes out. */
  resume(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#tell();
    void this.#work();
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (!this.#held) {
        const id = this.#queue[0];
        if (id === undefined) break;
        await this.#send(id);
      }
    } finally {
      this.#busy = false;
    }
  }

  async #send(id: number): Promise<void> {
    try {
      const options = this.#events.sending(id);
      const message = await this.#session.deliver(id, options);
      this.#queue.shift();
      this.#events.sent(message);
    } catch (error) {
      if (error instanceof NoConnectionError) {
        this.#held = true;
        this.#tell();
      } else {
        this.#queue.shift();
        this.#events.failed(id, error);
      }
    }
  }

  #tell(): void {
    this.#events.waiting(new Set(this.#held ? this.#queue : []));
  }
}
