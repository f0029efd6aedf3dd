import { FormatError } from "../wire/format_error.ts";

/** Advice for a file with another layout. */
export const EXPECTED =
  "Expected the name, the id and the private key, each on a line";

/**
 * An identity file is invalid. The message names the line and the problem, and
 * never contains a part of a key.
 */
export class IdentityError extends FormatError {
  override name = "IdentityError";
  /** What the user can do about it. */
  readonly advice: string;

  constructor(problem: string, advice: string, options?: ErrorOptions) {
    super(problem, options);
    this.advice = advice;
  }
}

/** The error for a public key or a certificate. */
export function publicKeyMistake(kind: string): IdentityError {
  return new IdentityError(
    `the private key is really a ${kind}`,
    "Nothing can be decrypted with that: look for the private key, which some programs keep in a file of its own",
  );
}

/** The error for a key with a passphrase. */
export function encryptedKeyMistake(): IdentityError {
  return new IdentityError(
    "the private key is encrypted with a passphrase",
    "Take that off in a copy first: openssl pkey -in KEY.pem -out OPEN.pem",
  );
}

/** The error for a key in OpenSSH's own form. */
export function openSshMistake(): IdentityError {
  return new IdentityError(
    "the private key is in OpenSSH's own form, which no MessageU program writes",
    "If it is the right one nevertheless: ssh-keygen -p -m PKCS8 -f COPY turns a copy into PEM",
  );
}

/** The error for an incomplete or inconsistent key. */
export function damagedKeyMistake(how: string, cause?: unknown): IdentityError {
  return new IdentityError(
    `the private key is damaged: ${how}`,
    "Copy the file again, as a whole, from where it is good",
    { cause },
  );
}
