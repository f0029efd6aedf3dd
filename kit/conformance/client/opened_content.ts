/**
 * Decrypts a content from a client, or explains why it can't be decrypted.
 *
 * @module
 */

import { createDecipheriv } from "node:crypto";
import { equals } from "@std/bytes";
import { exportSymmetricKey } from "../../../shared/crypto/crypto.ts";
import { BLOCK_SIZE, ZERO_IV } from "../../../shared/crypto/legacy_aes.ts";

/** A decrypted content, or the problem with it. */
export type Opened =
  /** `under` is the index of its key; the oldest has 0. */
  | { readonly plaintext: Uint8Array; readonly under: number }
  | { readonly problem: string };

/**
 * Decrypts a content whose plaintext is known: AES-CBC doesn't tell a wrong key
 * from a right one.
 *
 * @param keys the possible keys, the oldest first
 */
export async function openContent(
  content: Uint8Array,
  keys: readonly CryptoKey[],
  expected: Uint8Array,
): Promise<Opened> {
  const { length } = content;
  if (length === 0 || length % BLOCK_SIZE !== 0) {
    return {
      problem: `${length} bytes are no whole blocks of ${BLOCK_SIZE}`,
    };
  }
  if (keys.length === 0) {
    return { problem: "no symmetric key was exchanged before" };
  }
  const tries: Try[] = [];
  for (const [under, key] of keys.entries()) {
    tries.unshift(tryKey(content, await exportSymmetricKey(key), under));
  }
  const right = tries.find(({ text }) =>
    text !== undefined && isMeant(text, expected)
  );
  if (right?.text !== undefined) {
    return { plaintext: right.text, under: right.under };
  }
  for (const { raw, text } of tries) {
    const problem = explained(raw, text, expected);
    if (problem !== undefined) return { problem };
  }
  // Valid padding under a wrong key is most unlikely.
  const other = tries.find(({ text }) => text !== undefined && text.length > 0);
  return other?.text === undefined
    ? { problem: "none of the keys that were exchanged opens it" }
    : { plaintext: other.text, under: other.under };
}

/** A content decrypted with one key. */
interface Try {
  under: number;
  /** The plaintext with its padding. */
  raw: Uint8Array;
  /** The plaintext without padding; undefined if that is invalid. */
  text: Uint8Array | undefined;
}

function tryKey(content: Uint8Array, key: Uint8Array, under: number): Try {
  const cipher = createDecipheriv("aes-128-cbc", key, ZERO_IV)
    .setAutoPadding(false);
  const raw = new Uint8Array([...cipher.update(content), ...cipher.final()]);
  return { under, raw, text: withoutPadding(raw) };
}

function withoutPadding(raw: Uint8Array): Uint8Array | undefined {
  const count = raw.at(-1) ?? 0;
  const isPadded = count >= 1 && count <= BLOCK_SIZE &&
    raw.subarray(-count).every((byte) => byte === count);
  return isPadded ? raw.subarray(0, raw.length - count) : undefined;
}

/** Whether a plaintext is the expected one; some clients end a text in a NUL. */
export function isMeant(text: Uint8Array, expected: Uint8Array): boolean {
  return equals(text, expected) ||
    text.length === expected.length + 1 && text.at(-1) === 0 &&
      startsWith(text, expected);
}

function explained(
  raw: Uint8Array,
  text: Uint8Array | undefined,
  expected: Uint8Array,
): string | undefined {
  const isLater = text !== undefined && expected.length > BLOCK_SIZE &&
    equals(text.subarray(BLOCK_SIZE), expected.subarray(BLOCK_SIZE));
  if (isLater) return "all but the first block is right: the IV isn't zero";
  if (text !== undefined) return undefined;
  if (startsWith(raw, expected)) {
    return "it has the right text, but its padding isn't PKCS#7";
  }
  return undefined;
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return equals(bytes.subarray(0, start.length), start);
}
