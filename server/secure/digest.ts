import { hash } from "node:crypto";

/**
 * SHA-256 of a payload, 32 bytes. It is there at once: requests that come
 * together must reach the store in their order, and share a commit.
 */
export function digestOf(payload: Uint8Array): Uint8Array {
  // A buffer from there costs more than the digest, and a collection later.
  return Uint8Array.fromHex(hash("sha256", payload, "hex"));
}
