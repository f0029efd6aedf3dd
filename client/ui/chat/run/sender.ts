import {
  describeFailure,
  KeyChangedError,
  UserError,
} from "../../../errors.ts";
import type { Message, MessageNumber } from "../../../store/message.ts";
import type { Outbox } from "../../../session/outbox.ts";
import type { Session } from "../../../session/session.ts";
import type { Chat } from "./chat_parts.ts";
import { formatBytes } from "../../../../shared/cli/figures.ts";
import { SendQueue } from "./send_queue.ts";

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
