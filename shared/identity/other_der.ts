/**
 * Identifies DER other than the PKCS#8 of an RSA key, by trying the runtime's
 * parsers.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import {
  createPrivateKey,
  createPublicKey,
  X509Certificate,
} from "node:crypto";
import {
  damagedKeyMistake,
  encryptedKeyMistake,
  IdentityError,
  publicKeyMistake,
} from "./identity_error.ts";

/** Converts an RSA key from PKCS#1 to PKCS#8; undefined if it is neither. */
export function pkcs8OfPkcs1(der: Uint8Array): Uint8Array | undefined {
  return attempt(() =>
    createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs1" })
      .export({ format: "der", type: "pkcs8" })
  );
}

/** The error for DER that isn't a private RSA key. */
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

/** The parser's result; undefined if it throws. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // Another parser may accept it.
  }
}
