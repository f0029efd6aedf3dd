/**
 * Decodes the text of a key in an identity file: Base64 or Base64url on any
 * number of lines, hex digits, or PEM.
 *
 * @module
 */

import { derSize } from "../crypto/crypto.ts";
import {
  encryptedKeyMistake,
  IdentityError,
  openSshMistake,
  publicKeyMistake,
} from "./identity_error.ts";
import { plainBlanks } from "./text_lines.ts";

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
export function readKeyText(text: string): KeyBytes {
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
