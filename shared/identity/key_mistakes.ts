/**
 * What people give for a private key that is none, or none that can be used
 * as it is.
 *
 * @module
 */

import { IdentityError } from "./identity_error.ts";

/** A public key, or a certificate with one. */
export function publicKeyMistake(kind: string): IdentityError {
  return new IdentityError(
    `the private key is really a ${kind}`,
    "Nothing can be decrypted with that: look for the private key, which some programs keep in a file of its own",
  );
}

/** A key with a passphrase. */
export function encryptedKeyMistake(): IdentityError {
  return new IdentityError(
    "the private key is encrypted with a passphrase",
    "Take that off in a copy first: openssl pkey -in KEY.pem -out OPEN.pem",
  );
}

/** A key in OpenSSH's own form. */
export function openSshMistake(): IdentityError {
  return new IdentityError(
    "the private key is in OpenSSH's own form, which no MessageU program writes",
    "If it is the right one nevertheless: ssh-keygen -p -m PKCS8 -f COPY turns a copy into PEM",
  );
}

/** A key that has lost something. */
export function damagedKeyMistake(how: string, cause?: unknown): IdentityError {
  return new IdentityError(
    `the private key is damaged: ${how}`,
    "Copy the file again, as a whole, from where it is good",
    { cause },
  );
}
