/** The entered lines, and the position while the user browses them. */
export interface InputHistory {
  /** Oldest first. */
  readonly entries: readonly string[];
  /** Index of the shown entry; the number of entries if none is shown. */
  readonly at: number;
  /** The input from before the user browsed the history. */
  readonly draft: string;
}

/** Maximum number of entries. */
const MOST_ENTRIES = 500;

/** An empty history. */
export const NO_HISTORY: InputHistory = { entries: [], at: 0, draft: "" };

/** Adds an entry unless it repeats the last one; moves to the end. */
export function remember(history: InputHistory, entry: string): InputHistory {
  const entries = history.entries.at(-1) === entry
    ? history.entries
    : [...history.entries, entry].slice(-MOST_ENTRIES);
  return { entries, at: entries.length, draft: "" };
}

/**
 * Moves one entry back (-1) or forward (1).
 *
 * @param current the current input, shown again after the last entry
 * @returns undefined if there is no further entry
 */
export function look(
  history: InputHistory,
  step: -1 | 1,
  current: string,
): { history: InputHistory; text: string } | undefined {
  const { entries } = history;
  const at = history.at + step;
  if (at < 0 || at > entries.length) return undefined;
  const draft = history.at === entries.length ? current : history.draft;
  return { history: { entries, at, draft }, text: entries[at] ?? draft };
}
