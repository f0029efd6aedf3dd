/**
 * Fingerprints: public keys as digits that two users can compare aloud.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { readPublicKey } from "../../shared/crypto/crypto.ts";
import type { ClientId } from "../../shared/wire/protocol.ts";

/** Bytes of a hash for one group of five digits. */
const BYTES_PER_GROUP = 5;
/** Groups of one key's digits: 132 bits. */
const KEY_GROUPS = 8;
/** Groups of two clients' digits: 199 bits. */
const PAIR_GROUPS = 12;

/** A client with its public key. */
export interface KeyHolder {
  /** The id. */
  clientId: ClientId;
  /** As SubjectPublicKeyInfo; zeros may pad it. */
  publicKey: Uint8Array;
}

/**
 * The digits of one public key: 8 groups of five.
 *
 * @throws {FormatError} where the bytes aren't an RSA public key
 */
export async function fingerprintOf(publicKey: Uint8Array): Promise<string> {
  return await digits(
    "MessageU public key 1",
    [await canonical(publicKey)],
    KEY_GROUPS,
  );
}

/**
 * The digits of two clients: 12 groups of five. Both compute the same ones unless
 * one of them sees another key.
 *
 * @throws {FormatError} where one of the keys isn't an RSA public key
 */
export async function safetyNumber(
  one: KeyHolder,
  other: KeyHolder,
): Promise<string> {
  const parts: Uint8Array[] = [];
  for (const { clientId, publicKey } of [one, other]) {
    parts.push(concat([clientId, await canonical(publicKey)]));
  }
  parts.sort(compareBytes);
  return await digits("MessageU two people 1", parts, PAIR_GROUPS);
}

/** The canonical bytes of a key, however it was padded or encoded. */
async function canonical(publicKey: Uint8Array): Promise<Uint8Array> {
  const key = await readPublicKey(publicKey);
  return new Uint8Array(await crypto.subtle.exportKey("spki", key));
}

async function digits(
  purpose: string,
  parts: Uint8Array[],
  groups: number,
): Promise<string> {
  const input = concat([new TextEncoder().encode(purpose), ...parts]);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-512", input));
  return Array.from(
    { length: groups },
    (_, i) =>
      hash.subarray(i * BYTES_PER_GROUP, (i + 1) * BYTES_PER_GROUP)
        .reduce((value, byte) => value * 256 + byte, 0) % 100_000,
  )
    .map((group) => String(group).padStart(5, "0")).join(" ");
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
