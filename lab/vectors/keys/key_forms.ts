/**
 * The forms in which RSA keys are written, one within the other.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { decodeHex } from "@std/encoding";
import { derSize } from "../../../shared/crypto/crypto.ts";

/** The algorithm of an RSA key, with its NULL. */
const ALGORITHM = decodeHex("300d06092a864886f70d0101010500");
/** The same without the NULL, which some encoders leave out. */
const ALGORITHM_ALONE = decodeHex("300b06092a864886f70d010101");

/** The RSAPublicKey within a SubjectPublicKeyInfo, or RSAPrivateKey within a PKCS#8. */
export function pkcs1Of(der: Uint8Array): Uint8Array {
  // What wraps it are the algorithm and a string, whose tag and size come next.
  for (let at = ALGORITHM.length; at < der.length; at++) {
    const inner = der.subarray(at);
    if (derSize(inner) === inner.length) return inner;
  }
  throw new RangeError("Expected a key within");
}

/** A SubjectPublicKeyInfo of 160 bytes without the NULL: 158 bytes. */
export function withoutNull(spki: Uint8Array): Uint8Array {
  const head = spki.slice(0, derHeadSize(spki));
  head[head.length - 1] = (head.at(-1) ?? 0) - 2;
  const rest = spki.subarray(head.length + ALGORITHM.length);
  return concat([head, ALGORITHM_ALONE, rest]);
}

/** Bytes of tag and size. */
function derHeadSize(der: Uint8Array): number {
  const size = der[1] ?? 0;
  return size < 0x80 ? 2 : 2 + size - 0x80;
}

/** Bytes followed by zeros. */
export function padded(bytes: Uint8Array, size: number): Uint8Array {
  return concat([bytes, new Uint8Array(size - bytes.length)]);
}
