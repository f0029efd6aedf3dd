/**
 * What must, may and must not wait for one client, by what it and its senders
 * were told.
 *
 * @module
 */

import type { MessageType } from "../../shared/wire/protocol.ts";
import { must } from "./violation.ts";

/** A message as the load knows it. */
export interface Tracked {
  /** In its content, and in no other's. */
  readonly serial: number;
  /** Whose inbox it belongs to. */
  readonly inbox: Inbox;
  /** The sender's id, in hex. */
  readonly sender: string;
  readonly type: MessageType;
  /** Every id of the inbox that was known when it was sent is below its own. */
  readonly floor: number;
  /**
   * - `asked`: no answer came, so it may be there or not
   * - `kept`: acknowledged or seen, so it is there until it is taken
   * - `gone`: taken and deleted
   * - `never`: refused, or not there after the kill
   */
  fate: "asked" | "kept" | "gone" | "never";
  id: number | undefined;
  /** Since which moment of the model it has been kept, or gone. */
  since: number;
  /** Its taking was shown: whether it still waits is the relay's to say. */
  mayBeGone: boolean;
}

/** One client's inbox. */
export class Inbox {
  /** The client's name, for the sentences. */
  readonly owner: string;
  /** Messages that may wait. */
  readonly open: Set<Tracked> = new Set();
  readonly #byId = new Map<number, Tracked>();
  #highest = 0;
  #forgot = 0;

  constructor(owner: string) {
    this.owner = owner;
  }

  /** A message goes out to this inbox. */
  send(
    serial: number,
    sender: string,
    type: MessageType,
  ): Tracked {
    const message: Tracked = {
      serial,
      inbox: this,
      sender,
      type,
      floor: this.#highest,
      fate: "asked",
      id: undefined,
      since: 0,
      mayBeGone: false,
    };
    this.open.add(message);
    return message;
  }

  /** It is kept under this id: so a 2103, a 2104 or the database says. */
  keep(message: Tracked, id: number, now: number): void {
    if (message.id === undefined) {
      const other = this.#byId.get(id);
      must(
        other === undefined,
        () =>
          `Id ${id} in the inbox of ${this.owner} was given to ${
            other && nameOf(other)
          } and again to ${nameOf(message)}`,
      );
      must(
        id > message.floor,
        () =>
          `${
            nameOf(message)
          } got id ${id}: expected more than ${message.floor}, which its inbox had reached before`,
      );
      this.#byId.set(id, message);
      this.#highest = Math.max(this.#highest, id);
      message.id = id;
    }
    must(
      message.id === id,
      () => `${nameOf(message)} has id ${message.id}, got ${id}`,
    );
    if (message.fate !== "asked") return;
    message.fate = "kept";
    message.since = now;
  }

  /** It was refused, or it turned out that it never came in. */
  refuse(message: Tracked): void {
    message.fate = "never";
    this.open.delete(message);
  }

  /** Whether something may have been deleted since a moment. */
  mayHaveLost(since: number): boolean {
    if (this.#forgot > since) return true;
    for (const { mayBeGone } of this.open) if (mayBeGone) return true;
    return false;
  }

  /** It is deleted. */
  forget(message: Tracked, now: number): void {
    if (message.fate === "gone") return;
    message.fate = "gone";
    message.since = this.#forgot = now;
    this.open.delete(message);
  }

  /**
   * A pull that was asked at a moment handed these out, the oldest first, up to
   * some amount: whatever had to be there before the last of them is among them.
   */
  handedOut(messages: readonly Tracked[], asked: number): void {
    let last = messages.length > 0 ? 0 : Infinity;
    for (const { id = 0 } of messages) {
      must(
        id > last,
        () =>
          `${this.owner} was handed id ${id} behind id ${last} in one answer`,
      );
      last = id;
    }
    const handed = new Set(messages);
    for (const message of this.open) {
      if (message.fate !== "kept" || message.mayBeGone) continue;
      if (message.since >= asked || (message.id ?? 0) > last) continue;
      must(
        handed.has(message),
        () =>
          `${nameOf(message)} waits, but a pull passed it by${
            last === Infinity ? " and was empty" : ` and went up to id ${last}`
          }`,
      );
    }
  }
}

/** How a sentence calls a message. */
export function nameOf(message: Tracked): string {
  const id = message.id === undefined ? "no id known" : `id ${message.id}`;
  return `message ${message.serial} to ${message.inbox.owner} (${id})`;
}
