/**
 * What keys do in the chat, each action declared once: the keyboard, `/help`, the
 * setting `keys` and the table in docs/chat.md follow from this table.
 *
 * @module
 */

import { type Platform, platforms } from "../../shared/platform/platform.ts";

/** Declaration of an action. */
export interface Action {
  /** What it does, as an order. */
  readonly does: string;
  /** The names of its default keys, as {@linkcode presses} gives them. */
  readonly keys: readonly string[];
}

/** All actions, by their names, in the order of the help: the most useful first. */
export const actions = {
  send: action("send", "enter"),
  newline: action("start a new line", "alt-enter", "ctrl-j", "alt-ctrl-j"),
  complete: action(
    "complete a command, a name or a path at the end of the line",
    "tab",
  ),
  close: action(
    "close notices, end a search, go to the end; what it skips counts as read",
    "escape",
  ),
  "next-unread": action(
    "open the next conversation with unread messages",
    "alt-a",
  ),
  "next-contact": action("open the next contact", "ctrl-n", "alt-down"),
  "previous-contact": action("open the previous contact", "ctrl-p", "alt-up"),
  "page-up": action("scroll up, first in a notice that is too long", "pageup"),
  "page-down": action("scroll down", "pagedown"),
  up: action("move a line up, then back in the input history", "up"),
  down: action("move a line down, then forward in the input history", "down"),
  recall: action("search the input history, again for an older line", "ctrl-r"),
  discard: action(
    "discard the text, end a search; with neither quit",
    "ctrl-c",
  ),
  "erase-or-quit": action(
    "erase the character after; on an empty line quit",
    "ctrl-d",
  ),
  editor: action("go on with the text in your editor", "alt-e"),
  contacts: action("hide the contacts, or show them", "alt-c"),
  mouse: action(
    "let the wheel scroll, and Shift select text; again to end it",
    "alt-m",
  ),
  "scroll-up": action("scroll three rows up, after Alt-M", "wheel-up"),
  "scroll-down": action("scroll three rows down, after Alt-M", "wheel-down"),
  redraw: action("draw the screen anew", "ctrl-l"),
  stop: action("stop until the shell continues it, as with fg", "ctrl-z"),
  left: action("move a character left", "left", "ctrl-b"),
  right: action("move a character right", "right", "ctrl-f"),
  "word-left": action("move a word left", "ctrl-left", "alt-left", "alt-b"),
  "word-right": action("move a word right", "ctrl-right", "alt-right", "alt-f"),
  "line-start": action("move to the start of the line", "home", "ctrl-a"),
  "line-end": action("move to the end of the line", "end", "ctrl-e"),
  "erase-left": action("erase the character before", "backspace"),
  "erase-right": action("erase the character after", "delete"),
  "erase-word-left": action("erase a word back", "ctrl-w", "alt-backspace"),
  "erase-word-right": action("erase a word ahead", "alt-d"),
  "erase-line-start": action("erase to the start of the line", "ctrl-u"),
  "erase-line-end": action("erase to the end of the line", "ctrl-k"),
  yank: action("insert what was erased last", "ctrl-y"),
} satisfies Readonly<Record<string, Action>>;

/** The name of an action. */
export type ActionName = keyof typeof actions;

/** The names of all actions. */
export const actionNames = Object.keys(actions) as readonly ActionName[];

/** Keys in place of the default ones of actions. */
export type OwnKeys = Partial<Readonly<Record<ActionName, readonly string[]>>>;

/** The names of keys that `presses` gives; a terminal sends Ctrl-H, -I and -M as other keys. */
const KEY =
  /^(?:(?:alt-)?(?:ctrl-)?(?:up|down|left|right|pageup|pagedown|home|end|enter|tab|escape|backspace|delete)|shift-tab|wheel-up|wheel-down|(?:alt-)?ctrl-[a-gj-ln-z]|alt-[^\s\p{Lu}])$/u;

/**
 * Reads the setting `keys`: a key, or a list of keys, by the name of an action.
 *
 * @returns undefined if the value isn't such an object
 * @throws {Error} if it names an unknown action or key, or leaves none to send
 */
export function readKeys(value: unknown): OwnKeys | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return undefined;
  }
  const own = new Map<ActionName, readonly string[]>();
  const taken = new Map<string, ActionName>();
  for (const [action, given] of Object.entries(value)) {
    if (!isActionName(action)) {
      throw new Error(
        `keys: there is no action "${action}", expected ${
          actionNames.join(", ")
        }`,
      );
    }
    const keys = [given].flat().map((key) => keyNamed(action, key));
    for (const key of keys) {
      const other = taken.get(key);
      if (other !== undefined) {
        throw new Error(`keys: ${key} is given to ${other} and to ${action}`);
      }
      taken.set(key, action);
    }
    own.set(action, keys);
  }
  const keys: OwnKeys = Object.fromEntries(own);
  if (![...bindKeys(keys).values()].includes("send")) {
    throw new Error("keys: no key is left for send");
  }
  return keys;
}

function isActionName(name: string): name is ActionName {
  return Object.hasOwn(actions, name);
}

/** The name of a key as {@linkcode KeyBindings} has it, from one that a user wrote. */
function keyNamed(action: ActionName, written: unknown): string {
  const name = String(written).toLowerCase().replace(/\besc$/, "escape");
  if (typeof written === "string" && KEY.test(name)) return name;
  throw new Error(
    `keys: ${action}: expected a key such as ctrl-n, alt-up, alt-ctrl-d or pageup, got ${
      JSON.stringify(written)
    }`,
  );
}

/** The actions by the names of their keys. */
export type KeyBindings = ReadonlyMap<string, ActionName>;

/**
 * Binds keys to actions. "stop" has none where no shell can continue the chat.
 *
 * @param own keys in place of an action's default ones; they are taken away from
 * other actions
 */
export function bindKeys(
  own: OwnKeys = {},
  { stopsJobs }: Platform = platforms.linux,
): KeyBindings {
  const bound = new Map<string, ActionName>();
  const bind = (name: ActionName, keys: readonly string[]) => {
    if (name === "stop" && !stopsJobs) return;
    for (const key of keys) bound.set(key, name);
  };
  for (const name of actionNames) {
    if (own[name] === undefined) bind(name, actions[name].keys);
  }
  for (const name of actionNames) bind(name, own[name] ?? []);
  return bound;
}

/** Names of keys that have more than one capital. */
const LABELS: Readonly<Record<string, string>> = {
  escape: "Esc",
  pageup: "PageUp",
  pagedown: "PageDown",
};

/** The keys of each action that has some, as users write them, with what it does. */
export function keyHelp(
  bindings: KeyBindings = bindKeys(),
): (readonly [keys: string, does: string, name: ActionName])[] {
  return actionNames.map((name) => {
    const keys = [...bindings].filter(([, bound]) => bound === name)
      .map(([key]) => keyLabel(key));
    return [keys.join(", "), actions[name].does, name] as const;
  }).filter(([keys]) => keys !== "");
}

function keyLabel(key: string): string {
  return key.split("-").map((part) =>
    LABELS[part] ?? part.slice(0, 1).toUpperCase() + part.slice(1)
  ).join("-");
}

function action(does: string, ...keys: string[]): Action {
  return { does, keys };
}
