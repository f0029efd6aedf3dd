/**
 * The identity file `info.me` in our own form (IDF-1 of docs/protocol.md). Files
 * of other programs need `info_me.ts`, which takes longer to load.
 *
 * @module
 */

import type { ClientId } from "../wire/protocol.ts";

/** The content of an identity file. */
export interface InfoMe {
  /** The registered name. */
  name: string;
  /** The id that the relay assigned. */
  clientId: ClientId;
  /** The private key's PKCS#8. */
  privateKey: Uint8Array<ArrayBuffer>;
}

/** The name, id and key of a registered user. */
const OWN_FORM =
  /^((?=.*[!-~])[ -~]{1,254})\n((?!0{32})[0-9a-f]{32})\n[A-Za-z0-9+/]+=*\n$/;

/**
 * Formats the file: the name, the id as 32 lower-case hex digits, and the key on
 * one line, since many programs read only one.
 */
export function formatInfoMe({ name, clientId, privateKey }: InfoMe): string {
  return `${name}\n${clientId.toHex()}\n${privateKey.toBase64()}\n`;
}

/**
 * Parses the name and the id, without the key; undefined if the text isn't in
 * our form.
 */
export function readOwnInfoMe(
  text: string,
): Omit<InfoMe, "privateKey"> | undefined {
  const [, name, id] = OWN_FORM.exec(text) ?? [];
  if (name === undefined || id === undefined) return undefined;
  return { name, clientId: Uint8Array.fromHex(id) as Uint8Array as ClientId };
}
