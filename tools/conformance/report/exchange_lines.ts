/**
 * What went over a check's connections, as lines of annotated hex.
 *
 * @module
 */

import { formatBytes } from "../../../server/figures.ts";
import { printableLine } from "../../../shared/printable.ts";
import type { Exchange, Exchanged } from "./outcome.ts";
import { painter } from "./paint.ts";
import { hexLines } from "./hex_lines.ts";

/** Entries that are shown: a check of many clients has hundreds. */
const MOST_SHOWN = 24;

/** All of it, connection by connection as it happened. */
export function exchangeLines(exchange: Exchange, colour: boolean): string[] {
  const shown = exchange.slice(0, MOST_SHOWN);
  const left = exchange.length - shown.length;
  return [
    ...shown.flatMap((entry) => entryLines(entry, colour)),
    ...left > 0 ? [`and ${left} more`] : [],
  ];
}

function entryLines(entry: Exchanged, colour: boolean): string[] {
  const { direction, connection, size, note } = entry;
  const arrow = direction === "request" ? "→" : "←";
  const what = direction === "request" ? "sent" : "came back";
  const title = `${arrow} ${what} on connection ${connection}, ${
    size < 1024 ? `${size} bytes` : formatBytes(size)
  }${note === undefined ? "" : `: ${printableLine(note)}`}`;
  return [painter(colour)("strong", title), ...hexLines(entry, colour)];
}
