/**
 * The identity file `info.me`: formats and parses its text (section 11 of
 * docs/protocol.md). The client reads and writes the file.
 *
 * @module
 */

import { parseIdentity } from "../identity/parse_identity.ts";
import type { InfoMe } from "./own_info_me.ts";

export { formatInfoMe, type InfoMe } from "./own_info_me.ts";

/**
 * Parses an identity file of any MessageU program, and tests its key.
 *
 * @param file its bytes, or its text
 * @throws {FormatError} that names the invalid line
 */
export async function parseInfoMe(file: string | Uint8Array): Promise<InfoMe> {
  const bytes = typeof file === "string"
    ? new TextEncoder().encode(file)
    : file;
  return (await parseIdentity(bytes)).me;
}
