/**
 * Parses identity files of any MessageU program (IDF-3 of docs/protocol.md).
 *
 * @module
 */

import { derSize } from "../crypto/crypto.ts";
import { within } from "../wire/format_error.ts";
import type { InfoMe } from "../folder/info_files.ts";
import { readIdentityLayout } from "./identity_layout.ts";
import { keyWarning, readPrivateKey } from "./private_key.ts";
import {
  isBlank,
  plainBlanks,
  RAW_KEY_BEGINNING,
  textOf,
} from "./identity_fields.ts";
import {
  encryptedKeyMistake,
  IdentityError,
  openSshMistake,
  publicKeyMistake,
} from "./identity_error.ts";

/** An identity from a file. */
export interface ParsedIdentity {
  /** The identity, with its key converted to PKCS#8. */
  me: InfoMe;
  /** The private key. */
  key: CryptoKey;
  /** Where each part is and in which form, in words. */
  found: string[];
  /** Why the identity may be unusable, in sentences. */
  warnings: string[];
}

/**
 * Parses an identity file, and tests its key.
 *
 * @param file its bytes, 64 KiB at most
 * @throws {IdentityError} that names the invalid line and the problem
 */
export async function parseIdentity(file: Uint8Array): Promise<ParsedIdentity> {
  const layout = readIdentityLayout(file);
  const { name, clientId, found, warnings } = layout;
  const [first, last] = layout.keyLines;
  try {
    const { bytes, how } = keyBytes(layout.key);
    const { key, pkcs8, form } = await readPrivateKey(bytes);
    const line = first === last ? `line ${first}` : `lines ${first} to ${last}`;
    const warning = await keyWarning(key);
    return {
      me: { name, clientId, privateKey: pkcs8 },
      key,
      found: [...found, `the key on ${line} as ${form} ${how}`],
      warnings: warning === undefined ? warnings : [...warnings, warning],
    };
  } catch (error) {
    throw within(`line ${first}`, error);
  }
}

function keyBytes(bytes: Uint8Array): KeyBytes {
  const text = textOf(bytes);
  if (!RAW_KEY_BEGINNING.test(text)) return readKeyText(text);
  const end = derSize(bytes) ?? bytes.length;
  // A line end may follow the key.
  const der = isBlank(text.slice(end)) ? bytes.subarray(0, end) : bytes;
  return { bytes: der, how: "in raw bytes" };
}

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

/** A decoded key. */
export interface KeyBytes {
  /** The key, expected to be DER. */
  bytes: Uint8Array;
  /** Its encoding in words. */
  how: string;
}

const PEM = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)(?:-----END \1-----|$)/g;
/** Characters to ignore between the others. */
const BLANKS = /[\s\0]/g;

/**
 * Decodes a key's text.
 *
 * @param text the text's bytes as characters below U+0100
 * @throws {IdentityError} if it can't be decoded
 */
function readKeyText(text: string): KeyBytes {
  // A key copied from a string of C or JSON has escaped line ends.
  const lines = plainBlanks(text).replaceAll(/\\r|\\n/g, "\n");
  if (/^\s*ssh-[a-z0-9-]+ /.test(lines)) throw publicKeyMistake("public key");
  return lines.includes("-----BEGIN ") ? readPem(lines) : readCoded(lines);
}

function readPem(text: string): KeyBytes {
  const blocks = [...text.matchAll(PEM)];
  // Some programs write the private and the public key.
  const secret = blocks.filter(([, label]) => label?.endsWith("PRIVATE KEY"));
  const [, label = "", content = ""] = secret[0] ?? blocks[0] ?? [];
  if (secret.length > 1) {
    throw new IdentityError(
      `${secret.length} private keys in PEM stand there`,
      "Leave only the one that was registered, in a copy",
    );
  }
  if (label.startsWith("OPENSSH")) throw openSshMistake();
  if (/^(Proc-Type|DEK-Info):/m.test(content)) throw encryptedKeyMistake();
  if (text.replaceAll(PEM, "").replaceAll(BLANKS, "") !== "") {
    throw new IdentityError(
      "other text stands beside the key in PEM",
      "Remove what doesn't belong to the key",
    );
  }
  // A cut-off last line is not part of the key.
  const { bytes } = readCoded(content.replace(/^-.*/ms, ""));
  return { bytes, how: "in PEM" };
}

function readCoded(text: string): KeyBytes {
  const hex = text.replaceAll(/0x|[\s\0:]/gi, "");
  if (/^30[0-9a-f]+$/i.test(hex)) {
    const stray = hex.length % 2;
    const bytes = Uint8Array.fromHex(hex.slice(0, hex.length - stray));
    return { bytes: whole(bytes, stray), how: "in hex digits" };
  }
  // The lookbehind keeps matching linear on long runs of "=".
  const base64 = text.replaceAll(BLANKS, "").replace(/(?<!=)=+$/, "");
  if (/[^A-Za-z0-9+/_-]/.test(base64)) {
    throw new IdentityError(
      "the private key has characters that are no Base64",
      "Expected the private key as PKCS#8 in Base64, and nothing behind it",
    );
  }
  const stray = base64.length % 4 === 1 ? 1 : 0;
  const plain = base64.slice(0, base64.length - stray)
    .replaceAll("-", "+").replaceAll("_", "/");
  return {
    bytes: whole(Uint8Array.fromBase64(plain), stray),
    how: base64.startsWith(plain) ? "in Base64" : "in Base64url",
  };
}

/** Returns the bytes; refuses a stray character unless the key is cut off. */
function whole(bytes: Uint8Array, stray: number): Uint8Array {
  const isCutOff = (derSize(bytes) ?? 0) > bytes.length;
  if (stray === 0 || isCutOff) return bytes;
  throw new IdentityError(
    `the private key's text isn't whole: a character is left over behind ${bytes.length} bytes`,
    "Copy the file again, as a whole, from where it is good",
  );
}
