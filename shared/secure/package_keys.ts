/**
 * The key pairs of packages: X25519 and ML-KEM-768 as the runtime makes them.
 *
 * @module
 */

/** A key pair as bytes. */
export interface KeyBytes {
  /** The public half: 32 bytes of X25519, 1,184 of ML-KEM-768. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /** The private half: 32 bytes of X25519, the seed of 64 bytes of ML-KEM-768. */
  readonly privateKey: Uint8Array<ArrayBuffer>;
}

/** Makes an X25519 key pair. */
export async function generateAgreementKey(): Promise<KeyBytes> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(
    "X25519",
    true,
    ["deriveBits"],
  ) as CryptoKeyPair;
  const { d = "" } = await crypto.subtle.exportKey("jwk", privateKey);
  return {
    publicKey: await raw("raw", publicKey),
    privateKey: Uint8Array.fromBase64(d, { alphabet: "base64url" }),
  };
}

/** Makes an ML-KEM-768 key pair. */
export async function generateKemKey(): Promise<KeyBytes> {
  // The runtime has the algorithm, but not its types.
  const usages = ["encapsulateBits", "decapsulateBits"] as string[];
  const { privateKey, publicKey } = await crypto.subtle.generateKey(
    "ML-KEM-768",
    true,
    usages as KeyUsage[],
  ) as CryptoKeyPair;
  return {
    publicKey: await raw("raw-public", publicKey),
    privateKey: await raw("raw-seed", privateKey),
  };
}

async function raw(
  format: string,
  key: CryptoKey,
): Promise<Uint8Array<ArrayBuffer>> {
  const exported = await crypto.subtle.exportKey(format as "raw", key);
  return new Uint8Array(exported);
}
