import type { ClientId } from "../../shared/protocol.ts";
import { StoreDamagedError, type TakenMessage } from "./store.ts";

/** Milliseconds until a removal that failed is tried again. */
const RETRY_DELAY = 1000;

/** Messages of one try: it must fit into the writer's buffer. */
const MOST_AT_ONCE = 10_000;

const NONE: ReadonlySet<number> = new Set();

/** Removals of one inbox that failed. */
interface Inbox {
  recipient: ClientId;
  messages: Map<number, TakenMessage>;
}

/**
 * Messages that were taken and aren't deleted yet. On a full disk a deletion
 * fails too: until it succeeds they must not be handed out again, or a client
 * that pulls until nothing is left would never come to an end.
 */
export class Removals {
  readonly #remove: (
    recipient: ClientId,
    messages: TakenMessage[],
  ) => Promise<void>;
  readonly #failed = new Map<string, Inbox>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param remove deletes messages, or throws and deletes none */
  constructor(
    remove: (recipient: ClientId, messages: TakenMessage[]) => Promise<void>,
  ) {
    this.#remove = remove;
  }

  /** Ids of messages that no longer wait. */
  of(recipient: ClientId): ReadonlySet<number> | ReadonlyMap<number, unknown> {
    if (this.#failed.size === 0) return NONE;
    return this.#failed.get(recipient.toHex())?.messages ?? NONE;
  }

  /**
   * Deletes messages, now or later.
   *
   * @throws {StoreDamagedError} where there is no later
   */
  async remove(
    recipient: ClientId,
    messages: readonly TakenMessage[],
  ): Promise<void> {
    try {
      await this.#remove(recipient, [...messages]);
    } catch (error) {
      if (error instanceof StoreDamagedError) throw error;
      const key = recipient.toHex();
      const inbox = this.#failed.get(key) ??
        { recipient, messages: new Map<number, TakenMessage>() };
      for (const message of messages) inbox.messages.set(message.id, message);
      this.#failed.set(key, inbox);
      this.#timer ??= setTimeout(() => this.#retry(), RETRY_DELAY);
    }
  }

  /** Tries once more what failed; what fails again will be handed out again. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#retry();
    clearTimeout(this.#timer);
  }

  async #retry(): Promise<void> {
    this.#timer = undefined;
    const inboxes = [...this.#failed.values()];
    for (const { recipient, messages } of inboxes) {
      while (messages.size > 0) {
        const some = [...messages.values()].slice(0, MOST_AT_ONCE);
        try {
          await this.#remove(recipient, some);
        } catch (error) {
          // There is no later; whoever reads or writes next tells of it.
          if (error instanceof StoreDamagedError) return;
          // Where one fails the others would too.
          this.#timer ??= setTimeout(() => this.#retry(), RETRY_DELAY);
          return;
        }
        for (const { id } of some) messages.delete(id);
      }
      this.#failed.delete(recipient.toHex());
    }
  }
}
