/**
 * Lays out the screen: contacts on the left, the conversation, a status line and
 * the input.
 *
 * @module
 */

import { clock, day } from "../../../../shared/cli/time.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";
import {
  type ChatState,
  describeConnection,
  type Hits,
} from "../model/model.ts";
import { contactRows, contactsWidth } from "./contact_rows.ts";
import { ConversationView, mergeItems } from "./conversation_rows.ts";
import { cells } from "./graphemes.ts";
import { type InputRows, inputRows } from "./input_rows.ts";
import {
  describeFile,
  type MessageFrame,
  type MessageLayout,
} from "./message_layout.ts";
import {
  cutRow,
  fitRow,
  type Row,
  type Span,
  span,
  type Tone,
} from "./rows.ts";

/** A laid out screen. */
export interface Frame {
  /** Fit the height and the width of the screen. */
  rows: readonly Row[];
  /** Position of the cursor. */
  cursor: { x: number; y: number };
  /** The visible messages. */
  seen: readonly number[];
}

/** Columns below which names are shortened. */
const NARROW = 60;
/** Maximum height of the input; also limited to a quarter of the screen. */
const MOST_INPUT_ROWS = 8;

/** Lays out the screen. */
export function layOut(state: ChatState, messageLayout: MessageLayout): Frame {
  const { columns, rows } = state.size;
  const input = inputOf(state);
  const height = conversationHeight(state);
  const left = contactsWidth(state.contacts, columns);
  const contacts = left === 0
    ? []
    : contactRows(state.contacts, state.open, left, height);
  const shown = state.hits === undefined
    ? conversationView(state, messageLayout).visible(state.position)
    : { rows: hitRows(state.hits, height), items: [] };
  const blank = Array.from({ length: height - shown.rows.length }, () => []);
  const right = [...blank, ...shown.rows];
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
    seen: shown.items.flatMap((item) =>
      "message" in item ? [item.message.id] : []
    ),
  };
}

/** Height of the conversation in rows. */
export function conversationHeight(state: ChatState): number {
  return Math.max(0, state.size.rows - 1 - inputOf(state).rows.length);
}

function inputOf({ editor, size }: ChatState): InputRows {
  const most = Math.min(MOST_INPUT_ROWS, Math.floor(size.rows / 4));
  return inputRows(editor, Math.max(1, size.columns - 2), Math.max(1, most));
}

function conversationWidth({ contacts, size }: ChatState): number {
  const left = contactsWidth(contacts, size.columns);
  return left === 0 ? size.columns : size.columns - left - 2;
}

/** Makes the view of the conversation. */
export function conversationView(
  state: ChatState,
  messageLayout: MessageLayout,
): ConversationView {
  return new ConversationView(
    mergeItems(state.messages, state.notices),
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
  };
}

function hitRows({ pattern, messages, at }: Hits, height: number): Row[] {
  const list = height - 2;
  const first = Math.max(
    0,
    Math.min(at - Math.floor(list / 2), messages.length - list),
  );
  const rows = messages.slice(first, first + list).map(
    (message, place): Row => {
      const tone: Tone = first + place === at ? "selected" : "plain";
      const what = message.kind === "text"
        ? printableLine(message.text ?? "")
        : describeFile(message);
      const from = message.outgoing ? "you to " : "";
      return [
        span(`${day(message.time)} ${clock(message.time)} `, "dim"),
        span(`${from}${printableLine(message.contact)}: `, "theirs"),
        span(what.slice(0, 1000), tone),
      ];
    },
  );
  const count = messages.length === 1 ? "1 hit" : `${messages.length} hits`;
  return [
    [span(`${count} for ${printableLine(pattern)}`, "strong")],
    [span("Up, Down and Enter jump to one, Esc goes back", "dim")],
    ...rows,
  ].slice(0, Math.max(0, height));
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
  if (state.progress !== undefined) add(state.progress);
  if (state.searching) add("searching, Esc ends it");
  if (state.candidates.length > 0) {
    add(state.candidates.map(printableLine).join("  "));
    return fitRow(parts, columns, "bar");
  }
  if (open !== undefined) add(printableLine(open));
  const unread = contact?.unread ?? 0;
  if (state.position !== undefined) {
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
