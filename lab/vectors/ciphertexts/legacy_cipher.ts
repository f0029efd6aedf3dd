import { createCipheriv, createDecipheriv } from "node:crypto";
import { ZERO_IV } from "../../../shared/crypto/legacy_aes.ts";

const ALGORITHM = "aes-128-cbc";

/** How a content is encrypted. */
export interface CipherOptions {
  /** Default: zeros. */
  readonly iv?: Uint8Array;
  /** Whether PKCS#7 pads it. Default: true. */
  readonly pads?: boolean;
}

/** Encrypts with AES-128 in CBC mode, as AES-1 says or nearly so. */
export function encrypt(
  key: Uint8Array,
  plaintext: Uint8Array,
  options: CipherOptions = {},
): Uint8Array {
  const { iv = ZERO_IV, pads = true } = options;
  const cipher = createCipheriv(ALGORITHM, key, iv);
  cipher.setAutoPadding(pads);
  return new Uint8Array([...cipher.update(plaintext), ...cipher.final()]);
}

/** Decrypts as AES-1 says; undefined where that can't be done. */
export function decrypt(
  key: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array | undefined {
  // The runtime's takes it for an empty text.
  if (ciphertext.length === 0) return undefined;
  const decipher = createDecipheriv(ALGORITHM, key, ZERO_IV);
  try {
    return new Uint8Array([
      ...decipher.update(ciphertext),
      ...decipher.final(),
    ]);
  } catch {
    return undefined;
  }
}
