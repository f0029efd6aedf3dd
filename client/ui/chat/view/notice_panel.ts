/**
 * Notices of the program. They have a panel of their own below the conversation,
 * until the user closes it.
 *
 * @module
 */

import { printableLines } from "../../../../shared/cli/printable.ts";
import { cells, cut, type Row, span, type Tone, wrapText } from "./rows.ts";

/** A message of the program. */
export interface Notice {
  /** Lines that aren't printable yet. */
  text: string;
  tone: Tone;
  /** Replaces the notice with the same topic. */
  topic?: string | undefined;
}

/** The laid out panel. */
export interface NoticePanel {
  /** A rule, and the visible part of the notices; empty without notices. */
  rows: Row[];
  /** First visible row of the notices. */
  first: number;
  /** Number of rows that the panel has no space for. */
  hidden: number;
}

/**
 * Lays out the notices in at most `height` rows. Several share half of that; a
 * long one may take all of it.
 *
 * @param top the first row to show; undefined shows the start of the latest notice
 */
export function noticePanel(
  notices: readonly Notice[],
  top: number | undefined,
  width: number,
  height: number,
): NoticePanel {
  const blocks = notices.map((notice) => rowsOf(notice, width));
  const latest = blocks.at(-1)?.length ?? 0;
  const all = blocks.flat();
  if (all.length === 0 || height < 1) return { rows: [], first: 0, hidden: 0 };
  const most = Math.min(height, Math.max(Math.floor(height / 2), latest + 1));
  const shown = Math.min(all.length, Math.max(1, most - 1));
  const hidden = all.length - shown;
  const first = Math.max(0, Math.min(top ?? all.length - latest, hidden));
  const rows = all.slice(first, first + shown);
  if (height > 1) rows.unshift(ruleOf(first, shown, all.length, width));
  return { rows, first, hidden };
}

function ruleOf(
  first: number,
  shown: number,
  total: number,
  width: number,
): Row {
  const text = shown < total
    ? `── ${first + 1}-${
      first + shown
    } of ${total}: PageUp, PageDown scroll, Esc closes `
    : "── Esc closes ";
  const rule = "─".repeat(Math.max(0, width - cells(text)));
  return [span(cut(text + rule, width), "dim")];
}

/** The rows of a notice behind its mark; a plain one, such as the help, has none. */
function rowsOf({ text, tone }: Notice, width: number): Row[] {
  const lines = printableLines(text);
  if (tone === "plain") {
    return wrapText(lines, Math.max(4, width)).map((row) => [span(row)]);
  }
  return wrapText(lines, Math.max(4, width - 2)).map(
    (row, at) => [span(at === 0 ? "* " : "  ", tone), span(row, tone)],
  );
}
