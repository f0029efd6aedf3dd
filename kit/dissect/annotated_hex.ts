import { encodeHex } from "@std/encoding";
import type { Dissection, Part } from "./dissector.ts";

/** How it is drawn. */
export interface HexOptions {
  /** Whether a terminal shows colours. Default: false. */
  colour?: boolean;
}

/** Bytes in a row. */
const ROW = 8;
/** Bytes of a part that are shown in full; of a longer one its ends are. */
const MOST_SHOWN = 4 * ROW;
/** Parts of a frame that are shown in full; of more its ends are. */
const MOST_PARTS = 64;
/** Columns of the offset, the bytes and the field. */
const WIDTHS = { offset: 6, bytes: 3 * ROW - 1, field: 23 } as const;

const PLAIN = { dim: "", field: "", problem: "", end: "" };
const COLOURS = {
  dim: "\x1b[2m",
  field: "\x1b[36m",
  problem: "\x1b[31m",
  end: "\x1b[0m",
};
type Colours = typeof PLAIN;

/**
 * A frame as a table: where each field stands, its bytes in hex, its name, what
 * it says, and below it the clauses that it breaks. What is long is shortened
 * in the middle. Ends without a newline.
 */
export function annotatedHex(
  { parts, problems }: Pick<Dissection, "parts" | "problems">,
  { colour = false }: HexOptions = {},
): string {
  const colours = colour ? COLOURS : PLAIN;
  const lines = shortened(parts).flatMap((part) =>
    typeof part === "number"
      ? [note(`… ${part} more fields …`, colours)]
      : partLines(part, colours)
  );
  const told = parts.some((part) => part.problems.length > 0);
  if (!told) lines.push(...problemLines(problems, colours));
  return lines.join("\n");
}

/** The parts, or a number in place of those in the middle. */
function shortened(parts: readonly Part[]): (Part | number)[] {
  if (parts.length <= MOST_PARTS) return [...parts];
  const half = MOST_PARTS / 2;
  const middle = parts.slice(half, -half);
  const shown = middle.filter(({ problems }) => problems.length > 0)
    .slice(0, half);
  return [
    ...parts.slice(0, half),
    ...shown,
    middle.length - shown.length,
    ...parts.slice(-half),
  ];
}

function partLines(part: Part, colours: Colours): string[] {
  const { dim, field, end } = colours;
  const [first = "", ...more] = rows(part.bytes);
  const offset = String(part.offset).padStart(WIDTHS.offset);
  const lines = [
    `${dim}${offset}${end}  ${first.padEnd(WIDTHS.bytes)}  ` +
    `${field}${part.path.padEnd(WIDTHS.field)}${end}  ${part.meaning}`,
    ...more.map((row) => note(row, { ...colours, dim: "" })),
  ];
  return [...lines, ...problemLines(part.problems, colours)];
}

function problemLines(
  problems: Dissection["problems"],
  { problem, end }: Colours,
): string[] {
  return problems.map(({ clause, text }) =>
    `${" ".repeat(WIDTHS.offset)}  ${problem}! ${clause}: ${text}${end}`
  );
}

function note(text: string, { dim, end }: Colours): string {
  return `${" ".repeat(WIDTHS.offset)}  ${dim}${text}${end}`;
}

/** Hex in rows; of what is long the beginning and the end. */
function rows(bytes: Uint8Array): string[] {
  if (bytes.length <= MOST_SHOWN) return hexRows(bytes);
  const left = bytes.length - 3 * ROW;
  return [
    ...hexRows(bytes.subarray(0, 2 * ROW)),
    `… ${left} bytes …`,
    ...hexRows(bytes.subarray(-ROW)),
  ];
}

function hexRows(bytes: Uint8Array): string[] {
  const pairs = encodeHex(bytes).match(/../g) ?? [];
  return Array.from(
    { length: Math.ceil(pairs.length / ROW) },
    (_, row) => pairs.slice(row * ROW, (row + 1) * ROW).join(" "),
  );
}
