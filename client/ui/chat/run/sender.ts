import {
  describeFailure,
  KeyChangedError,
  NoConnectionError,
  UserError,
} from "../../../errors.ts";
import type { Message, MessageNumber } from "../../../store/message.ts";
import type { DeliverOptions, Outbox } from "../../../session/outbox.ts";
import type { Session } from "../../../session/session.ts";
import type { Chat } from "./chat_parts.ts";
import { formatBytes } from "../../../../shared/cli/figures.ts";

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

/** Minimum size in bytes of a message that shows progress. */
const LARGE = 64 * 1024;

/** Sends the user's messages and shows their progress. */
export class Sender {
  readonly #outbox: Outbox;
  readonly #chat: Chat;
  readonly #queue: SendQueue;
  #writing: Promise<void> = Promise.resolve();

  constructor(session: Session, chat: Chat) {
    this.#outbox = session.outbox;
    this.#chat = chat;
    this.#queue = new SendQueue(session.outbox, {
      sending: () => ({
        progress: (done, total) => this.#progress(done, total),
        notice: (text) => chat.tell(text),
      }),
      sent: () => this.#settled(),
      failed: (id, error) => this.#failed(id, error),
      waiting: (ids) => chat.dispatch({ kind: "waiting", ids }),
    });
  }

  /** Number of messages that are still to be sent. */
  get size(): number {
    return this.#queue.size;
  }

  /** Sends a text; returns it to the input line if it can't be stored. */
  text(name: string, text: string): void {
    this.#write(() => this.#outbox.writeText(name, text), () => {
      if (this.#chat.state.editor.text !== "") return;
      this.#chat.dispatch({ kind: "wrote", text });
    });
  }

  /** Sends a file. */
  file(name: string, path: string): void {
    this.#write(() => this.#outbox.writeFile(name, path), () => {});
  }

  /** Sends the symmetric key in use, or a new one if there is none. */
  key(name: string): void {
    this.#write(() => this.#outbox.writeKey(name, false), () => {});
  }

  /** Requests a symmetric key. */
  keyRequest(name: string): void {
    this.#write(() => this.#outbox.writeKeyRequest(name), () => {});
  }

  /** Resends unsent messages. */
  again(ids: readonly MessageNumber[]): void {
    for (const id of ids) this.#queue.add(id);
  }

  /** Sends the messages that wait for the relay. */
  resume(): void {
    this.#queue.resume();
  }

  /** Stores messages one after another, in the user's order. */
  #write(write: () => Promise<Message>, failed: () => void): void {
    this.#writing = this.#writing.then(() =>
      this.#chat.attempt(async () => {
        const { id } = await write();
        this.#queue.add(id);
        this.#chat.refresh();
        this.#chat.hurry();
      }, (error) => {
        this.#chat.tell(describeFailure(error));
        failed();
      })
    );
  }

  #progress(done: number, total: number): void {
    if (total < LARGE) return;
    const percent = Math.floor(100 * done / total);
    const text = `Sending: ${percent} % of ${formatBytes(total)}`;
    if (this.#chat.state.progress === text) return;
    this.#chat.dispatch({ kind: "progress", text });
  }

  #settled(): void {
    this.#chat.guard(() => {
      this.#chat.dispatch({ kind: "progress", text: undefined });
      this.#chat.refresh();
      this.#chat.hurry();
    });
  }

  #failed(id: MessageNumber, error: unknown): void {
    this.#settled();
    this.#chat.guard(() => {
      if (!(error instanceof UserError)) throw error;
      if (error instanceof KeyChangedError) this.#chat.alarm(error);
      else {
        this.#chat.tell(
          `Not sent: ${describeFailure(error)}\n/resend ${id} tries again`,
        );
      }
    });
  }
}
