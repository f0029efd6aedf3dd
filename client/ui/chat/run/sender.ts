import {
  AlreadySentError,
  KeyChangedError,
  NoConnectionError,
  UserError,
} from "../../../errors.ts";
import { inTime } from "../../../../shared/cli/time.ts";
import { formatBytes } from "../../../../shared/cli/figures.ts";
import type { Outbox } from "../../../session/outbox.ts";
import type { Session } from "../../../session/session.ts";
import type { Message, MessageNumber } from "../../../store/message.ts";
import type { Messages } from "../../../store/messages.ts";
import type { Chat } from "./chat_parts.ts";

/** Minimum size in bytes of a message that shows progress. */
const LARGE = 64 * 1024;

/** Numbers of messages that are left. */
export interface Unsent {
  /** Messages that go out by themselves. */
  waiting: number;
  /** Messages that a relay may have. */
  begun: number;
}

/**
 * Sends the user's messages one after another, in the order in which they were
 * written, and shows their progress. They wait while the relay is unreachable, also
 * across restarts of the program.
 */
export class Sender {
  readonly #outbox: Outbox;
  readonly #messages: Messages;
  readonly #chat: Chat;
  #writing: Promise<void> = Promise.resolve();
  #queue: MessageNumber[] = [];
  #working: Promise<void> = Promise.resolve();
  #busy = false;
  #held = false;

  constructor(session: Session, chat: Chat) {
    this.#outbox = session.outbox;
    this.#messages = session.messages;
    this.#chat = chat;
  }

  /** Sends a text; returns it to the input line if it can't be stored. */
  text(name: string, text: string): void {
    this.#write(
      () => this.#outbox.writeText(name, text),
      () => this.#chat.dispatch({ kind: "returned", name, text }),
    );
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
    for (const id of ids) this.#add(id);
  }

  /** Shows the messages that wait in the folder; {@linkcode resume} sends them. */
  restore(): void {
    this.#addWaiting();
    this.#held = this.#queue.length > 0;
    this.#showWaiting();
  }

  /**
   * Sends what waits for the relay, which responds: also what another client in the
   * folder has left, and not what one has sent meanwhile.
   */
  resume(): void {
    this.#queue = this.#queue.filter((id) =>
      this.#messages.find(id)?.acknowledged === undefined
    );
    this.#addWaiting();
    const { waiting } = this.#chat.state;
    this.#held = false;
    if (waiting.size > 0) this.#showWaiting();
    this.#work();
  }

  /**
   * Sends what has been entered, and stops; what wasn't begun by then waits in the
   * folder.
   *
   * @param patience milliseconds to send for
   */
  async end(patience: number): Promise<Unsent> {
    const sent = this.#writing.then(() => this.#working);
    await inTime(sent, patience, undefined);
    this.#hold();
    const waiting = new Set(this.#outbox.waiting());
    const begun = this.#queue.filter((id) => !waiting.has(id)).length;
    return { waiting: waiting.size, begun };
  }

  #addWaiting(): void {
    for (const id of this.#outbox.waiting()) {
      if (!this.#queue.includes(id)) this.#queue.push(id);
    }
  }

  /** Stores messages one after another, in the user's order. */
  #write(write: () => Promise<Message>, failed: () => void): void {
    this.#writing = this.#writing.then(() =>
      this.#chat.attempt(async () => {
        const { id } = await write();
        this.#add(id);
        this.#chat.refresh();
        this.#chat.hurry();
      }, (error) => {
        this.#chat.tell(this.#chat.describe(error));
        failed();
      })
    );
  }

  #remove(id: MessageNumber): void {
    this.#queue = this.#queue.filter((other) => other !== id);
  }

  #add(id: MessageNumber): void {
    if (this.#queue.includes(id)) return;
    this.#queue.push(id);
    if (!this.#held) return this.#work();
    this.#outbox.wait([id]);
    this.#showWaiting();
  }

  #work(): void {
    if (!this.#busy) this.#working = this.#sendAll();
  }

  async #sendAll(): Promise<void> {
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
    // Its conversation may have been deleted.
    if (this.#messages.find(id) === undefined) return this.#remove(id);
    try {
      await this.#outbox.deliver(id, {
        progress: (done, total) => this.#progress(done, total),
        notice: (text) => this.#chat.tell(text),
        mayWait: true,
      });
      this.#remove(id);
      this.#settled();
    } catch (error) {
      if (error instanceof NoConnectionError) {
        this.#hold();
        return;
      }
      this.#remove(id);
      this.#failed(id, error);
    }
  }

  /** Keeps the messages until the relay can be reached. */
  #hold(): void {
    this.#held = true;
    this.#chat.guard(() => this.#outbox.wait(this.#queue));
    this.#showWaiting();
  }

  #showWaiting(): void {
    const waiting = new Set(this.#held ? this.#queue : []);
    this.#chat.dispatch({ kind: "set", waiting });
  }

  #progress(done: number, total: number): void {
    if (total < LARGE) return;
    const percent = Math.floor(100 * done / total);
    const progress = `Sending: ${percent} % of ${formatBytes(total)}`;
    if (this.#chat.state.progress === progress) return;
    this.#chat.dispatch({ kind: "set", progress });
  }

  #settled(): void {
    this.#chat.guard(() => {
      this.#chat.dispatch({ kind: "set", progress: undefined });
      this.#chat.refresh();
      this.#chat.hurry();
    });
  }

  #failed(id: MessageNumber, error: unknown): void {
    this.#settled();
    this.#chat.guard(() => {
      if (!(error instanceof UserError)) throw error;
      if (error instanceof KeyChangedError) this.#chat.alarm(error);
      // Another client in the folder sends what waits, too.
      else if (error instanceof AlreadySentError) {
        this.#chat.tell(this.#chat.describe(error));
      } else {
        this.#chat.tell(
          `Not sent: ${this.#chat.describe(error)}\n/resend ${id} tries again`,
        );
      }
    });
  }
}
