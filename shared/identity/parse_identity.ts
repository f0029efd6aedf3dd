/**
 * Reads identity files, whoever wrote them (IDF-3 of docs/protocol.md).
 *
 * @module
 */

import { derSize } from "../crypto/crypto.ts";
import { within } from "../wire/format_error.ts";
import type { InfoMe } from "../folder/own_info_me.ts";
import { readIdentityLayout } from "./identity_layout.ts";
import { RAW_KEY_BEGINNING } from "./key_beginning.ts";
import { type KeyBytes, readKeyText } from "./key_text.ts";
import { keyWarning, readPrivateKey } from "./private_key.ts";
import { isBlank, textOf } from "./text_lines.ts";

/** An identity that was found in a file. */
export interface ParsedIdentity {
  /** The identity, its key as PKCS#8 whatever it was in the file. */
  me: InfoMe;
  /** The key itself. */
  key: CryptoKey;
  /** What was found where and in which form, in words. */
  found: string[];
  /** What may keep the identity from being of use, in sentences. */
  warnings: string[];
}

/**
 * Reads an identity file as any MessageU program may have written it, and
 * tries out its key.
 *
 * @param file its bytes, 64 KiB at most
 * @throws {IdentityError} that names the line that is wrong, and says how
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
  // A line's end may follow it.
  const der = isBlank(text.slice(end)) ? bytes.subarray(0, end) : bytes;
  return { bytes: der, how: "in raw bytes" };
}
