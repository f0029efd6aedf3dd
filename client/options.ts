/**
 * The client's command line, and where its relay is.
 *
 * @module
 */

import { dirname } from "node:path";
import { parseFlags, UsageError } from "../shared/flags.ts";
import { FormatError } from "../shared/format_error.ts";
import { findFile, infoFiles } from "../shared/info_files.ts";
import { type Address, parseAddress } from "../shared/info_server.ts";
import { DEFAULT_PORT, PROTOCOL_VERSION } from "../shared/protocol.ts";
import { reasonOf } from "../shared/reason.ts";
import { UserError } from "./errors.ts";

/** What `--help` prints. */
export const HELP = `MessageU client: talks with others through a relay.

Usage: deno task client [flags]

  --dir DIR            the folder with info.server and info.me
                       (default: the program's own where it is compiled, else .)
  --server ADDR:PORT   the relay (default: from info.server)
  --client-version N   the version that requests carry, 0 to 255 (default: 2)
  --help               print this
  --version            print the version
`;

/** Where a relay is sought that nothing names. */
const DEFAULT_ADDRESS: Address = { hostname: "127.0.0.1", port: DEFAULT_PORT };

/** What the command line asks for. */
export interface ClientOptions {
  /** Print the help and stop. */
  help: boolean;
  /** Print the version and stop. */
  version: boolean;
  /** The folder with the user's files. */
  dir: string;
  /** The relay that a flag names. */
  server: Address | undefined;
  /** The version that requests carry. */
  clientVersion: number;
}

/**
 * Reads the command line.
 *
 * @throws {UsageError} where it can't be obeyed
 */
export function readClientOptions(args: readonly string[]): ClientOptions {
  const { values, switches } = parseFlags(
    args,
    ["dir", "server", "client-version"],
    ["help", "version"],
  );
  return {
    ...switches,
    dir: values.dir ??
      (Deno.build.standalone ? dirname(Deno.execPath()) : "."),
    server: values.server === undefined ? undefined : serverOf(values.server),
    clientVersion: versionOf(
      values["client-version"] ?? String(PROTOCOL_VERSION),
    ),
  };
}

function serverOf(text: string): Address {
  try {
    return parseAddress(text);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new UsageError(`--server: ${error.message}`);
  }
}

function versionOf(text: string): number {
  const version = /^\d{1,3}$/.test(text) ? Number(text) : NaN;
  if (version <= 255) return version;
  throw new UsageError(
    `--client-version: expected a number from 0 to 255, got "${text}"`,
  );
}

/**
 * Finds the relay's address: the flag's, else that of `info.server`, else
 * 127.0.0.1:1357, which `notice` is told of once.
 */
export function addressFinder(
  { dir, server }: Pick<ClientOptions, "dir" | "server">,
  notice: (text: string) => void,
): () => Promise<Address> {
  let noticed = false;
  return async () => {
    if (server !== undefined) return server;
    const address = await readAddress(dir);
    if (address !== undefined) return address;
    if (!noticed) {
      notice(
        `No ${
          infoFiles.server[0]
        } in ${dir}: using ${DEFAULT_ADDRESS.hostname}:${DEFAULT_ADDRESS.port}`,
      );
    }
    noticed = true;
    return DEFAULT_ADDRESS;
  };
}

async function readAddress(dir: string): Promise<Address | undefined> {
  let path = dir;
  try {
    const found = await findFile(dir, infoFiles.server);
    if (found === undefined) return undefined;
    path = found;
    return parseAddress(await Deno.readTextFile(path));
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new UserError(
      `${path} can't be used: ${reason}`,
      "Mend it, or name the relay with --server",
      { cause },
    );
  }
}
