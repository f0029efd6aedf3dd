/**
 * The flags that name a store.
 *
 * @module
 */

import {
  type FlagValues,
  nonEmpty,
  valueFlag,
} from "../../shared/cli/flags.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { UsageError } from "../../shared/cli/program.ts";
import {
  findFile,
  infoFiles,
  readInfoText,
} from "../../shared/folder/info_files.ts";
import {
  STORE_VARIABLE,
  type StoreAddress,
  type StoreKind,
} from "./store_kind.ts";
import { parseStoreAddress } from "./store_kinds.ts";

/** The flags. @param kinds the kinds of store that their help names */
export function storeFlags(kinds: readonly StoreKind[]) {
  const addresses = kinds.flatMap(({ help }) => help ?? [])
    .join(",\nor ");
  return {
    db: valueFlag(
      "FILE",
      "the database (default: db.defensive in DIR)",
      nonEmpty,
    ),
    store: valueFlag(
      "URL",
      `another store in its place:\n${addresses}\n(default: from the environment's ${STORE_VARIABLE})`,
      nonEmpty,
    ),
    storeFile: valueFlag("FILE", "a file that holds that URL", nonEmpty),
  };
}

/** Their values, with the folder of the relay's files. */
export type StoreFlags =
  & FlagValues<ReturnType<typeof storeFlags>>
  & { dir?: string | undefined };

/**
 * The address of the store, from the flags, else from the environment, else of
 * the database in the relay's folder.
 *
 * @param conflict the flags that exclude an address, and the message that says so
 * @throws {UsageError} if the flags are invalid or exclude each other
 */
export async function readStore(
  flags: StoreFlags,
  conflict: { flags: readonly ("dir" | "db")[]; sentence: string },
): Promise<StoreAddress> {
  const named = await readAddress(flags);
  if (named !== undefined) {
    if (conflict.flags.every((flag) => flags[flag] === undefined)) return named;
    throw new UsageError(conflict.sentence);
  }
  const { db, dir = "." } = flags;
  if (db !== undefined) return { scheme: "file", rest: db };
  const [name, ...otherNames] = infoFiles.database;
  return {
    scheme: "file",
    rest: `${dir}/${name}`,
    takeOverFrom: await findFile(dir, otherNames),
  };
}

async function readAddress(
  { store, storeFile: file }: StoreFlags,
): Promise<StoreAddress | undefined> {
  if (store !== undefined && file !== undefined) {
    throw new UsageError("--store and --store-file name two stores: give one");
  }
  if (store !== undefined) return parse(store, "--store");
  if (file !== undefined) {
    return { ...parse(await readAddressFile(file), file), file };
  }
  const named = await readEnvironment();
  return named
    ? { ...parse(named, STORE_VARIABLE), fromEnvironment: true }
    : undefined;
}

function parse(address: string, from: string): StoreAddress {
  try {
    return parseStoreAddress(address);
  } catch (error) {
    throw new UsageError(`${from}: ${reasonOf(error)}`);
  }
}

/** The variable's value; undefined without permission, which a relay with a file doesn't need. */
async function readEnvironment(): Promise<string | undefined> {
  const { state } = await Deno.permissions.query({
    name: "env",
    variable: STORE_VARIABLE,
  });
  return state === "granted" ? Deno.env.get(STORE_VARIABLE) : undefined;
}

async function readAddressFile(path: string): Promise<string> {
  try {
    return (await readInfoText(path)).trim();
  } catch (error) {
    throw new UsageError(`--store-file ${path}: ${reasonOf(error)}`);
  }
}
