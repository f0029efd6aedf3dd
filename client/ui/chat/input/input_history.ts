/** What was entered before, and the place in it while the user looks back. */
export interface InputHistory {
  /** The entries, the oldest first. */
  readonly entries: readonly string[];
  /** The entry that is shown; the number of entries where none is. */
  readonly at: number;
  /** What was being written when the user began to look back. */
  readonly draft: string;
}

/** Entries that are kept. */
const MOST_ENTRIES = 500;

/** Nothing was entered yet. */
export const NO_HISTORY: InputHistory = { entries: [], at: 0, draft: "" };

/** Adds an entry, but not the same twice in a row, and goes back to the end. */
export function remember(history: InputHistory, entry: string): InputHistory {
  const entries = history.entries.at(-1) === entry
    ? history.entries
    : [...history.entries, entry].slice(-MOST_ENTRIES);
  return { entries, at: entries.length, draft: "" };
}

/**
 * Looks one entry back (-1) or ahead (1).
 *
 * @param current what is being written, which comes back after the last entry
 * @returns undefined where there is no further entry
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
