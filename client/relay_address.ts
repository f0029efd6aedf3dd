/**
 * Where the client's relay is.
 *
 * @module
 */

import { findFile, infoFiles } from "../shared/info_files.ts";
import {
  type Address,
  formatAddress,
  parseAddress,
} from "../shared/info_server.ts";
import { DEFAULT_PORT } from "../shared/protocol.ts";
import { reasonOf } from "../shared/reason.ts";
import { UserError } from "./errors.ts";

/** Where a relay is sought that nothing names. */
const DEFAULT_ADDRESS: Address = { hostname: "127.0.0.1", port: DEFAULT_PORT };

/**
 * Finds the relay's address: the flag's, else that of `info.server`, else
 * 127.0.0.1:1357, which `notice` is told of once.
 */
export function addressFinder(
  { dir, server }: { dir: string; server: Address | undefined },
  notice: (text: string) => void,
): () => Promise<Address> {
  let noticed = false;
  return async () => {
    if (server !== undefined) return server;
    const address = await readAddress(dir);
    if (address !== undefined) return address;
    if (!noticed) {
      notice(
        `No ${infoFiles.server[0]} in ${dir}: using ${
          formatAddress(DEFAULT_ADDRESS)
        }`,
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
