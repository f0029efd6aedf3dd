/**
 * The identity file `info.me` in the form that we write (IDF-1 of
 * docs/protocol.md). What others wrote is read by `info_me.ts`, which takes
 * longer to load.
 *
 * @module
 */

import type { ClientId } from "../wire/protocol.ts";

/** What an identity file holds. */
export interface InfoMe {
  /** The registered name. */
  name: string;
  /** The id that the relay gave. */
  clientId: ClientId;
  /** The private key's PKCS#8. */
  privateKey: Uint8Array<ArrayBuffer>;
}

/** Name, id and key of a registered user, and nothing else. */
const OWN_FORM =
  /^((?=.*[!-~])[ -~]{1,254})\n((?!0{32})[0-9a-f]{32})\n[A-Za-z0-9+/]+=*\n$/;

/**
 * The file's text: the name, the id as 32 lower-case hex digits, and the key
 * on one line, since many readers take only one.
 */
export function formatInfoMe({ name, clientId, privateKey }: InfoMe): string {
  return `${name}\n${clientId.toHex()}\n${privateKey.toBase64()}\n`;
}

/**
 * Who the user is; undefined where the text isn't in our form. The key isn't
 * looked at.
 */
export function readOwnInfoMe(
  text: string,
): Omit<InfoMe, "privateKey"> | undefined {
  const [, name, id] = OWN_FORM.exec(text) ?? [];
  if (name === undefined || id === undefined) return undefined;
  return { name, clientId: Uint8Array.fromHex(id) as Uint8Array as ClientId };
}
