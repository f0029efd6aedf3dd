/**
 * The identity file `info.me`: its text from an identity and back (section 11
 * of docs/protocol.md). Reading and writing the file itself is the client's.
 *
 * @module
 */

import { parseIdentity } from "../identity/parse_identity.ts";
import type { InfoMe } from "./own_info_me.ts";

export { formatInfoMe, type InfoMe } from "./own_info_me.ts";

/**
 * Reads the file as any MessageU program may have written it, and tries out
 * its key.
 *
 * @param file its bytes, or its text
 * @throws {FormatError} that names the line that is wrong
 */
export async function parseInfoMe(file: string | Uint8Array): Promise<InfoMe> {
  const bytes = typeof file === "string"
    ? new TextEncoder().encode(file)
    : file;
  return (await parseIdentity(bytes)).me;
}
