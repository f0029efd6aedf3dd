/**
 * Lays out messages as rows. The text comes last on its row, after the time, the
 * name and the mark, so that a terminal that reorders right-to-left text moves
 * nothing else.
 *
 * @module
 */

import { formatBytes } from "../../../../shared/cli/figures.ts";
import { clock } from "../../../../shared/cli/time.ts";
import type { Message, MessageNumber } from "../../../store/message.ts";
import type { Matches } from "../../../store/pattern_matcher.ts";
import {
  printableLine,
  printableLines,
} from "../../../../shared/cli/printable.ts";
import { linksIn } from "./links.ts";
import { type Mark, wrapMarked } from "./marked_text.ts";
import { fit, type Row, type Span, span, type Tone, wrapText } from "./rows.ts";

/** Maximum length of a shown text in UTF-16 units. */
const MOST_SHOWN = 100_000;
/** Maximum number of cached messages. */
const MOST_CACHED = 400;

/** Layout parameters of a conversation. */
export interface MessageFrame {
  /** In cells. */
  width: number;
  /** Width of the column of names in cells. */
  nameWidth: number;
  /** Messages that wait for the relay. */
  waiting: ReadonlySet<number>;
  /** The message below the line "new". */
  firstNew?: MessageNumber | undefined;
  /** What a search has found. */
  matches?: ReadonlyMap<MessageNumber, Matches> | undefined;
  /** The selected message of a search. */
  selected?: MessageNumber | undefined;
}

/** Lays out messages; caches the rows until a message changes. */
export class MessageLayout {
  readonly #cached = new Map<
    number,
    { of: Message; key: string; matches: Matches | undefined; rows: Row[] }
  >();

  /** The rows of a message, at least one. */
  rows(message: Message, frame: MessageFrame): Row[] {
    const { id } = message;
    const waits = frame.waiting.has(id);
    const { contact, delivery, accepted } = message;
    const key = [
      frame.width,
      frame.nameWidth,
      waits,
      delivery,
      accepted,
      contact,
      frame.selected === id,
    ]
      .join();
    const known = this.#cached.get(id);
    this.#cached.delete(id);
    const matches = frame.matches?.get(id);
    const rows = known?.key === key && known.of.text === message.text &&
        known.matches === matches
      ? known.rows
      : layOut(message, frame, waits);
    this.#cached.set(id, { of: message, key, matches, rows });
    for (const oldest of this.#cached.keys()) {
      if (this.#cached.size <= MOST_CACHED) break;
      this.#cached.delete(oldest);
    }
    return rows;
  }
}

function layOut(message: Message, frame: MessageFrame, waits: boolean): Row[] {
  const { outgoing, time } = message;
  const { width, nameWidth, selected } = frame;
  const name = outgoing ? "you" : printableLine(message.contact);
  const head: Span[] = [
    span(clock(time), message.id === selected ? "selected" : "dim"),
    span(" "),
    span(`${fit(name, nameWidth)} `, outgoing ? "mine" : "theirs"),
    span(
      `${markOf(message)} `,
      message.delivery === "unsent" ? "alarm" : "dim",
    ),
  ];
  const indent = 6 + nameWidth + 1 + 2;
  const textWidth = Math.max(4, width - indent);
  const { lines, tone } = content(message);
  const matches = matchMarks(message, lines, frame.matches?.get(message.id));
  const body: Row[] = lines.flatMap((line, at) => {
    const marks = [
      ...message.kind === "text" ? linksIn(line, `${message.id}.${at}`) : [],
      ...matches[at] ?? [],
    ];
    return wrapMarked(line, marks, textWidth, tone);
  });
  if (message.kind === "unreadable") {
    body.push(...aside("/key asks for its key", textWidth, "dim"));
  }
  if (message.doubtful) {
    body.push(...aside("perhaps opened with a wrong key", textWidth, "alarm"));
  }
  if (!message.accepted) {
    const claim = `only claims to be ${name}; see /fingerprint and /accept`;
    body.push(...aside(claim, textWidth, "alarm"));
  }
  if (message.delivery === "unsent") {
    const why = waits
      ? "goes out when the relay is back"
      : `not sent: /resend ${message.id}`;
    body.push(...aside(why, textWidth, "dim"));
  }
  return body.map((
    piece,
    row,
  ) => [...row === 0 ? head : [span(" ".repeat(indent))], ...piece]);
}

function aside(text: string, width: number, tone: Tone): Row[] {
  return wrapText([`(${text})`], width).map((row) => [span(row, tone)]);
}

/** The matches of a search in the printable lines of a message, line for line. */
function matchMarks(
  message: Message,
  lines: readonly string[],
  matches: Matches = [],
): Mark[][] {
  const marks: Mark[][] = lines.map(() => []);
  const { kind, path = "", text = "" } = message;
  const before = kind === "file"
    ? (lines[0] ?? "").indexOf(printableLine(path))
    : 0;
  const place = (offset: number) => {
    if (kind === "file") {
      const shown = printableLine(path.slice(0, offset));
      return { line: 0, column: before + shown.length };
    }
    const shown = printableLines(text.slice(0, offset));
    return { line: shown.length - 1, column: shown.at(-1)?.length ?? 0 };
  };
  for (const [from, to] of matches) {
    const [start, end] = [place(from), place(to)];
    for (let at = start.line; at <= end.line; at++) {
      marks[at]?.push({
        start: at === start.line ? start.column : 0,
        end: at === end.line ? end.column : Infinity,
        tone: "match",
      });
    }
  }
  return marks;
}

function markOf({ delivery }: Message): string {
  switch (delivery) {
    case "received":
      return " ";
    case "sending":
      return "…";
    case "unsent":
      return "!";
    case "sent":
      return "✓";
  }
}

function content(message: Message): { lines: string[]; tone: Tone } {
  const { kind, outgoing } = message;
  switch (kind) {
    case "text": {
      const text = message.text ?? "";
      const more = text.length - MOST_SHOWN;
      const lines = printableLines(text.slice(0, MOST_SHOWN));
      if (more > 0) lines.push(`(and ${more} characters more)`);
      return { lines, tone: "plain" };
    }
    case "file":
      return { lines: [describeFile(message)], tone: "strong" };
    case "key":
      return {
        lines: [outgoing ? "sent a symmetric key" : "symmetric key received"],
        tone: "dim",
      };
    case "keyRequest":
      return {
        lines: [
          outgoing ? "asked for a symmetric key" : "asks for a symmetric key",
        ],
        tone: "dim",
      };
    case "unreadable":
      return { lines: ["a message that can't be decrypted"], tone: "dim" };
  }
}

/** Describes a file message in a line. */
export function describeFile({ path, size, outgoing }: Message): string {
  const where = path === undefined ? "" : ` ${printableLine(path)}`;
  return outgoing
    ? `file${where} (${formatBytes(size)})`
    : `file (${formatBytes(size)}) saved as${where}`;
}
