/**
 * Where the client's relays are.
 *
 * @module
 */

import {
  findFile,
  infoFiles,
  readInfoText,
} from "../../shared/folder/info_files.ts";
import {
  type Address,
  formatAddress,
  parseAddressLines,
} from "../../shared/folder/info_server.ts";
import { DEFAULT_PORT } from "../../shared/wire/protocol.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { UserError } from "../errors.ts";

/** Where a relay is sought that nothing names. */
const DEFAULT_ADDRESS: Address = { hostname: "127.0.0.1", port: DEFAULT_PORT };

/**
 * Finds the relays' addresses: the flag's, else those of `info.server`, else
 * 127.0.0.1:1357, which `notice` is told of once.
 */
export function addressFinder(
  { dir, server }: { dir: string; server: readonly Address[] | undefined },
  notice: (text: string) => void,
): () => Promise<readonly Address[]> {
  let noticed = false;
  return async () => {
    if (server !== undefined) return server;
    const addresses = await readAddresses(dir);
    if (addresses !== undefined) return addresses;
    if (!noticed) {
      notice(
        `No ${infoFiles.server[0]} in ${dir}: using ${
          formatAddress(DEFAULT_ADDRESS)
        }`,
      );
    }
    noticed = true;
    return [DEFAULT_ADDRESS];
  };
}

async function readAddresses(dir: string): Promise<Address[] | undefined> {
  let path = dir;
  try {
    const found = await findFile(dir, infoFiles.server);
    if (found === undefined) return undefined;
    path = found;
    return parseAddressLines(await readInfoText(path));
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new UserError(
      `${path} can't be used: ${reason}`,
      "Mend it, or name the relay with --server",
      { cause },
    );
  }
}
