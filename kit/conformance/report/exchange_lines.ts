/**
 * Prints the frames of a check's connections as annotated hex.
 *
 * @module
 */

import { formatBytes } from "../../../shared/cli/figures.ts";
import { anyClause } from "../../any_clause.ts";
import type { Party } from "../../clauses.ts";
import { printableLine } from "../../../shared/cli/printable.ts";
import { dissect, type Dissection } from "../../dissect/dissector.ts";
import { annotatedHex } from "../../dissect/annotated_hex.ts";
import type { Problem } from "../../dissect/judge.ts";
import { painter } from "../../paint.ts";
import type { Exchange, Exchanged } from "./outcome.ts";
import { clip } from "./text.ts";

/** Largest number of frames shown: a check of many clients has hundreds. */
const MOST_SHOWN = 24;

/**
 * Formats an exchange in order. A frame that only prepares the check is one
 * line.
 *
 * @param columns longest line in characters
 */
export function exchangeLines(
  exchange: Exchange,
  { colour, columns }: { colour: boolean; columns: number },
): string[] {
  const shown = exchange.slice(0, MOST_SHOWN);
  const left = exchange.length - shown.length;
  return [
    ...shown.flatMap((entry) => entryLines(entry, colour)),
    ...left > 0 ? [`and ${left} more`] : [],
  ].map((line) => clip(line, columns));
}

function entryLines(entry: Exchanged, colour: boolean): string[] {
  const { direction, connection, bytes, size, note, prepares, plays } = entry;
  const paint = painter(colour);
  const dissection = dissect(bytes, direction, {
    unseen: size - bytes.length,
  });
  const arrow = direction === "request" ? "→" : "←";
  const what = `${arrow} ${printableLine(dissection.what)}`;
  if (prepares) return [paint("faint", what)];
  const where = `connection ${connection}, ${
    size < 1024 ? `${size} bytes` : formatBytes(size)
  }${note === undefined ? "" : `, ${printableLine(note)}`}`;
  return [
    paint("strong", what),
    `  ${paint("faint", where)}`,
    ...annotatedHex(marked(dissection, plays), { colour }).split("\n"),
  ];
}

/** Drops the problems of the party that the check plays. */
function marked(
  { parts, problems }: Dissection,
  plays: Party | undefined,
): Pick<Dissection, "parts" | "problems"> {
  const isMarked = ({ clause }: Problem) => anyClause[clause].party !== plays;
  return {
    parts: parts.map((part) => ({
      ...part,
      problems: part.problems.filter(isMarked),
    })),
    problems: problems.filter(isMarked),
  };
}
