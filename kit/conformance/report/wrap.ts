/** Columns that a report fits. */
export const COLUMNS = 80;

/**
 * Breaks a text into lines between its words; a word that is longer than a
 * line is broken itself.
 *
 * @param columns characters that a line may have
 */
export function wrap(text: string, columns: number): string[] {
  const pattern = new RegExp(
    `\\S{${columns}}|\\S.{0,${columns - 1}}(?!\\S)`,
    "g",
  );
  return text.match(pattern)?.map((line) => line.trimEnd()) ?? [];
}

// deno-lint-ignore no-control-regex -- it is what colours are made of
const ESCAPES = /(\x1b\[\d*m)/;

/** Cuts a text to so many characters, and shows that it did; colours take no room. */
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
