/**
 * The visible part of a conversation, and scrolling. Lays out visible rows only.
 *
 * @module
 */

import { day } from "../../../../shared/cli/time.ts";
import type { Message } from "../../../store/message.ts";
import { printableLines } from "../../../../shared/cli/printable.ts";
import type { MessageFrame, MessageLayout } from "./message_layout.ts";
import { type Row, span, type Tone, wrapText } from "./rows.ts";

/** A message of the program within a conversation. */
export interface Notice {
  /** Ascending. */
  id: number;
  /** Milliseconds since 1970. */
  time: number;
  /** Lines that aren't printable yet. */
  text: string;
  tone: Tone;
}

/** A message or a notice. */
export type Item =
  | { key: string; time: number; message: Message }
  | { key: string; time: number; notice: Notice };

/** A scroll position other than the end. */
export interface Position {
  /** The lowest visible item. */
  key: string;
  /** Number of its rows below the edge. */
  hidden: number;
}

/** Merges messages and notices, each ordered by time. */
export function mergeItems(
  messages: readonly Message[],
  notices: readonly Notice[],
): Item[] {
  const items: Item[] = [];
  let next = 0;
  for (const message of messages) {
    for (; (notices[next]?.time ?? Infinity) <= message.time; next++) {
      items.push(noticeItem(notices[next] as Notice));
    }
    items.push({ key: `m${message.id}`, time: message.time, message });
  }
  return [...items, ...notices.slice(next).map(noticeItem)];
}

function noticeItem(notice: Notice): Item {
  return { key: `n${notice.id}`, time: notice.time, notice };
}

/** A conversation at a size of the screen. */
export class ConversationView {
  readonly #items: readonly Item[];
  readonly #frame: MessageFrame;
  readonly #height: number;
  readonly #messageLayout: MessageLayout;

  /** @param height in rows */
  constructor(
    items: readonly Item[],
    frame: MessageFrame,
    height: number,
    messageLayout: MessageLayout,
  ) {
    this.#items = items;
    this.#frame = frame;
    this.#height = height;
    this.#messageLayout = messageLayout;
  }

  /** The visible rows and their items. */
  visible(position: Position | undefined): { rows: Row[]; items: Item[] } {
    const rows: Row[] = [];
    const items: Item[] = [];
    let { index, hidden } = this.#locate(position);
    for (; index >= 0 && rows.length < this.#height; index--) {
      const all = this.#rowsAt(index);
      const seen = all.slice(0, all.length - hidden)
        .slice(-(this.#height - rows.length));
      rows.unshift(...seen);
      items.unshift(this.#items[index] as Item);
      hidden = 0;
    }
    return { rows, items };
  }

  /**
   * Scrolls by rows, up if `by` is positive, up to either end.
   *
   * @returns the new position; undefined at the end
   */
  scroll(position: Position | undefined, by: number): Position | undefined {
    let { index, hidden } = this.#locate(position);
    if (index < 0) return undefined;
    hidden += by;
    while (index > 0 && hidden >= this.#rowsAt(index).length) {
      hidden -= this.#rowsAt(index).length;
      index--;
    }
    hidden = Math.min(hidden, this.#rowsAt(index).length - 1);
    const missing = this.#height - this.visible(this.#at(index, hidden)).rows
      .length;
    hidden -= Math.max(0, missing);
    while (hidden < 0 && index < this.#items.length - 1) {
      index++;
      hidden += this.#rowsAt(index).length;
    }
    return index === this.#items.length - 1 && hidden <= 0
      ? undefined
      : this.#at(index, hidden);
  }

  /** The position with an item as the lowest visible one. */
  at(key: string): Position | undefined {
    const { index } = this.#locate({ key, hidden: 0 });
    return index === this.#items.length - 1 ? undefined : { key, hidden: 0 };
  }

  #at(index: number, hidden: number): Position {
    return { key: (this.#items[index] as Item).key, hidden };
  }

  #locate(position: Position | undefined): { index: number; hidden: number } {
    const last = { index: this.#items.length - 1, hidden: 0 };
    if (position === undefined) return last;
    const index = this.#items.findLastIndex(({ key }) => key === position.key);
    if (index < 0) return last;
    // The item may have fewer rows after a change of the width.
    const most = this.#rowsAt(index).length - 1;
    return { index, hidden: Math.min(position.hidden, most) };
  }

  #rowsAt(index: number): Row[] {
    const item = this.#items[index] as Item;
    const { width } = this.#frame;
    const rows = "message" in item
      ? this.#messageLayout.rows(item.message, this.#frame)
      : noticeRows(item.notice, width);
    const before = this.#items[index - 1];
    const date = day(item.time);
    if (before !== undefined && day(before.time) === date) return rows;
    return [[span(`-- ${date} --`, "dim")], ...rows];
  }
}

function noticeRows({ text, tone }: Notice, width: number): Row[] {
  return printableLines(text).flatMap((line) =>
    wrapText([line], Math.max(4, width - 2)).map((row, at) => [
      span(at === 0 ? "* " : "  ", tone),
      span(row, tone),
    ])
  );
}
