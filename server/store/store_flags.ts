/**
 * The flags that name a store in a database, and what a URL of one means.
 *
 * @module
 */

import { readInfoText } from "../../shared/folder/info_files.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { UsageError } from "../../shared/cli/usage_error.ts";
import { hostName, parseStoreUrl } from "./postgres/connection/store_url.ts";

/** The environment variable that names a store where no flag does. */
export const STORE_VARIABLE = "MESSAGEU_STORE";

/** What the client of a database looks for in the environment, and we do. */
export const STORE_VARIABLES: readonly string[] = [
  STORE_VARIABLE,
  "PG*",
  "USER",
  "NODE_PG_FORCE_NATIVE",
];

/** The port of PostgreSQL where a URL names none. */
const DEFAULT_PORT = 5432;

/** Parameters of a URL that are paths of files. */
const FILE_PARAMETERS = ["sslrootcert", "sslcert", "sslkey"];

/** The flags' values. */
export interface StoreFlags {
  /** The URL. */
  readonly store: string | undefined;
  /** A file that holds the URL. */
  readonly storeFile: string | undefined;
}

/**
 * The URL of the database that flags, or else the environment, name; undefined
 * where they name none.
 *
 * @throws {UsageError} where it can't be one
 */
export async function readStoreUrl(
  flags: StoreFlags,
): Promise<string | undefined> {
  const { store, storeFile: file } = flags;
  if (store !== undefined && file !== undefined) {
    throw new UsageError("--store and --store-file name two stores: give one");
  }
  if (store !== undefined) return checked(store, "--store");
  if (file !== undefined) return checked(await readUrl(file), file);
  const named = await readEnvironment();
  return named ? checked(named, STORE_VARIABLE) : undefined;
}

/** Without permission for it there is no such variable: nobody has to give one to a relay with a file. */
async function readEnvironment(): Promise<string | undefined> {
  const { state } = await Deno.permissions.query({
    name: "env",
    variable: STORE_VARIABLE,
  });
  return state === "granted" ? Deno.env.get(STORE_VARIABLE) : undefined;
}

/** Where the hosts of a database's URL listen, each as `HOST:PORT`. */
export function storeAddresses(url: string): string[] {
  return parseStoreUrl(url).hosts.map(({ hostname, port = DEFAULT_PORT }) =>
    hostName({ hostname, port })
  );
}

/** The files that are read for a URL: its own, and those that it names, such as certificates. */
export function storeFiles(url: string, file: string | undefined): string[] {
  const { searchParams } = parseStoreUrl(url).url;
  const named = FILE_PARAMETERS.flatMap((name) => searchParams.getAll(name));
  return file === undefined ? named : [file, ...named];
}

async function readUrl(path: string): Promise<string> {
  try {
    return (await readInfoText(path)).trim();
  } catch (error) {
    throw new UsageError(`--store-file ${path}: ${reasonOf(error)}`);
  }
}

/** It may hold a password, so what is wrong with it is said without it. */
function checked(url: string, from: string): string {
  try {
    const { pathname, search, hash } = parseStoreUrl(url).url;
    // A password with a / in it would end the host's name.
    if (!`${pathname}${search}${hash}`.includes("@")) return url;
  } catch {
    // What is wrong with it may hold the password.
  }
  throw new UsageError(
    `${from}: expected postgres://USER:PASSWORD@HOST:PORT/DATABASE, where %2F stands for a / and %40 for an @ in a password`,
  );
}
