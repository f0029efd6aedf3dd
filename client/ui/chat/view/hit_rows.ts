import { clock, day } from "../../../../shared/cli/time.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";
import type { FoundMessage } from "../../../store/messages.ts";
import type { Hits } from "../model/hits.ts";
import { type Mark, markedRow } from "./marked_text.ts";
import { cells, graphemes, type Row, span, type Tone } from "./rows.ts";

/** Maximum length of a shown text in UTF-16 units. */
const MOST_SHOWN = 1000;

/** Lays out the results of a search in at most `height` rows around the selected one. */
export function hitRows(
  { pattern, messages, at }: Hits,
  width: number,
  height: number,
): Row[] {
  const list = height - 2;
  const first = Math.max(
    0,
    Math.min(at - Math.floor(list / 2), messages.length - list),
  );
  const rows = messages.slice(first, first + list).map(
    (message, place) => hitRow(message, first + place === at, width),
  );
  const count = messages.length === 1 ? "1 hit" : `${messages.length} hits`;
  return [
    [span(`${count} for ${printableLine(pattern)}`, "strong")],
    [span("n, N, Up, Down select, Enter opens, Esc or a text ends it", "dim")],
    ...rows,
  ].slice(0, Math.max(0, height));
}

function hitRow(
  message: FoundMessage,
  isSelected: boolean,
  width: number,
): Row {
  const from = message.outgoing ? "you to " : "";
  const time = `${day(message.time)} ${clock(message.time)} `;
  const name = `${from}${printableLine(message.contact)}: `;
  const space = width - cells(time) - cells(name);
  return [
    span(time, isSelected ? "selected" : "dim"),
    span(name, isSelected ? "selected" : "theirs"),
    ...excerpt(message, space, isSelected ? "selected" : "plain"),
  ];
}

/** The text, or the path of a file, from a little before the first match if that is far. */
function excerpt(
  { text, path, matches }: FoundMessage,
  space: number,
  tone: Tone,
): Row {
  const whole = text ?? path ?? "";
  const shown = printableLine(whole);
  const place = (offset: number) =>
    printableLine(whole.slice(0, offset)).length;
  const marks: Mark[] = matches.map(([start, end]) => ({
    start: place(start),
    end: place(end),
    tone: "match",
  }));
  const [first] = marks;
  const isFar = first !== undefined &&
    cells(shown.slice(0, first.end)) > space - 1;
  const near = isFar ? Math.max(0, first.start - Math.floor(space / 3)) : 0;
  const start = startOfCharacter(shown, near);
  const row = markedRow(
    shown.slice(start, start + MOST_SHOWN),
    marks,
    tone,
    start,
  );
  return start === 0 ? row : [span("…", "dim"), ...row];
}

/** The start of the character at an offset, or of the one behind. */
function startOfCharacter(text: string, offset: number): number {
  let start = 0;
  for (const grapheme of graphemes(text)) {
    if (start >= offset) break;
    start += grapheme.length;
  }
  return start;
}
