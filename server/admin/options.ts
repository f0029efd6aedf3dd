/**
 * The admin program's command line.
 *
 * @module
 */

import { dirname } from "node:path";
import { parseFlags, readSpan } from "../../shared/cli/flags.ts";
import { infoFiles } from "../../shared/folder/info_files.ts";
import { UsageError } from "../../shared/cli/usage_error.ts";
import { databasePath } from "../store/sqlite/file/database_path.ts";
import {
  readStoreUrl,
  STORE_VARIABLE,
  type StoreFlags,
} from "../store/store_flags.ts";
import type { StorePlace } from "./open_admin_store.ts";

/** What `--help` prints. */
export const HELP =
  `MessageU admin: looks after a relay's store, whether the relay runs or not.

Usage: deno task admin VERB [flags]

  stats           users, waiting messages and their bytes, the files' sizes
  users           everybody: when last seen, and what waits
  remove USER...  remove users, and the messages that wait for them; * and ?
                  stand for any letters, unless a user has that very name
  purge           delete messages that have waited for long
  backup FILE     write a copy of the store, as of one moment, into a new file
  restore FILE    put a backup in the store's place, or into an empty database;
                  the relay must be stopped
  check           look for damage, and for what doesn't fit together
  raise-ids       go on with higher message ids in every inbox: for a database
                  that was put back to an earlier moment without restore
  restart-ids     give inboxes that have used up their message ids new ones

  --dir DIR           where db.defensive lies (default: .)
  --db FILE           the database (default: db.defensive in DIR)
  --store URL         a PostgreSQL database in its place:
                      postgres://USER:PASSWORD@HOST:PORT/DATABASE
                      (default: from the environment's MESSAGEU_STORE)
  --store-file FILE   a file that holds that URL
  --older-than SPAN   for purge: how long, such as 90m, 12h, 30d or 4w
  --dry-run           for purge: only say how many
  --json              for stats and users: one JSON object a line
  --yes               for remove and restore: don't ask
  --                  what follows is no flag: remove -- --yes
  --help              print this
  --version           print the version
`;

/** What each verb takes. */
const verbs = {
  stats: { word: undefined, flags: ["json"] },
  users: { word: undefined, flags: ["json"] },
  remove: { word: "USER", isRepeatable: true, flags: ["yes"] },
  purge: { word: undefined, flags: ["older-than", "dry-run"] },
  backup: { word: "FILE", flags: [] },
  restore: { word: "FILE", flags: ["yes"] },
  check: { word: undefined, flags: [] },
  "raise-ids": { word: undefined, flags: [] },
  "restart-ids": { word: undefined, flags: [] },
} as const satisfies Record<string, VerbShape>;

interface VerbShape {
  /** What its word is, where it takes one. */
  word: "USER" | "FILE" | undefined;
  /** Whether it takes several of them. */
  isRepeatable?: boolean;
  /** The flags that not all verbs take. */
  flags: readonly OwnFlag[];
}

type OwnFlag = "json" | "yes" | "dry-run" | "older-than";

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
  place: StorePlace;
  /** Milliseconds, for purge. */
  olderThan: number;
  /** Only say what would be done. */
  dryRun: boolean;
  /** Print JSON. */
  json: boolean;
  /** Don't ask. */
  yes: boolean;
  /** The folders whose files are read and written. */
  folders: string[];
}

/**
 * Reads the command line.
 *
 * @returns "help" or "version" where that is to be printed
 * @throws {UsageError} where it can't be obeyed
 */
export async function readAdminOptions(
  args: readonly string[],
): Promise<AdminOptions | "help" | "version"> {
  const { values, switches, words } = parseFlags(
    args,
    ["dir", "db", "store", "store-file", "older-than"],
    ["dry-run", "json", "yes", "help", "version"],
    Infinity,
  );
  if (switches.help) return "help";
  if (switches.version) return "version";
  const [name, ...own] = words;
  const verb = verbOf(name);
  requireShape(verb, own, { ...values, ...switches });
  const olderThan = values["older-than"];
  if (verb === "purge" && olderThan === undefined) {
    throw new UsageError("purge needs --older-than, such as --older-than 30d");
  }
  const { place, folders } = await placeOf(values);
  const file = verbs[verb].word === "FILE" ? own[0] ?? "" : "";
  if (file !== "") folders.push(dirname(file));
  return {
    verb,
    file,
    users: verbs[verb].word === "USER" ? own : [],
    place,
    olderThan: olderThan === undefined ? 0 : readSpan("older-than", olderThan),
    dryRun: switches["dry-run"],
    json: switches.json,
    yes: switches.yes,
    folders: [...new Set(folders)],
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
  given: Readonly<Partial<Record<string, string | boolean>>>,
): void {
  const { word, isRepeatable, flags }: VerbShape = verbs[verb];
  if (word !== undefined && (words.length === 0 || words.includes(""))) {
    throw new UsageError(`${verb} needs its ${word}: see --help`);
  }
  const most = word === undefined ? 0 : isRepeatable ? Infinity : 1;
  const excess = words[most];
  if (excess !== undefined) {
    throw new UsageError(`Unexpected word "${excess}": see --help`);
  }
  for (const flag of ["json", "yes", "dry-run", "older-than"] as const) {
    if (given[flag] && !flags.includes(flag)) {
      throw new UsageError(`--${flag} isn't for ${verb}: see --help`);
    }
  }
}

async function placeOf(
  { dir, db, ...flags }: StoreFlags & { dir?: string; db?: string },
): Promise<{ place: StorePlace; folders: string[] }> {
  const url = await readStoreUrl(flags);
  if (url !== undefined) {
    if (dir !== undefined || db !== undefined) {
      throw new UsageError(
        `--dir and --db name a file, but --store, --store-file or ${STORE_VARIABLE} names a database: give one`,
      );
    }
    return {
      place: { kind: "url", url, file: flags["store-file"] },
      folders: [],
    };
  }
  const named = db ?? `${dir ?? "."}/${infoFiles.database[0]}`;
  const path = await databasePath(named);
  return {
    place: { kind: "file", path },
    folders: [dirname(named), dirname(path)],
  };
}
