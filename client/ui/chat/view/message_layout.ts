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
import {
  printableLine,
  printableLines,
} from "../../../../shared/cli/printable.ts";
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
}

/** Lays out messages; caches the rows until a message changes. */
export class MessageLayout {
  readonly #cached = new Map<
    number,
    { of: Message; key: string; rows: Row[] }
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
    ]
      .join();
    const known = this.#cached.get(id);
    this.#cached.delete(id);
    const rows = known?.key === key && known.of.text === message.text
      ? known.rows
      : layOut(message, frame, waits);
    this.#cached.set(id, { of: message, key, rows });
    for (const oldest of this.#cached.keys()) {
      if (this.#cached.size <= MOST_CACHED) break;
      this.#cached.delete(oldest);
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

/** Describes a file message in a line. */
export function describeFile({ path, size, outgoing }: Message): string {
  const where = path === undefined ? "" : ` ${printableLine(path)}`;
  return outgoing
    ? `file${where} (${formatBytes(size)})`
    : `file (${formatBytes(size)}) saved as${where}`;
}
