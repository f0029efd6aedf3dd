/**
 * A message of a conversation as rows. The time, the name and the mark stand
 * before the text, which is the last on its row: where a terminal turns text
 * from right to left around, nothing else is moved.
 *
 * @module
 */

import { formatBytes } from "../../../../shared/cli/figures.ts";
import { clock } from "../../../../shared/cli/time.ts";
import type { Message } from "../../../store/message.ts";
import {
  printableLine,
  printableLines,
} from "../../../../shared/cli/printable.ts";
import { fit } from "./graphemes.ts";
import { type Row, type Span, span, type Tone } from "./rows.ts";
import { wrapText } from "./wrapping.ts";

/** UTF-16 units of a text that are shown. */
const MOST_SHOWN = 100_000;
/** Wrapped messages that are kept. */
const MOST_KEPT = 400;

/** What all messages of a conversation share. */
export interface MessageFrame {
  /** Cells of a row. */
  width: number;
  /** Cells of the column with the names. */
  nameWidth: number;
  /** Messages that wait for the relay to come back. */
  waiting: ReadonlySet<number>;
}

/** Wraps messages, and remembers how as long as nothing about them changes. */
export class MessageLayout {
  readonly #kept = new Map<number, { of: Message; key: string; rows: Row[] }>();

  /** A message's rows, at least one. */
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
    ]
      .join();
    const known = this.#kept.get(id);
    this.#kept.delete(id);
    const rows = known?.key === key && known.of.text === message.text
      ? known.rows
      : layOut(message, frame, waits);
    this.#kept.set(id, { of: message, key, rows });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MOST_KEPT) break;
      this.#kept.delete(oldest);
    }
    return rows;
  }
}

function layOut(message: Message, frame: MessageFrame, waits: boolean): Row[] {
  const { outgoing, time } = message;
  const { width, nameWidth } = frame;
  const name = outgoing ? "you" : printableLine(message.contact);
  const head: Span[] = [
    span(`${clock(time)} `, "dim"),
    span(`${fit(name, nameWidth)} `, outgoing ? "mine" : "theirs"),
    span(
      `${markOf(message)} `,
      message.delivery === "unsent" ? "alarm" : "dim",
    ),
  ];
  const indent = 6 + nameWidth + 1 + 2;
  const textWidth = Math.max(4, width - indent);
  const { lines, tone } = content(message);
  const body = wrapText(lines, textWidth).map((text) => span(text, tone));
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
  return body.map((piece, row) =>
    row === 0 ? [...head, piece] : [span(" ".repeat(indent)), piece]
  );
}

function aside(text: string, width: number, tone: Tone): Span[] {
  return wrapText([`(${text})`], width).map((row) => span(row, tone));
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

/** A message of type file in a line. */
export function describeFile({ path, size, outgoing }: Message): string {
  const where = path === undefined ? "" : ` ${printableLine(path)}`;
  return outgoing
    ? `file${where} (${formatBytes(size)})`
    : `file (${formatBytes(size)}) saved as${where}`;
}
