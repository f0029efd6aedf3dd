/**
 * DER that isn't the PKCS#8 of an RSA key: what it is, told by whether the
 * runtime reads it as that.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import {
  createPrivateKey,
  createPublicKey,
  X509Certificate,
} from "node:crypto";
import { IdentityError } from "./identity_error.ts";
import {
  damagedKeyMistake,
  encryptedKeyMistake,
  publicKeyMistake,
} from "./key_mistakes.ts";

/** PKCS#8 of an RSA key in PKCS#1; undefined where it is none. */
export function pkcs8OfPkcs1(der: Uint8Array): Uint8Array | undefined {
  return attempt(() =>
    createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs1" })
      .export({ format: "der", type: "pkcs8" })
  );
}

/** Says what a DER is that is no private RSA key. */
export function nameDer(der: Uint8Array): IdentityError {
  const key = Buffer.from(der);
  const isPublic = (type: "spki" | "pkcs1") =>
    attempt(() => createPublicKey({ key, format: "der", type })) !== undefined;
  if (isPublic("spki") || isPublic("pkcs1")) {
    return publicKeyMistake("public key");
  }
  if (attempt(() => new X509Certificate(key)) !== undefined) {
    return publicKeyMistake("certificate");
  }
  if (isEncrypted(key)) return encryptedKeyMistake();
  const kindOf = (type: "pkcs8" | "sec1") =>
    attempt(() => createPrivateKey({ key, format: "der", type }))
      ?.asymmetricKeyType;
  const kind = kindOf("pkcs8") ?? kindOf("sec1");
  if (kind === undefined) {
    return damagedKeyMistake(
      `its ${der.length} bytes are no key that is known`,
    );
  }
  return new IdentityError(
    `the private key is one of ${kind.toUpperCase()}, expected RSA`,
    "Look for the key that was registered",
  );
}

function isEncrypted(key: Buffer): boolean {
  try {
    createPrivateKey({ key, format: "der", type: "pkcs8" });
    return false;
  } catch (error) {
    return (error as { code?: unknown }).code === "ERR_MISSING_PASSPHRASE";
  }
}

/** What a reader makes of it; undefined where that is none of its kind. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    // Another one may read it.
    return undefined;
  }
}
