import { encodeHex } from "@std/encoding";
import { type Paint, painter } from "../paint.ts";
import type { Dissection, Part } from "./dissector.ts";

/** Options of {@linkcode annotatedHex}. */
export interface HexOptions {
  /** Whether to use colours. Default: false. */
  colour?: boolean;
}

/** Number of bytes in a row. */
const ROW = 8;
/** Largest part in bytes that is shown in full. */
const MOST_SHOWN = 4 * ROW;
/** Largest number of parts that are all shown. */
const MOST_PARTS = 64;
/** Widths of the columns. */
const WIDTHS = { offset: 6, bytes: 3 * ROW - 1, field: 23 } as const;

/**
 * Formats a frame as a table: the offset, bytes in hex, name and meaning of each
 * field, and below it the broken clauses. Long fields are shortened in the
 * middle. Ends without a newline.
 */
export function annotatedHex(
  { parts, problems }: Pick<Dissection, "parts" | "problems">,
  { colour = false }: HexOptions = {},
): string {
  const paint = painter(colour);
  const lines = shortened(parts).flatMap((part) =>
    typeof part === "number"
      ? [indented(paint("faint", `… ${part} more fields …`))]
      : partLines(part, paint)
  );
  const told = parts.some((part) => part.problems.length > 0);
  if (!told) lines.push(...problemLines(problems, paint));
  return lines.join("\n");
}

/** The parts, with a count in place of those in the middle. */
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

function partLines(part: Part, paint: Paint): string[] {
  const [first = "", ...more] = rows(part.bytes);
  const offset = String(part.offset).padStart(WIDTHS.offset);
  const field = part.path.padEnd(WIDTHS.field);
  return [
    `${paint("faint", offset)}  ${first.padEnd(WIDTHS.bytes)}  ` +
    `${paint("field", field)}  ${part.meaning}`,
    ...more.map(indented),
    ...problemLines(part.problems, paint),
  ];
}

function problemLines(
  problems: Dissection["problems"],
  paint: Paint,
): string[] {
  return problems.map(({ clause, text }) =>
    indented(paint("bad", `! ${clause}: ${text}`))
  );
}

const indented = (text: string): string =>
  `${" ".repeat(WIDTHS.offset)}  ${text}`;

/** Formats bytes in rows of hex, long ones by their beginning and end. */
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
