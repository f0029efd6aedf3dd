import { type Address, parseAddress } from "../shared/folder/info_files.ts";

/**
 * Parses `HOST:PORT`. A port alone is one of this machine's.
 *
 * @param leastPort the lowest valid port. Default: 1
 * @throws {FormatError} if it is malformed
 */
export function parseNearAddress(text: string, leastPort?: number): Address {
  return parseAddress(text.replace(/^\d+$/, "127.0.0.1:$&"), leastPort);
}
