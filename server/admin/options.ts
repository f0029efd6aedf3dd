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
import { UsageError } from "../../shared/cli/program.ts";
import { infoFiles, parsePort } from "../../shared/folder/info_files.ts";
import { parseName, type RelayName } from "../secure/port/secure_flags.ts";
import { readStore, storeFlags } from "../store/store_flags.ts";
import { storeKinds } from "../store/store_kinds.ts";
import { STORE_VARIABLE, type StoreAddress } from "../store/store_kind.ts";
import { type Verb, type VerbName, verbs } from "./verbs.ts";

const flags = {
  dir: valueFlag(
    "DIR",
    "where db.defensive and relay.key lie (default: .)",
    nonEmpty,
  ),
  ...storeFlags(storeKinds.filter(({ admin }) => admin !== undefined)),
  olderThan: valueFlag(
    "SPAN",
    `${takers("olderThan")}: how long, such as 90m, 12h, 30d or 4w`,
    parseSpan,
  ),
  dryRun: switchFlag(`${takers("dryRun")}: only say how many`),
  json: switchFlag(`${takers("json")}: one JSON object a line`),
  yes: switchFlag(`${takers("yes")}: don't ask`),
  name: valueFlag(
    "HOST",
    `${takers("name")}: where clients reach the relay`,
    parseName,
  ),
  securePort: valueFlag(
    "N",
    `${
      takers("securePort")
    }: the secure port (default: from info.myport,\nplus 1)`,
    parsePort,
  ),
  new: switchFlag(
    `${takers("new")}: make the first key, or the next one, relay.key.next`,
  ),
  switch: switchFlag(
    `${takers("switch")}: put the next key in the place of relay.key`,
  ),
  help: switchFlag("print this"),
  version: switchFlag("print the version"),
};

/** What `--help` prints. */
export const HELP =
  `MessageU admin: looks after a relay's store, whether the relay runs or not.

Usage: messageu-admin VERB [flags]

${
    helpRows(
      Object.entries<Verb>(verbs).map(([name, { brief, word }]) => [
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

Examples:
  messageu-admin stats --dir /var/lib/messageu
  messageu-admin remove 'bot-*' --yes
  messageu-admin purge --older-than 30d --dry-run
  messageu-admin backup relay-monday
`;

/** Flags that only some verbs accept. */
export const verbFlags = [
  "json",
  "yes",
  "dryRun",
  "olderThan",
  "name",
  "securePort",
  "new",
  "switch",
] as const;

/** One of {@linkcode verbFlags}. */
export type VerbFlag = typeof verbFlags[number];

/** A parsed command line. */
export interface AdminOptions {
  verb: VerbName;
  /** The file argument; empty if the verb takes none. */
  file: string;
  /** The user arguments: names, or patterns of names. */
  users: readonly string[];
  /** The folder of the relay's files. */
  dir: string;
  store: StoreAddress;
  /** The age from which purge deletes messages, in milliseconds. */
  olderThan: number;
  /** Whether purge only counts. */
  dryRun: boolean;
  json: boolean;
  /** Whether to skip the confirmation. */
  yes: boolean;
  /** Where clients reach the relay. */
  name: RelayName | undefined;
  /** The secure port, if it isn't the default one. */
  securePort: number | undefined;
  /** Whether to make a key. */
  isNew: boolean;
  /** Whether to go on with the next key. */
  switches: boolean;
}

/**
 * Parses the command line.
 *
 * @throws {UsageError} if it is invalid
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
  const { dir = ".", name: relayName, securePort } = values;
  const { word, runWithoutStore }: Verb = verbs[verb];
  // Such a verb needs nothing but the folder, wherever the store is.
  const store = runWithoutStore !== undefined
    ? { scheme: "file", rest: `${dir}/${infoFiles.database[0]}` }
    : await readStore(values, {
      flags: ["dir", "db"],
      sentence:
        `--dir and --db name a file, but --store, --store-file or ${STORE_VARIABLE} names a database: give one`,
    });
  const file = word === "FILE" ? own[0] ?? "" : "";
  return {
    verb,
    file,
    users: word === "USER" ? own : [],
    dir,
    store,
    olderThan: olderThan ?? 0,
    dryRun,
    json,
    yes,
    name: relayName,
    securePort,
    isNew: values.new ?? false,
    switches: values.switch ?? false,
  };
}

/** The verbs that accept a flag, for its help. */
function takers(flag: VerbFlag): string {
  const names = Object.entries<Verb>(verbs)
    .filter(([, { flags }]) => flags.includes(flag)).map(([name]) => name);
  return `for ${new Intl.ListFormat("en-GB").format(names)}`;
}

function verbOf(name: string | undefined): VerbName {
  if (name !== undefined && Object.hasOwn(verbs, name)) return name as VerbName;
  const known = Object.keys(verbs).join(", ");
  throw new UsageError(
    name === undefined
      ? `Expected a verb, one of ${known}: see --help`
      : `Expected one of ${known}, got "${name}": see --help`,
  );
}

/** @throws {UsageError} if a word or a flag isn't the verb's, or its word is missing */
function requireShape(
  verb: VerbName,
  words: readonly string[],
  given: FlagValues<typeof flags>,
): void {
  const { word, flags: taken }: Verb = verbs[verb];
  if (word !== undefined && (words.length === 0 || words.includes(""))) {
    throw new UsageError(`${verb} needs its ${word}: see --help`);
  }
  const most = word === undefined ? 0 : word === "USER" ? Infinity : 1;
  const excess = words[most];
  if (excess !== undefined) {
    throw new UsageError(`Unexpected word "${excess}": see --help`);
  }
  const wrong = verbFlags.find((flag) => given[flag] && !taken.includes(flag));
  if (wrong === undefined) return;
  throw new UsageError(`${flagName(wrong)} isn't for ${verb}: see --help`);
}
