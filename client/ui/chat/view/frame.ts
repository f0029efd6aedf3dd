/**
 * Lays out the screen: contacts on the left, the conversation, the notices, a
 * status line and the input.
 *
 * @module
 */

import { printableLine } from "../../../../shared/cli/printable.ts";
import { type ChatState, describeConnection } from "../model/model.ts";
import { hitRows } from "./hit_rows.ts";
import { ConversationView } from "./conversation_rows.ts";
import { type NoticePanel, noticePanel } from "./notice_panel.ts";
import {
  cells,
  cut,
  cutRow,
  fit,
  fitRow,
  type Row,
  type Span,
  span,
  type Tone,
  wrapLine,
  type WrappedRow,
} from "./rows.ts";
import type { MessageFrame, MessageLayout } from "./message_layout.ts";
import { emptyRows } from "./empty_rows.ts";
import type { ContactSummary } from "../../../store/message.ts";
import type { Editor } from "../input/editor.ts";

/** A laid out screen. */
export interface Frame {
  /** Fit the height and the width of the screen. */
  rows: readonly Row[];
  /** Position of the cursor. */
  cursor: { x: number; y: number };
  /** The visible messages. */
  seen: readonly number[];
  /** Title of the window. */
  title: string;
}

/** Columns below which names are shortened. */
const NARROW = 60;
/** Maximum height of the input; also limited to a quarter of the screen. */
const MOST_INPUT_ROWS = 8;

/** Lays out the screen. */
export function layOut(state: ChatState, messageLayout: MessageLayout): Frame {
  const { columns, rows } = state.size;
  const input = inputOf(state);
  const height = bodyHeight(state);
  const panel = noticesOf(state).rows;
  const left = contactsWidth(state);
  const contacts = left === 0
    ? []
    : contactRows(state.contacts, state.open, left, height);
  const shown = visible(state, messageLayout, height - panel.length);
  const free = height - panel.length - shown.rows.length;
  const blank = Array.from({ length: free }, () => []);
  const right = [...blank, ...shown.rows, ...panel];
  const width = conversationWidth(state);
  const middle = right.map((row, at) =>
    left === 0 ? cutRow(row, width) : [
      ...fitRow(contacts[at] ?? [], left),
      span("│ ", "dim"),
      ...cutRow(row, width),
    ]
  );
  const inputLines = input.rows.map((text, at) => [
    span(at === 0 ? "> " : "  ", "dim"),
    span(text),
  ]);
  const all = [...middle, statusRow(state), ...inputLines].slice(-rows)
    .map((row) => cutRow(row, columns));
  return {
    rows: all,
    cursor: {
      x: Math.min(columns - 1, input.cursor.x + 2),
      y: all.length - input.rows.length + input.cursor.y,
    },
    seen: shown.messages.map(({ id }) => id),
    title: titleOf(state),
  };
}

/** The title: unread messages first, since a narrow tab shows its start only. */
function titleOf({ contacts, open }: ChatState): string {
  const unread = contacts.reduce((sum, { unread }) => sum + unread, 0);
  const name = open === undefined ? [] : [cut(printableLine(open), 40)];
  return [
    ...unread === 0 ? [] : [`(${unread})`],
    [...name, "MessageU"].join(" - "),
  ].join(" ");
}

/** The rows above the notices, and their messages. */
function visible(
  state: ChatState,
  messageLayout: MessageLayout,
  height: number,
): ReturnType<ConversationView["visible"]> {
  const { hits } = state;
  if (hits?.isListed) {
    const rows = hitRows(hits, conversationWidth(state), height);
    return { rows, messages: [] };
  }
  if (state.open === undefined) {
    const rows = emptyRows(state, conversationWidth(state), height);
    return { rows, messages: [] };
  }
  return conversationView(state, messageLayout).visible(state.position);
}

/** Height in rows of all above the status line. */
function bodyHeight(state: ChatState): number {
  return Math.max(0, state.size.rows - 1 - inputOf(state).rows.length);
}

