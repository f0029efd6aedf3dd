import { createPublicKey } from "node:crypto";
import { derSize } from "../../shared/crypto/crypto.ts";
import { type Case, type Problem, problem } from "./problem.ts";

/** Bits of the keys that the protocol has. */
const KEY_BITS = 1024;

/**
 * Bits of the RSA key whose SubjectPublicKeyInfo these bytes are, zeros behind
 * it aside; undefined where they are none.
 */
export function keySize(bytes: Uint8Array): number | undefined {
  const der = bytes.subarray(0, derSize(bytes) ?? 0);
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({
      key: Uint8Array.from(der) as never,
      format: "der",
      type: "spki",
    });
    return asymmetricKeyType === "rsa"
      ? asymmetricKeyDetails?.modulusLength
      : undefined;
  } catch {
    // Anything may stand there, and whatever isn't read is no key.
    return undefined;
  }
}

/** What a public key breaks. */
export function keyProblems({ piece }: Case): Problem[] {
  const bits = keySize(piece.bytes);
  if (bits === undefined) {
    return [problem("PUB-1", "no SubjectPublicKeyInfo of RSA in DER")];
  }
  if (bits !== KEY_BITS) {
    return [problem("PUB-1", `expected RSA-${KEY_BITS}, got RSA-${bits}`)];
  }
  const padding = piece.bytes.subarray(derSize(piece.bytes));
  return padding.every((byte) => byte === 0)
    ? []
    : [problem("PUB-1", "other than zeros behind the key's DER")];
}
