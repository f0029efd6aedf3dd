/** Width of a report in columns. */
export const COLUMNS = 80;

/**
 * Wraps a text between words; breaks words that are longer than a line.
 *
 * @param columns longest line in characters
 */
export function wrap(text: string, columns: number): string[] {
  const pattern = new RegExp(
    `\\S{${columns}}|\\S.{0,${columns - 1}}(?!\\S)`,
    "g",
  );
  return text.match(pattern)?.map((line) => line.trimEnd()) ?? [];
}

// deno-lint-ignore no-control-regex -- matches colours
const ESCAPES = /(\x1b\[\d*m)/;

/** Cuts a text to a width and marks the cut; colours have no width. */
export function clip(text: string, columns: number): string {
  const pieces = text.split(ESCAPES);
  const isEscape = (index: number) => index % 2 === 1;
  const size = pieces.reduce(
    (sum, piece, index) => isEscape(index) ? sum : sum + piece.length,
    0,
  );
  if (size <= columns) return text;
  let left = columns - 1;
  const kept = pieces.map((piece, index) => {
    if (isEscape(index)) return piece;
    const part = piece.slice(0, left);
    left -= part.length;
    return part;
  });
  return `${kept.join("")}…`;
}