/** Height of the conversation in rows. */
export function conversationHeight(state: ChatState): number {
  return bodyHeight(state) - noticesOf(state).rows.length;
}

/** The panel of notices. */
export function noticesOf(state: ChatState): NoticePanel {
  const { notices, noticesTop } = state;
  const width = conversationWidth(state);
  return noticePanel(notices, noticesTop, width, bodyHeight(state));
}

function inputOf({ editor, size }: ChatState): InputRows {
  const most = Math.min(MOST_INPUT_ROWS, Math.floor(size.rows / 4));
  return inputRows(editor, Math.max(1, size.columns - 2), Math.max(1, most));
}

function conversationWidth(state: ChatState): number {
  const { columns } = state.size;
  const left = contactsWidth(state);
  return left === 0 ? columns : columns - left - 2;
}

/** Makes the view of the conversation. */
export function conversationView(
  state: ChatState,
  messageLayout: MessageLayout,
): ConversationView {
  return new ConversationView(
    state.messages,
    frameOf(state),
    conversationHeight(state),
    messageLayout,
  );
}

function frameOf(state: ChatState): MessageFrame {
  const name = state.open === undefined ? "" : printableLine(state.open);
  const most = state.size.columns < NARROW ? 6 : 14;
  return {
    width: conversationWidth(state),
    nameWidth: Math.min(most, Math.max(3, cells(name))),
    waiting: state.waiting,
    firstNew: state.firstNew,
    matches: state.hits?.matches,
    selected: state.hits?.messages[state.hits.at]?.id,
  };
}

function statusRow(state: ChatState): Row {
  const { columns } = state.size;
  const { connection, contacts, open } = state;
  const parts: Span[] = [];
  const add = (text: string, tone: Tone = "bar") => {
    if (parts.length > 0) parts.push(span(" | ", "bar"));
    parts.push(span(text, tone));
  };
  const tone = connection.kind === "connected"
    ? "barGood"
    : connection.kind === "refused"
    ? "barAlarm"
    : "barWarning";
  add(` ${describeConnection(connection, state.now)}`, tone);
  const contact = contacts.find(({ name }) => name === open);
  if (contact?.keyChanged) {
    add(`KEY CHANGED: /accept ${printableLine(contact.name)}`, "barAlarm");
  }
  if (contact?.blocked) add("blocked: /unblock ends it", "barWarning");
  if (contact?.muted) add("muted");
  if (state.progress !== undefined) add(state.progress);
  if (state.searching) add("searching, Esc ends it");
  if (state.recall !== undefined) {
    const { sought, found } = state.recall;
    const sign = found ? "" : ", none";
    add(`history: ${printableLine(sought)}${sign} | Enter takes it`);
    return fitRow(parts, columns, "bar");
  }
  if (state.candidates.length > 0) {
    add(state.candidates.map(printableLine).join("  "));
    return fitRow(parts, columns, "bar");
  }
  if (open !== undefined) add(printableLine(open));
  const unread = contact?.unread ?? 0;
  if (state.hits !== undefined) {
    const { at, messages } = state.hits;
    const keys = state.editor.text === "" ? "n, N; Esc to write" : "Esc ends";
    add(`hit ${at + 1} of ${messages.length}: ${keys}`);
  } else if (state.position !== undefined) {
    add(unread === 0 ? "scrolled back, Esc ends" : `${unread} new, Esc ends`);
  } else if (unread > 0) add(`${unread} unread above, Esc skips`);
  const elsewhere = contacts.reduce(
    (sum, { name, unread }) => name === open ? sum : sum + unread,
    0,
  );
  if (elsewhere > 0) add(`${elsewhere} unread elsewhere`, "barWarning");
  if (state.notify === "off") add("quiet");
  add("/help");
  return fitRow(parts, columns, "bar");
}

