/**
 * The admin program's command line.
 *
 * @module
 */

import { readCommandLine } from "../../shared/cli/command_line.ts";
import {
  flagName,
  flagsHelp,
  type FlagValues,
  helpRows,
  nonEmpty,
  parseSpan,
  switchFlag,
  valueFlag,
} from "../../shared/cli/flags.ts";
import { UsageError } from "../../shared/cli/usage_error.ts";
import { readStore } from "../store/store_flags.ts";
import { STORE_VARIABLE, type StoreAddress } from "../store/store_kind.ts";

const flags = {
  dir: valueFlag("DIR", "where db.defensive lies (default: .)", nonEmpty),
  db: valueFlag(
    "FILE",
    "the database (default: db.defensive in DIR)",
    nonEmpty,
  ),
  store: valueFlag(
    "URL",
    "a PostgreSQL database in its place:\npostgres://USER:PASSWORD@HOST:PORT/DATABASE\n(default: from the environment's MESSAGEU_STORE)",
    nonEmpty,
  ),
  storeFile: valueFlag("FILE", "a file that holds that URL", nonEmpty),
  olderThan: valueFlag(
    "SPAN",
    "for purge: how long, such as 90m, 12h, 30d or 4w",
    parseSpan,
  ),
  dryRun: switchFlag("for purge: only say how many"),
  json: switchFlag("for stats and users: one JSON object a line"),
  yes: switchFlag("for remove and restore: don't ask"),
  help: switchFlag("print this"),
  version: switchFlag("print the version"),
};

/** What each verb takes, and what the help says of it. */
const verbs = {
  stats: {
    brief: "users, waiting messages and their bytes, the files' sizes",
    flags: ["json"],
  },
  users: {
    brief: "all users: when last seen, and what waits",
    flags: ["json"],
  },
  remove: {
    brief:
      "remove users, and the messages that wait for them; * and ?\nstand for any letters, unless a user has that very name",
    word: "USER",
    flags: ["yes"],
  },
  purge: {
    brief: "delete messages that have waited for long",
    flags: ["olderThan", "dryRun"],
  },
  backup: {
    brief: "write a copy of the store, as of one moment, into a new file",
    word: "FILE",
    flags: [],
  },
  restore: {
    brief:
      "put a backup in the store's place, or into an empty database;\nthe relay must be stopped",
    word: "FILE",
    flags: ["yes"],
  },
  check: {
    brief: "look for damage, and for what doesn't fit together",
    flags: [],
  },
  "raise-ids": {
    brief:
      "go on with higher message ids in every inbox: for a database\nthat was put back to an earlier moment without restore",
    flags: [],
  },
  "restart-ids": {
    brief: "give inboxes that have used up their message ids new ones",
    flags: [],
  },
} as const satisfies Record<string, VerbShape>;

interface VerbShape {
  brief: string;
  /** What its word is, where it takes one; of users it takes several. */
  word?: "USER" | "FILE";
  /** The flags that not all verbs take. */
  flags: readonly OwnFlag[];
}

/** What `--help` prints. */
export const HELP =
  `MessageU admin: looks after a relay's store, whether the relay runs or not.

Usage: deno task admin VERB [flags]

${
    helpRows(
      Object.entries<VerbShape>(verbs).map(([name, { brief, word }]) => [
        [name, ...word === undefined ? [] : [word]].join(" ") +
        (word === "USER" ? "..." : ""),
        brief,
      ]),
      18,
    )
  }
${
    flagsHelp(flags, 22)
  }  --                  what follows is no flag: remove -- --yes
`;

/** Flags that not all verbs take. */
const ownFlags = ["json", "yes", "dryRun", "olderThan"] as const;

type OwnFlag = typeof ownFlags[number];

/** What can be done. */
export type VerbName = keyof typeof verbs;

/** What the command line asks for. */
export interface AdminOptions {
  /** What to do. */
  verb: VerbName;
  /** The file that it is done with; empty where it takes none. */
  file: string;
  /** The users that it is done with, or patterns of their names. */
  users: readonly string[];
  /** Which store. */
  store: StoreAddress;
  /** Milliseconds, for purge. */
  olderThan: number;
  /** Only say what would be done. */
  dryRun: boolean;
  /** Print JSON. */
  json: boolean;
  /** Don't ask. */
  yes: boolean;
}

/**
 * Reads the command line.
 *
 * @throws {UsageError} where it can't be obeyed
 */
export async function readAdminOptions(
  args: readonly string[],
): Promise<AdminOptions> {
  const { values, words } = await readCommandLine(args, flags, Infinity);
  const [name, ...own] = words;
  const verb = verbOf(name);
  requireShape(verb, own, values);
  const { olderThan, dryRun = false, json = false, yes = false } = values;
  if (verb === "purge" && olderThan === undefined) {
    throw new UsageError("purge needs --older-than, such as --older-than 30d");
  }
  const store = await readStore(values, {
    flags: ["dir", "db"],
    sentence:
      `--dir and --db name a file, but --store, --store-file or ${STORE_VARIABLE} names a database: give one`,
  });
  const { word }: VerbShape = verbs[verb];
  const file = word === "FILE" ? own[0] ?? "" : "";
  return {
    verb,
    file,
    users: word === "USER" ? own : [],
    store,
    olderThan: olderThan ?? 0,
    dryRun,
    json,
    yes,
  };
}

function verbOf(name: string | undefined): VerbName {
  if (name !== undefined && Object.hasOwn(verbs, name)) return name as VerbName;
  const known = Object.keys(verbs).join(", ");
  throw new UsageError(
    name === undefined
      ? `Expected what to do, one of ${known}: see --help`
      : `Expected one of ${known}, got "${name}": see --help`,
  );
}

/** @throws {UsageError} on a word or a flag that isn't the verb's, or a word that is missing */
function requireShape(
  verb: VerbName,
  words: readonly string[],
  given: FlagValues<typeof flags>,
): void {
  const { word, flags: taken }: VerbShape = verbs[verb];
  if (word !== undefined && (words.length === 0 || words.includes(""))) {
    throw new UsageError(`${verb} needs its ${word}: see --help`);
  }
  const most = word === undefined ? 0 : word === "USER" ? Infinity : 1;
  const excess = words[most];
  if (excess !== undefined) {
    throw new UsageError(`Unexpected word "${excess}": see --help`);
  }
  const wrong = ownFlags.find((flag) => given[flag] && !taken.includes(flag));
  if (wrong === undefined) return;
  throw new UsageError(`${flagName(wrong)} isn't for ${verb}: see --help`);
}
