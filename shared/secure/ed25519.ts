/**
 * Ed25519 as the secure protocol uses it: keys of small order and non-canonical
 * keys are refused, since the runtime verifies forgeries under them (EDK-1).
 *
 * @module
 */

import { concat } from "@std/bytes";
import { FormatError } from "../wire/format_error.ts";
import { CURVE_KEY_SIZE, SIGNATURE_SIZE } from "./secure_protocol.ts";

/** The field's prime, 2^255 - 19. */
const PRIME = 2n ** 255n - 19n;

/** The y coordinate of a point of order 8. */
const ORDER_8 =
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;

/**
 * The y coordinates of the eight points of small order. With either sign bit
 * they have ten encodings; two of them, of the points with x = 0, aren't
 * canonical.
 */
const SMALL_ORDER: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  PRIME - 1n,
  ORDER_8,
  PRIME - ORDER_8,
]);

/** The highest bytes of all y that a key mustn't have: few sound keys share them. */
const SUSPECT_BYTES: ReadonlySet<number> = new Set(
  [...SMALL_ORDER, PRIME].map((y) => Number(y >> 248n)),
);

/**
 * Describes what is wrong with an Ed25519 public key; undefined for a sound one.
 *
 * @param key 32 bytes
 */
export function signingKeyProblem(key: Uint8Array): string | undefined {
  if (key.length !== CURVE_KEY_SIZE) {
    return `expected ${CURVE_KEY_SIZE} bytes, got ${key.length}`;
  }
  if (!SUSPECT_BYTES.has((key[CURVE_KEY_SIZE - 1] ?? 0) & 0x7f)) {
    return undefined;
  }
  const y = BigInt(`0x${key.toReversed().toHex()}`) & (2n ** 255n - 1n);
  if (y >= PRIME) return "expected a canonical Ed25519 key";
  if (SMALL_ORDER.has(y)) return "expected an Ed25519 key of large order";
  return undefined;
}

/** @throws {FormatError} unless the key is sound */
export function checkSigningKey(key: Uint8Array): void {
  const problem = signingKeyProblem(key);
  if (problem !== undefined) throw new FormatError(problem);
}

/** A key that signs, and its public half. */
export interface SigningKey {
  /** Signs. */
  readonly privateKey: CryptoKey;
  /** 32 bytes. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
}

/** Makes a key that signs; its private half can be exported. */
export async function generateSigningKey(): Promise<SigningKey> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
  return {
    privateKey: pair.privateKey,
    publicKey: await exportRaw(pair.publicKey),
  };
}

/** What a PKCS #8 of an Ed25519 key has before the 32 bytes of its seed (RFC 8410). */
const PKCS8_HEAD = Uint8Array.fromHex("302e020100300506032b657004220420");
/** Size in bytes of a seed. */
export const SEED_SIZE = 32;

/**
 * The key of a seed.
 *
 * @param seed 32 bytes
 * @throws {FormatError} unless it has 32 bytes
 */
export async function signingKeyOf(seed: Uint8Array): Promise<SigningKey> {
  if (seed.length !== SEED_SIZE) {
    throw new FormatError(`expected ${SEED_SIZE} bytes, got ${seed.length}`);
  }
  const privateKey = await crypto.subtle.importKey(
    "pkcs8",
    concat([PKCS8_HEAD, seed]) as Uint8Array<ArrayBuffer>,
    "Ed25519",
    true,
    ["sign"],
  );
  const { x = "" } = await crypto.subtle.exportKey("jwk", privateKey);
  const publicKey = Uint8Array.fromBase64(x, { alphabet: "base64url" });
  return { privateKey, publicKey };
}

/** The seed of a key, 32 bytes. */
export async function seedOf({ privateKey }: SigningKey): Promise<Uint8Array> {
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", privateKey);
  return new Uint8Array(pkcs8).slice(PKCS8_HEAD.length);
}

/** Signs bytes. @returns 64 bytes */
export async function sign(
  { privateKey }: Pick<SigningKey, "privateKey">,
  message: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(
    await crypto.subtle.sign("Ed25519", privateKey, owned(message)),
  );
}

/**
 * Whether a signature is the key's. A key that isn't sound verifies nothing.
 *
 * @param publicKey 32 bytes
 */
export async function verify(
  publicKey: Uint8Array,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  if (signature.length !== SIGNATURE_SIZE) return false;
  if (signingKeyProblem(publicKey) !== undefined) return false;
  const key = await crypto.subtle.importKey(
    "raw",
    owned(publicKey),
    "Ed25519",
    false,
    ["verify"],
  );
  return await crypto.subtle.verify(
    "Ed25519",
    key,
    owned(signature),
    owned(message),
  );
}

async function exportRaw(key: CryptoKey): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.exportKey("raw", key));
}

/** The bytes as the runtime's types want them; it copies them itself. */
const owned = (bytes: Uint8Array) => bytes as Uint8Array<ArrayBuffer>;