/** Minimum width of a screen that shows contacts. */
const WIDE_ENOUGH = 60;

/** Width of the column of contacts: 0 on a narrow screen, else up to 32 cells. */
function contactsWidth({ contacts, contactsHidden, size }: ChatState): number {
  const { columns } = size;
  if (contactsHidden || columns < WIDE_ENOUGH) return 0;
  const longest = contacts.slice(0, 200)
    .reduce((most, { name }) => Math.max(most, cells(printableLine(name))), 0);
  const marks = contacts.some(({ blocked, muted }) => blocked || muted) ? 6 : 0;
  const wanted = Math.max(16, longest + 7 + marks);
  return Math.min(wanted, 32, Math.floor(columns / 4));
}

/** Lays out `height` rows of contacts that include the open one. */
function contactRows(
  contacts: readonly ContactSummary[],
  open: string | undefined,
  width: number,
  height: number,
): Row[] {
  const at = contacts.findIndex(({ name }) => name === open);
  const first = Math.max(0, at - height + 1);
  const rows = contacts.slice(first, first + height)
    .map((contact) => contactRow(contact, contact.name === open, width));
  const blank = [span(" ".repeat(width))];
  return [
    ...rows,
    ...Array.from({ length: height - rows.length }, () => blank),
  ];
}

function contactRow(
  { name, unread, keyChanged, blocked, muted }: ContactSummary,
  isOpen: boolean,
  width: number,
): Row {
  const count = unread === 0 ? "" : ` ${unread > 999 ? "999+" : unread}`;
  const changed = keyChanged ? " KEY" : "";
  const mark = blocked ? " block" : muted ? " mute" : "";
  const nameWidth = width - 2 - changed.length - mark.length - count.length - 1;
  const tone = isOpen ? "selected" : unread > 0 ? "strong" : "plain";
  return [
    span(isOpen ? "> " : "  ", tone),
    span(fit(printableLine(name), nameWidth), tone),
    span(changed, "alarm"),
    span(mark, isOpen ? tone : "dim"),
    span(`${count} `, tone),
  ];
}

/** The laid out input line. */
export interface InputRows {
  /** One to `most` rows. */
  rows: string[];
  /** Cell of the cursor, relative to the first row. */
  cursor: { x: number; y: number };
}

/** Lays out at most `most` rows of `width` cells around the cursor. */
export function inputRows(
  { text, cursor }: Editor,
  width: number,
  most: number,
): InputRows {
  // A tab takes one cell, so that positions in the text and on the row agree.
  const lines = text.replaceAll("\t", " ").split("\n");
  let line = 0;
  let column = cursor;
  while (column > (lines[line] ?? "").length && line < lines.length - 1) {
    column -= (lines[line] ?? "").length + 1;
    line++;
  }
  // Leaves a cell for the cursor after the last character.
  const wrap = (at: number) =>
    wrapLine(lines[at] ?? "", Math.max(1, width - 1));
  const own = wrap(line);
  const inOwn = own.findLastIndex(({ start }) => start <= column);
  const row = own[inOwn] as WrappedRow;
  const before: WrappedRow[] = [];
  for (let at = line - 1; at >= 0 && before.length < most; at--) {
    before.unshift(...wrap(at));
  }
  const after: WrappedRow[] = [];
  for (let at = line + 1; at < lines.length && after.length < most; at++) {
    after.push(...wrap(at));
  }
  const all = [...before, ...own, ...after];
  const y = before.length + inOwn;
  const first = Math.max(
    0,
    Math.min(y - most + 1 + (most > 2 ? 1 : 0), all.length - most),
  );
  return {
    // Cuts spaces beyond the end of a row.
    rows: all.slice(first, first + most).map((shown) =>
      cells(shown.text) < width ? shown.text : shown.text.trimEnd()
    ),
    cursor: {
      x: Math.min(width - 1, cells(row.text.slice(0, column - row.start))),
      y: y - first,
    },
  };
}
