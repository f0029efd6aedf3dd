/**
 * One client's waiting messages, as the relay has to keep them: what must be
 * there, what may be, and what was taken.
 *
 * @module
 */

import { equals } from "@std/bytes";
import { WAITING_OVERHEAD } from "../../../shared/wire/protocol.ts";
import type { WaitingMessage } from "../../../shared/wire/requests.ts";
import { encodeHex } from "@std/encoding";
import { expect, FuzzFailure } from "../failure.ts";

/** A message as it was sent. */
export interface Sent {
  /** In hex. */
  sender: string;
  type: number;
  content: Uint8Array;
}

/** A message that was acknowledged, or was seen though its answer wasn't. */
export interface Kept extends Sent {
  id: number;
  state: "waits" | "may be taken" | "taken";
}

/** An answer may end once it has so many bytes: half of what it may have. */
const FULL_ANSWER = 512 * 1024;

/** The model of an inbox. */
export class InboxModel {
  readonly #kept = new Map<number, Kept>();
  /** Sent, but the answer wasn't read: each may turn up once. */
  readonly #unanswered: Sent[] = [];
  #news = false;

  /** All that was acknowledged or seen. */
  get kept(): Iterable<Kept> {
    return this.#kept.values();
  }

  /** Bytes that may be waiting. */
  get bytes(): number {
    let bytes = 0;
    for (const { state, content } of this.#kept.values()) {
      if (state !== "taken") bytes += content.length;
    }
    return bytes;
  }

  /** Whether only a pull tells what is there. */
  get uncertain(): boolean {
    return this.#news ||
      this.#kept.values().some(({ state }) => state === "may be taken");
  }

  /** Notes an acknowledged message; ids must rise above `floor`. */
  acknowledge(id: number, message: Sent, floor: number): Kept {
    expect(
      id > floor && !this.#kept.has(id),
      `a new message id above ${floor}`,
      `${id}`,
    );
    const kept: Kept = { ...message, id, state: "waits" };
    this.#kept.set(id, kept);
    return kept;
  }

  /** Notes a message whose answer wasn't read. */
  unanswered(message: Sent): void {
    this.#unanswered.push(message);
    this.#news = true;
  }

  /** Notes that a pull found nothing any more, after those before it were taken. */
  drained(): void {
    for (const kept of this.#kept.values()) kept.state = "taken";
    // A request that was cut off may still be under way, so it isn't forgotten.
    this.#news = false;
  }

  /**
   * Notes that it is unknown from now on whether messages were taken.
   *
   * @returns those of which it was known that they waited
   */
  blur(messages: Iterable<Kept> = this.#kept.values()): Kept[] {
    const waited = [...messages].filter(({ state }) => state === "waits");
    for (const message of waited) message.state = "may be taken";
    return waited;
  }

  /** Notes a crash: what was taken may not have been deleted yet. */
  crashed(): void {
    for (const kept of this.#kept.values()) {
      if (kept.state === "taken") kept.state = "may be taken";
    }
  }

  /**
   * Checks an answer to a pull.
   *
   * @param sentLater messages that were acknowledged after it
   * @param whole whether it has to hold everything; else by its size
   * @returns what it handed out
   */
  pulled(
    answer: readonly WaitingMessage[],
    sentLater: ReadonlySet<Kept> = new Set(),
    whole?: boolean,
  ): Kept[] {
    const handed: Kept[] = [];
    let last = 0;
    let bytes = 0;
    for (const message of answer) {
      expect(
        message.messageId > last,
        `ids above ${last}`,
        `${message.messageId}`,
      );
      last = message.messageId;
      bytes += WAITING_OVERHEAD + message.content.length;
      const kept = this.#find(message);
      expect(!sentLater.has(kept), "what was sent before", `id ${kept.id}`);
      handed.push(kept);
    }
    const all = whole ?? bytes < FULL_ANSWER;
    for (const kept of this.#kept.values()) {
      const owed = kept.state === "waits" && (all || kept.id < last) &&
        !sentLater.has(kept) && !handed.includes(kept);
      expect(!owed, `message ${kept.id}, acknowledged and not taken`, "none");
    }
    return handed;
  }

  #find(message: WaitingMessage): Kept {
    const { messageId: id, type, content } = message;
    const sender = encodeHex(message.sender);
    const same = (sent: Sent) =>
      sent.sender === sender && sent.type === type &&
      equals(sent.content, content);
    const kept = this.#kept.get(id);
    if (kept !== undefined) {
      expect(kept.state !== "taken", "what waits", `${id}, which was taken`);
      expect(same(kept), `message ${id} as it was sent`, "another one");
      return kept;
    }
    const at = this.#unanswered.findIndex(same);
    if (at < 0) {
      throw new FuzzFailure("messages that were sent", `${id}, which wasn't`);
    }
    const [sent] = this.#unanswered.splice(at, 1);
    return this.acknowledge(id, sent as Sent, 0);
  }
}
