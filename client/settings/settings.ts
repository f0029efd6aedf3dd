/**
 * The settings of a client's folder, each declared once: the file `info.settings`,
 * the verb `config` and the table in docs/settings.md follow from this table.
 * {@linkcode readSettings} of `settings_file.ts` reads their values.
 *
 * @module
 */

import { readKeys } from "./chat_actions.ts";
import { parseDuration } from "../../shared/cli/time.ts";

/** Declaration of a setting with values of type `T`. */
export interface Setting<T> {
  /** What it does, in one line. */
  readonly brief: string;
  /** Its values, in words: "expected …". */
  readonly expected: string;
  /** Its value as the file would have it, if the file doesn't name it. */
  readonly default: unknown;
  /** Reads the value in the file; undefined if it isn't one of those expected. */
  readonly read: (value: unknown) => T | undefined;
  /** The value for the file, from a command line. Default: the text */
  readonly fromText?: (text: string) => unknown;
}

/** Ways to notify the user of messages in other conversations. */
export const NOTIFY_MODES = ["bell", "osc9", "off"] as const;

/** One of {@linkcode NOTIFY_MODES}. */
export type NotifyMode = typeof NOTIFY_MODES[number];

/** When the chat draws in colours. */
export const COLOUR_MODES = ["auto", "always", "never"] as const;

/** One of {@linkcode COLOUR_MODES}. */
export type ColourMode = typeof COLOUR_MODES[number];

/** Stands for the temporary folder, in which each received file is saved by default. */
export const TEMPORARY = "temporary";

/** All settings, by their names in the file, in the order of `config`. */
export const settings = {
  notify: choice(
    "How chat notifies of messages in other conversations",
    NOTIFY_MODES,
    "bell",
  ),
  colours: choice(
    "Whether chat draws in colours; auto heeds NO_COLOR",
    COLOUR_MODES,
    "auto",
  ),
  mouse: choice(
    "Whether the mouse wheel scrolls in chat; Shift then selects text",
    ["off", "on"],
    "off",
  ),
  files: {
    brief: "The folder for received files",
    expected:
      `a folder's path, with each backslash twice in the file, or ${TEMPORARY}`,
    default: TEMPORARY,
    // JSON reads "C:\new" with a line feed.
    read: (value: unknown): string | undefined =>
      isText(value) && !/\p{Cc}/u.test(value) ? value : undefined,
  },
  "keep-history": {
    brief: "How long messages are kept in this folder",
    expected: "a span such as 90d or 52w, or forever",
    default: "forever",
    /** Milliseconds; infinite if messages are kept forever. */
    read(value: unknown): number | undefined {
      if (!isText(value)) return undefined;
      if (value === "forever") return Infinity;
      const span = parseDuration(value);
      return span === 0 ? undefined : span;
    },
  },
  keys: {
    brief: "Keys of chat in place of the default ones, by action",
    expected: `a key or a list of keys by action, such as ${
      JSON.stringify({ "next-unread": "alt-n" })
    }`,
    default: {},
    read: readKeys,
    fromText(text: string): unknown {
      try {
        return JSON.parse(text);
      } catch {
        // The text isn't one of the values expected.
        return text;
      }
    },
  },
} satisfies Readonly<Record<string, Setting<unknown>>>;

/** The name of a setting. */
export type SettingName = keyof typeof settings;

/** The names of all settings. */
export const settingNames = Object.keys(settings) as readonly SettingName[];

/** The values of all settings. */
export type Settings = {
  readonly [K in SettingName]: typeof settings[K] extends Setting<infer T> ? T
    : never;
};

/**
 * Reads a setting's value.
 *
 * @throws {Error} with the values that are expected, and the given one
 */
export function readValue(name: SettingName, value: unknown): unknown {
  const { expected, read }: Setting<unknown> = settings[name];
  const found = read(value);
  if (found !== undefined) return found;
  throw new Error(
    `${name}: expected ${expected}, got ${JSON.stringify(value)}`,
  );
}

/** Whether a text is the name of a setting. */
export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settings, name);
}

function choice<const T extends string>(
  brief: string,
  values: readonly T[],
  byDefault: NoInfer<T>,
): Setting<T> {
  return {
    brief,
    expected: values.join(", ").replace(/, ([^,]+)$/, " or $1"),
    default: byDefault,
    read: (value) => values.find((each) => each === value),
  };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "" &&
    !value.includes("\0");
}
