/**
 * Parses identity files of any MessageU program (IDF-3 of docs/protocol.md).
 *
 * @module
 */

import { derSize } from "../crypto/crypto.ts";
import { within } from "../wire/format_error.ts";
import type { InfoMe } from "../folder/own_info_me.ts";
import { readIdentityLayout } from "./identity_layout.ts";
import { type KeyBytes, readKeyText } from "./key_text.ts";
import { keyWarning, readPrivateKey } from "./private_key.ts";
import { isBlank, RAW_KEY_BEGINNING, textOf } from "./text_lines.ts";

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
