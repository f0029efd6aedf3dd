/**
 * Private keys of identity files: converts them to PKCS#8, and describes what
 * is not one.
 *
 * @module
 */

import {
  decryptKey,
  derSize,
  encryptKey,
  exportPrivateKey,
  generateSymmetricKey,
  importPrivateKey,
  publicKeyOf,
  readPublicKey,
} from "../crypto/crypto.ts";
import { FormatError } from "../wire/format_error.ts";
import { PUBLIC_KEY_SIZE } from "../wire/protocol.ts";
import { damagedKeyMistake, IdentityError } from "./identity_error.ts";

/** A private key from a file. */
export interface FoundKey {
  /** The key. */
  key: CryptoKey;
  /** The key as PKCS#8. */
  pkcs8: Uint8Array<ArrayBuffer>;
  /** Its form in the file. */
  form: "PKCS#8" | "PKCS#1";
}

/** Bits of the modulus (PUB-1). */
const BITS = 1024;

/**
 * Imports a private key in DER, as PKCS#8 or PKCS#1 with optional trailing
 * zeros, and tests that its numbers fit each other.
 *
 * @throws {IdentityError} that describes anything else
 */
export async function readPrivateKey(bytes: Uint8Array): Promise<FoundKey> {
  const der = wholeDer(bytes);
  const found = await importPkcs8(der) ?? await importOther(der);
  const { modulusLength } = found.key.algorithm as RsaHashedKeyAlgorithm;
  if (modulusLength !== BITS) {
    throw new IdentityError(
      `the private key has ${modulusLength} bits, expected RSA with ${BITS}`,
      "A key of another size can't have been registered: look for the one that was",
    );
  }
  await refuseDamaged(found.key);
  return found;
}

/**
 * Warns of a valid key whose public key is too large to register; undefined for
 * other keys.
 */
export async function keyWarning(key: CryptoKey): Promise<string | undefined> {
  const { length } = await publicKeyOf(key);
  if (length <= PUBLIC_KEY_SIZE) return undefined;
  const { publicExponent } = key.algorithm as RsaHashedKeyAlgorithm;
  const exponent = BigInt(`0x${publicExponent.toHex()}`);
  return `Its public key has the exponent ${exponent} and takes ${length} bytes, of which ${PUBLIC_KEY_SIZE} can be registered: if it was cut off, no client can encrypt for it`;
}

/** The DER without padding. @throws {IdentityError} if it is incomplete */
function wholeDer(bytes: Uint8Array): Uint8Array {
  const size = derSize(bytes);
  if (size === undefined) {
    throw new IdentityError(
      `the private key's ${bytes.length} bytes are no key`,
      "Expected the private key as PKCS#8 in Base64",
    );
  }
  if (size > bytes.length) {
    throw new IdentityError(
      `the private key is cut off: it has ${bytes.length} of its ${size} bytes`,
      "Copy the file again, as a whole, from where it is good",
    );
  }
  const rest = bytes.subarray(size);
  if (rest.some((byte) => byte !== 0)) {
    throw new IdentityError(
      `${rest.length} other bytes follow the key's ${size}`,
      "Remove what doesn't belong to the key",
    );
  }
  return bytes.subarray(0, size);
}

async function importPkcs8(der: Uint8Array): Promise<FoundKey | undefined> {
  try {
    const key = await importPrivateKey(der);
    return { key, pkcs8: await exportPrivateKey(key), form: "PKCS#8" };
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** @throws {IdentityError} if it isn't PKCS#1 either */
async function importOther(der: Uint8Array): Promise<FoundKey> {
  const { nameDer, pkcs8OfPkcs1 } = await import("./other_der.ts");
  const pkcs8 = pkcs8OfPkcs1(der);
  if (pkcs8 === undefined) throw nameDer(der);
  const key = await importPrivateKey(pkcs8);
  return { key, pkcs8: await exportPrivateKey(key), form: "PKCS#1" };
}

/** @throws {IdentityError} if the key's numbers don't fit each other */
async function refuseDamaged(key: CryptoKey): Promise<void> {
  const numbers = await numbersOf(key);
  const { n, e, d, p, q, dp, dq, qi } = numbers;
  const isWhole = Object.values(numbers).every((number) => number > 1n);
  if (!isWhole || p * q !== n) {
    throw damagedKeyMistake("its modulus isn't the product of its primes");
  }
  const fits = (e * d) % (p - 1n) === 1n && (e * d) % (q - 1n) === 1n &&
    dp === d % (p - 1n) && dq === d % (q - 1n) && (qi * q) % p === 1n;
  if (!fits) throw damagedKeyMistake("its exponents don't fit its primes");
  try {
    const publicKey = await readPublicKey(await publicKeyOf(key));
    const secret = await generateSymmetricKey();
    await decryptKey(key, await encryptKey(publicKey, secret));
  } catch (cause) {
    throw damagedKeyMistake(
      "it can't decrypt what its public key encrypts",
      cause,
    );
  }
}

/** The numbers of an RSA key, by their names in RFC 7518. */
async function numbersOf(key: CryptoKey) {
  const jwk = await crypto.subtle.exportKey("jwk", key);
  const number = (text = ""): bigint => {
    const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
    return BigInt(`0x0${bytes.toHex()}`);
  };
  return {
    n: number(jwk.n),
    e: number(jwk.e),
    d: number(jwk.d),
    p: number(jwk.p),
    q: number(jwk.q),
    dp: number(jwk.dp),
    dq: number(jwk.dq),
    qi: number(jwk.qi),
  };
}
