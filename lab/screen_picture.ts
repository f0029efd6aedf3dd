/**
 * An emulated screen as a picture and as text.
 *
 * @module
 */

import type { IBufferCell, Terminal } from "@xterm/headless";
import { cells, graphemes } from "../client/ui/chat/view/rows.ts";

/** What is replaced wherever it is found on a row, by something as long. */
export interface Mask {
  what: RegExp;
  by: string;
}

interface Cell {
  text: string;
  /** 0 behind a wide character, else 1 or 2. */
  width: number;
  style: string;
}

const CELL_WIDTH = 8.4;
const ROW_HEIGHT = 18;
const INK = "#d8dee9";
const PAPER = "#1e222a";
/** Fonts of one width, then those with the scripts that these lack. */
const FONTS = "ui-monospace,Menlo,Consolas,'DejaVu Sans Mono'," +
  "'Noto Sans Mono CJK SC','Noto Sans Mono',monospace";
/** Fonts of emoji; some viewers would take their digits, too. */
const EMOJI_FONTS = "'Apple Color Emoji','Segoe UI Emoji','Noto Color Emoji'";
const EMOJI = /[\p{Emoji_Presentation}\u{fe0f}]/u;
/** What is drawn as one text, if it looks the same. */
const JOINED = [/^[\x21-\x7e ]+$/, /^─+$/];
const RIGHT_TO_LEFT = /^[\p{Script=Hebrew}\p{Script=Arabic}]+$/u;
/** The eight colours of a terminal, and the bright ones. */
const PALETTE = [
  "#3b4252",
  "#bf616a",
  "#a3be8c",
  "#ebcb8b",
  "#81a1c1",
  "#b48ead",
  "#88c0d0",
  "#e5e9f0",
];

/** The screen as SVG. */
export function drawScreen(screen: Terminal, masks: readonly Mask[]): string {
  const width = screen.cols * CELL_WIDTH;
  const height = screen.rows * ROW_HEIGHT + 8;
  const parts: string[] = [];
  cellsOf(screen, masks).forEach((row, at) => {
    for (const run of runsOf(row)) parts.push(draw(run, at));
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${
    round(width)
  } ${height}" font-family="${FONTS}" font-size="14" fill="${INK}">
<rect width="100%" height="100%" fill="${PAPER}"/>
${parts.filter((part) => part !== "").join("\n")}
</svg>
`;
}

/** The screen as text, row for row. */
export function writeScreen(screen: Terminal, masks: readonly Mask[]): string {
  return cellsOf(screen, masks).map((row) =>
    `${row.map(({ text }) => text).join("").trimEnd()}\n`
  ).join("");
}

function cellsOf(screen: Terminal, masks: readonly Mask[]): Cell[][] {
  const { active } = screen.buffer;
  return Array.from({ length: screen.rows }, (_, at) => {
    const line = active.getLine(active.baseY + at);
    const row = Array.from({ length: screen.cols }, (_, column): Cell => {
      const cell = line?.getCell(column);
      return {
        text: cell?.getChars() || (cell?.getWidth() === 0 ? "" : " "),
        width: cell?.getWidth() ?? 1,
        style: cell === undefined ? "" : styleOf(cell),
      };
    });
    return masks.reduce(masked, whole(row));
  });
}

/** Puts characters together that the emulator has in several cells: joined emoji, flags. */
function whole(row: readonly Cell[]): Cell[] {
  const styles = row.flatMap(({ text, style }) =>
    Array.from({ length: text.length }, () => style)
  );
  let at = 0;
  return graphemes(row.map(({ text }) => text).join("")).flatMap((text) => {
    const style = styles[at] ?? "";
    at += text.length;
    const width = cells(text);
    const rest = { text: "", width: 0, style };
    return [{ text, width, style }, ...width > 1 ? [rest] : []];
  });
}

/** Replaces what a mask finds, cell for cell. */
function masked(row: Cell[], { what, by }: Mask): Cell[] {
  // One unit for each cell, so that places in the text are cells.
  const text = row.map((cell) => cell.text.length === 1 ? cell.text : "\0")
    .join("");
  const changed = row.slice();
  for (const { index } of text.matchAll(what)) {
    for (const [offset, letter] of [...by].entries()) {
      const cell = changed[index + offset];
      if (cell !== undefined) {
        changed[index + offset] = { ...cell, text: letter };
      }
    }
  }
  return changed;
}

interface Run {
  text: string;
  column: number;
  width: number;
  style: string;
}

/**
 * Neighbours that look the same. Words from right to left are left together, to
 * be turned around as terminals do that can; any other character that isn't
 * ASCII is on its own, where it belongs. So is what stands behind two spaces,
 * which a viewer would make one.
 */
function runsOf(row: readonly Cell[]): Run[] {
  const runs: Run[] = [];
  row.forEach(({ text, width, style }, column) => {
    if (width === 0) return;
    const last = runs.at(-1);
    const joins = last?.style === style &&
      !(text !== " " && last.text.endsWith("  ")) &&
      [...JOINED, RIGHT_TO_LEFT].some((kind) =>
        kind.test(text) && kind.test(last.text)
      );
    if (joins) {
      last.text += text;
      last.width += width;
    } else runs.push({ text, column, width, style });
  });
  return runs;
}

function draw({ text, column, width, style }: Run, row: number): string {
  const x = column * CELL_WIDTH;
  const y = row * ROW_HEIGHT + 4;
  const [paper = "", ...attributes] = style.split("|");
  const box = paper === ""
    ? ""
    : `<rect x="${round(x)}" y="${y}" width="${
      round(width * CELL_WIDTH)
    }" height="${ROW_HEIGHT}" fill="${paper}" shape-rendering="crispEdges"/>`;
  // A viewer drops spaces at the ends of a text.
  const shown = text.trim();
  if (shown === "") return box;
  const start = x + text.indexOf(shown) * CELL_WIDTH;
  const isJoined = JOINED.some((kind) => kind.test(shown));
  const place = isJoined && shown.length > 1
    ? `x="${round(start)}" textLength="${round(shown.length * CELL_WIDTH)}"`
    : width === 2 && !isJoined
    ? `x="${round(x + CELL_WIDTH)}" text-anchor="middle"`
    : `x="${round(start)}"`;
  if (EMOJI.test(shown)) attributes.push(`font-family="${EMOJI_FONTS}"`);
  return `${box}<text ${place} y="${y + 13}"${
    attributes.map((attribute) => ` ${attribute}`).join("")
  }>${escaped(shown)}</text>`;
}

/** The background, then attributes of the text, between bars. */
function styleOf(cell: IBufferCell): string {
  const colour = (isPalette: boolean, value: number, otherwise: string) =>
    isPalette ? PALETTE[value % 8] ?? otherwise : otherwise;
  let ink = colour(cell.isFgPalette(), cell.getFgColor(), INK);
  let paper = colour(cell.isBgPalette(), cell.getBgColor(), "");
  if (cell.isInverse() !== 0) [ink, paper] = [paper || PAPER, ink];
  const attributes: string[] = [];
  if (ink !== INK) attributes.push(`fill="${ink}"`);
  if (cell.isBold() !== 0) attributes.push('font-weight="bold"');
  if (cell.isDim() !== 0) attributes.push('opacity="0.6"');
  if (cell.isItalic() !== 0) attributes.push('font-style="italic"');
  if (cell.isUnderline() !== 0) attributes.push('text-decoration="underline"');
  return [paper, ...attributes].join("|");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
