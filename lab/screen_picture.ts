/**
 * An emulated screen as a picture and as text.
 *
 * @module
 */

import type { IBufferCell, Terminal } from "@xterm/headless";
import { cells, graphemes } from "../client/ui/chat/view/rows.ts";

/** What is replaced wherever it is found on a screen. */
export interface Mask {
  what: RegExp;
  /** As long as what is replaced; may depend on how many were found above. */
  by: string | ((above: number) => string);
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
const TITLE_BAR_HEIGHT = 32;
const TITLE_BAR_PAPER = "#2b303b";
const TITLE_INK = "#9aa3b2";
/** Between the window's edges and the cells. */
const PADDING = 12;
/** Of the window's three buttons. */
const BUTTONS = ["#bf616a", "#ebcb8b", "#a3be8c"];
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

/** The screen as SVG, in a window with this title. */
export function drawScreen(
  screen: Terminal,
  title: string,
  masks: readonly Mask[],
): string {
  const width = round(screen.cols * CELL_WIDTH + 2 * PADDING);
  const height = screen.rows * ROW_HEIGHT + 2 * PADDING + TITLE_BAR_HEIGHT;
  const parts = cellsOf(screen, masks).flatMap((row, at) =>
    runsOf(row).map((run) => draw(run, at)).filter((part) => part !== "")
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="${FONTS}" font-size="14" fill="${INK}">
${drawWindow(width, height, title)}
<g transform="translate(${PADDING} ${TITLE_BAR_HEIGHT + PADDING})">
${parts.join("\n")}
${drawCursor(screen)}
</g>
</svg>
`;
}

function drawWindow(width: number, height: number, title: string): string {
  const middle = TITLE_BAR_HEIGHT / 2;
  const buttons = BUTTONS.map((colour, at) =>
    `<circle cx="${18 + 20 * at}" cy="${middle}" r="6" fill="${colour}"/>`
  );
  return `<rect width="${width}" height="${height}" rx="10" fill="${TITLE_BAR_PAPER}"/>
<path d="M0 ${TITLE_BAR_HEIGHT}h${width}v${
    height - TITLE_BAR_HEIGHT - 10
  }a10 10 0 0 1 -10 10h${20 - width}a10 10 0 0 1 -10 -10z" fill="${PAPER}"/>
${buttons.join("")}
<text x="${round(width / 2)}" y="${
    middle + 5
  }" text-anchor="middle" fill="${TITLE_INK}">${escaped(title)}</text>`;
}

function drawCursor({ buffer: { active } }: Terminal): string {
  return `<rect x="${round(active.cursorX * CELL_WIDTH)}" y="${
    active.cursorY * ROW_HEIGHT
  }" width="${CELL_WIDTH}" height="${ROW_HEIGHT}" fill="${INK}" opacity="0.7"/>`;
}

/** The screen as text, row for row. */
export function writeScreen(screen: Terminal, masks: readonly Mask[]): string {
  return cellsOf(screen, masks).map((row) =>
    `${row.map(({ text }) => text).join("").trimEnd()}\n`
  ).join("");
}

function cellsOf(screen: Terminal, masks: readonly Mask[]): Cell[][] {
  const { active } = screen.buffer;
  const replace = masks.map(masking);
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
    return replace.reduce((cells, mask) => mask(cells), whole(row));
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

/** Replaces what a mask finds, cell for cell, on one row after the other. */
function masking({ what, by }: Mask): (row: readonly Cell[]) => Cell[] {
  let above = 0;
  return (row) => {
    // One unit for each cell, so that places in the text are cells.
    const text = row.map((cell) => cell.text.length === 1 ? cell.text : "\0")
      .join("");
    const changed = row.slice();
    for (const { index } of text.matchAll(what)) {
      const letters = typeof by === "string" ? by : by(above++);
      for (const [offset, letter] of [...letters].entries()) {
        const cell = changed[index + offset];
        if (cell !== undefined) {
          changed[index + offset] = { ...cell, text: letter };
        }
      }
    }
    return changed;
  };
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
  const y = row * ROW_HEIGHT;
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
