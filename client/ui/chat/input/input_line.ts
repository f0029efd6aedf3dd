/**
 * The input line: its text, what was entered and erased before, and a search in
 * the entered lines, as an immutable value.
 *
 * @module
 */

import type { ActionName } from "../../../settings/chat_actions.ts";
import {
  type Editor,
  EMPTY,
  erase,
  insert,
  type Motion,
  move,
  written,
} from "./editor.ts";

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

/** An input line. */
export interface InputLine {
  readonly editor: Editor;
  readonly history: InputHistory;
  /** What was erased last, apart from single characters. */
  readonly erased: Erased;
  /** A search in the history. */
  readonly recall: Recall | undefined;
}

interface Erased {
  readonly text: string;
  /** What was left; erasing goes on while it is unchanged. */
  readonly left: Editor | undefined;
}

interface Recall {
  readonly sought: string;
  /** Whether an entry contains the text. */
  readonly found: boolean;
  /** Index of the shown entry; the number of entries if none is shown. */
  readonly at: number;
  /** The input from before the search. */
  readonly draft: Editor;
}

/** An empty input line. */
export const NO_INPUT: InputLine = {
  editor: EMPTY,
  history: NO_HISTORY,
  erased: { text: "", left: undefined },
  recall: undefined,
};

/** The motions of actions. */
const MOVES: Partial<Readonly<Record<ActionName, Motion>>> = {
  "left": "left",
  "right": "right",
  "word-left": "wordLeft",
  "word-right": "wordRight",
  "line-start": "lineStart",
  "line-end": "lineEnd",
};

/** The motions up to which actions erase a character. */
const CHARACTERS: Partial<Readonly<Record<ActionName, Motion>>> = {
  "erase-left": "left",
  "erase-right": "right",
  "erase-or-quit": "right",
};

/** The motions up to which actions erase more. */
const ERASURES: Partial<Readonly<Record<ActionName, Motion>>> = {
  "erase-word-left": "wordLeft",
  "erase-word-right": "wordRight",
  "erase-line-start": "lineStart",
  "erase-line-end": "lineEnd",
};

/** Types text into the line, or into the search in the history. */
export function typeText(line: InputLine, text: string): InputLine {
  return line.recall === undefined
    ? { ...line, editor: insert(line.editor, text) }
    : seek(line, line.recall, line.recall.sought + text, line.recall.at);
}

/** Carries out an action; returns the same line if it has none for it. */
export function edit(line: InputLine, action: ActionName): InputLine {
  const { editor, erased, recall } = line;
  if (action === "recall") return older(line);
  if (recall !== undefined) return editRecall(line, recall, action);
  const [motion, character, erasure] = [
    MOVES[action],
    CHARACTERS[action],
    ERASURES[action],
  ];
  const changed = (editor: Editor) => ({ ...line, editor });
  if (motion !== undefined) return changed(move(editor, motion));
  if (character !== undefined) return changed(erase(editor, character));
  if (erasure !== undefined) return cut(line, erasure);
  switch (action) {
    case "newline":
      return changed(insert(editor, "\n"));
    case "yank":
      return changed(insert(editor, erased.text));
    case "discard":
      return changed(EMPTY);
    case "up":
    case "down":
      return vertically(line, action);
    default:
      return line;
  }
}

/** Erases, and keeps what was erased together with what was just before. */
function cut(line: InputLine, motion: Motion): InputLine {
  const { editor, erased } = line;
  const left = erase(editor, motion);
  const length = editor.text.length - left.text.length;
  if (length === 0) return line;
  const cut = editor.text.slice(left.cursor, left.cursor + length);
  const before = editor === erased.left ? erased.text : "";
  const text = left.cursor < editor.cursor ? cut + before : before + cut;
  return { ...line, editor: left, erased: { text, left } };
}

/** Moves the cursor by a line, or through the history at the first or last line. */
function vertically(line: InputLine, key: "up" | "down"): InputLine {
  const { editor, history } = line;
  const moved = move(editor, key);
  if (moved.cursor !== editor.cursor) return { ...line, editor: moved };
  const found = look(history, key === "up" ? -1 : 1, editor.text);
  return found === undefined
    ? line
    : { ...line, editor: written(found.text), history: found.history };
}

/** Starts a search in the history, or shows an older entry. */
function older(line: InputLine): InputLine {
  const { editor, history, recall } = line;
  const at = history.entries.length;
  return recall === undefined
    ? { ...line, recall: { sought: "", found: true, at, draft: editor } }
    : seek(line, recall, recall.sought, recall.at - 1);
}

function editRecall(
  line: InputLine,
  recall: Recall,
  action: ActionName,
): InputLine {
  switch (action) {
    case "erase-left":
      return seek(
        line,
        recall,
        erase(written(recall.sought), "left").text,
        line.history.entries.length,
      );
    case "discard":
      return { ...line, editor: recall.draft, recall: undefined };
    default:
      return edit({ ...line, recall: undefined }, action);
  }
}

/** Shows the latest entry with the text, at index `last` or before. */
function seek(
  line: InputLine,
  recall: Recall,
  sought: string,
  last: number,
): InputLine {
  const { entries } = line.history;
  const at = entries.findLastIndex((entry, index) =>
    index <= last && entry.includes(sought)
  );
  const entry = entries[at];
  return entry === undefined
    ? { ...line, recall: { ...recall, sought, found: false } }
    : {
      ...line,
      editor: written(entry),
      recall: { ...recall, sought, found: true, at },
    };
}
