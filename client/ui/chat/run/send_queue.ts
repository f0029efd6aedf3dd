import { NoConnectionError } from "../../../errors.ts";
import type { Message, MessageNumber } from "../../../store/message.ts";
import type { DeliverOptions, Outbox } from "../../../session/outbox.ts";

/** Events of messages on their way out. */
export interface SendQueueEvents {
  /** A message is about to be sent. */
  sending: (id: MessageNumber) => DeliverOptions;
  /** The relay has acknowledged a message. */
  sent: (message: Message) => void;
  /** A message stays unsent until it is sent again. */
  failed: (id: MessageNumber, error: unknown) => void;
  /** The set of messages that wait for the relay has changed. */
  waiting: (ids: ReadonlySet<MessageNumber>) => void;
}

/**
 * Sends messages one after another, in the order in which they were written.
 * They wait while the relay is unreachable.
 */
export class SendQueue {
  readonly #outbox: Pick<Outbox, "deliver">;
  readonly #events: SendQueueEvents;
  #queue: MessageNumber[] = [];
  #busy = false;
  #held = false;

  constructor(outbox: Pick<Outbox, "deliver">, events: SendQueueEvents) {
    this.#outbox = outbox;
    this.#events = events;
  }

  /** Number of messages that are still to be sent. */
  get size(): number {
    return this.#queue.length;
  }

  /** Appends a message. */
  add(id: MessageNumber): void {
    if (this.#queue.includes(id)) return;
    this.#queue.push(id);
    if (this.#held) this.#tell();
    else void this.#work();
  }

  /** Sends the messages that wait for the relay, which responds again. */
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

  async #send(id: MessageNumber): Promise<void> {
    try {
      const options = this.#events.sending(id);
      const message = await this.#outbox.deliver(id, options);
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
