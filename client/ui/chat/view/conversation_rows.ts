/**
 * The visible part of a conversation, and scrolling. Lays out visible rows only.
 *
 * @module
 */

import { day } from "../../../../shared/cli/time.ts";
import type { Message, MessageNumber } from "../../../store/message.ts";
import type { MessageFrame, MessageLayout } from "./message_layout.ts";
import { type Row, span } from "./rows.ts";

/** A scroll position other than the end. */
export interface Position {
  /** The lowest visible message. */
  id: MessageNumber;
  /** Number of its rows below the edge. */
  hidden: number;
}

/** Begins the line above the first new message. */
const NEW = "── new ";

/** A conversation at a size of the screen. */
export class ConversationView {
  readonly #messages: readonly Message[];
  readonly #frame: MessageFrame;
  readonly #height: number;
  readonly #messageLayout: MessageLayout;

  /** @param height in rows */
  constructor(
    messages: readonly Message[],
    frame: MessageFrame,
    height: number,
    messageLayout: MessageLayout,
  ) {
    this.#messages = messages;
    this.#frame = frame;
    this.#height = height;
    this.#messageLayout = messageLayout;
  }

  /** The visible rows and their messages. */
  visible(
    position: Position | undefined,
  ): { rows: Row[]; messages: Message[] } {
    const rows: Row[] = [];
    const messages: Message[] = [];
    let { index, hidden } = this.#locate(position);
    for (; index >= 0 && rows.length < this.#height; index--) {
      const all = this.#rowsAt(index);
      const seen = all.slice(0, all.length - hidden)
        .slice(-(this.#height - rows.length));
      rows.unshift(...seen);
      messages.unshift(this.#messages[index] as Message);
      hidden = 0;
    }
    return { rows, messages };
  }

  /**
   * Scrolls by rows, up if `by` is positive, up to either end.
   *
   * @returns the new position; undefined at the end
   */
  scroll(position: Position | undefined, by: number): Position | undefined {
    const { index, hidden } = this.#locate(position);
    if (index < 0) return undefined;
    const to = this.#walk(index, hidden + by);
    const { rows } = this.visible(this.#at(to.index, to.hidden));
    // Fills the screen from below where the conversation starts on it.
    const missing = this.#height - rows.length;
    const end = missing > 0 ? this.#walk(to.index, to.hidden - missing) : to;
    return end.index === this.#messages.length - 1 && end.hidden <= 0
      ? undefined
      : this.#at(end.index, end.hidden);
  }

  /**
   * The position with the start of a message `above` rows below the upper edge,
   * as far as the conversation reaches on both sides.
   */
  placed(id: MessageNumber, above: number): Position | undefined {
    const { index } = this.#locate({ id, hidden: 0 });
    if (index < 0) return undefined;
    const { length } = this.#rowsAt(index);
    return this.scroll({ id, hidden: 0 }, length + above - this.#height);
  }

  /** Takes a number of hidden rows that leaves the message's to the right one. */
  #walk(index: number, hidden: number): { index: number; hidden: number } {
    while (index > 0 && hidden >= this.#rowsAt(index).length) {
      hidden -= this.#rowsAt(index).length;
      index--;
    }
    hidden = Math.min(hidden, this.#rowsAt(index).length - 1);
    while (hidden < 0 && index < this.#messages.length - 1) {
      index++;
      hidden += this.#rowsAt(index).length;
    }
    return { index, hidden: Math.max(0, hidden) };
  }

  #at(index: number, hidden: number): Position {
    return { id: (this.#messages[index] as Message).id, hidden };
  }

  #locate(position: Position | undefined): { index: number; hidden: number } {
    const last = { index: this.#messages.length - 1, hidden: 0 };
    if (position === undefined) return last;
    const index = this.#messages.findLastIndex(({ id }) => id === position.id);
    if (index < 0) return last;
    // The message may have fewer rows after a change of the width.
    const most = this.#rowsAt(index).length - 1;
    return { index, hidden: Math.min(position.hidden, most) };
  }

  #rowsAt(index: number): Row[] {
    const message = this.#messages[index] as Message;
    const rows = this.#messageLayout.rows(message, this.#frame);
    const before = this.#messages[index - 1];
    const date = day(message.time);
    const above: Row[] = [];
    if (before === undefined || day(before.time) !== date) {
      above.push([span(`-- ${date} --`, "dim")]);
    }
    if (message.id === this.#frame.firstNew) {
      const rule = "─".repeat(Math.max(0, this.#frame.width - NEW.length));
      above.push([span(`${NEW}${rule}`, "notice")]);
    }
    return above.length === 0 ? rows : [...above, ...rows];
  }
}
