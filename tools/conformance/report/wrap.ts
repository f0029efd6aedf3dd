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

/** Cuts a text to so many characters, and shows that it did. */
export function clip(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
}
