/**
 * The identity file `info.me`: its text from an identity and back (section 5
 * of docs/protocol.md). Reading and writing the file itself is the client's.
 *
 * @module
 */

import {
  decodeBase64,
  decodeHex,
  encodeBase64,
  encodeHex,
} from "@std/encoding";
import { FormatError } from "./format_error.ts";
import { CLIENT_ID_SIZE, type ClientId } from "./protocol.ts";

/** What an identity file holds. */
export interface InfoMe {
  /** The registered name. */
  name: string;
  /** The id that the relay gave. */
  clientId: ClientId;
  /** PKCS#8, as it stands in the file. */
  privateKey: Uint8Array<ArrayBuffer>;
}

/**
 * The file's text: the name, the id as 32 lower-case hex digits, and the key
 * on one line, since many readers take only one.
 */
export function formatInfoMe(me: InfoMe): string {
  return `${me.name}\n${encodeHex(me.clientId)}\n${
    encodeBase64(me.privateKey)
  }\n`;
}

/**
 * Reads the file as any MessageU program may have written it: CRLF, NULs after
 * the name, an id of either case with blanks or dashes, a key on any number of
 * lines, no newline at the end.
 *
 * @throws {FormatError} that names the line that is wrong
 */
export async function parseInfoMe(text: string): Promise<InfoMe> {
  const me = readInfoMe(text);
  // Who reads the text alone needn't load all of the cryptography.
  const { importPrivateKey } = await import("./crypto.ts");
  try {
    await importPrivateKey(me.privateKey);
  } catch (cause) {
    throw new FormatError(
      "line 3: the Base64 holds no RSA private key as PKCS#8",
      { cause },
    );
  }
  return me;
}

/**
 * The same without a look at whether the Base64 holds a key, which takes time.
 *
 * @throws {FormatError} that names the line that is wrong
 */
export function readInfoMe(text: string): InfoMe {
  const [nameLine = "", idLine, ...keyLines] = text.replace(/^\ufeff/, "")
    .split(/\r?\n/);
  const name = nameLine.replace(/\0.*$/, "");
  // deno-lint-ignore no-control-regex -- they are what is refused
  if (name.trim() === "" || /[\x00-\x1f\x7f]/.test(name)) {
    throw new FormatError("line 1: expected the user's name");
  }
  const digits = (idLine ?? "").replace(/[\s\0-]/g, "");
  if (!/^[0-9a-f]{32}$/i.test(digits)) {
    throw new FormatError(
      `line 2: expected the client id as ${2 * CLIENT_ID_SIZE} hex digits`,
    );
  }
  const base64 = keyLines.join("").replace(/[\s\0]/g, "");
  if (base64 === "") {
    throw new FormatError("line 3: expected the private key in Base64");
  }
  let privateKey: Uint8Array<ArrayBuffer>;
  try {
    privateKey = decodeBase64(base64) as Uint8Array<ArrayBuffer>;
  } catch (cause) {
    throw new FormatError("line 3: the private key is not whole Base64", {
      cause,
    });
  }
  return { name, clientId: decodeHex(digits) as ClientId, privateKey };
}
