/** Identity files that can't be used, and what is said of each. */

import { Buffer } from "node:buffer";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import {
  dashed,
  join,
  keyAs,
  privateKey,
  publicKeyAs,
} from "./identity_forms.ts";
import type { Somebody } from "./identity_forms.ts";

/** A file, and parts of what is said of it: what is wrong, and what to do. */
export interface Mistake {
  content: Uint8Array;
  says: string;
  advises: string;
}

/** A self-signed certificate of a key with 1024 bits. */
const CERTIFICATE =
  "MIIB/DCCAWWgAwIBAgIUdjqroiedTxbSCmOHYFX+kKgJdeAwDQYJKoZIhvcNAQELBQAwDzENMAsGA1UEAwwEYW5uYTAgFw0yNjExMjkxMjE2MzlaGA8yMTI2MTEwNTEyMTYzOVowDzENMAsGA1UEAwwEYW5uYTCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEA2aGV2juJM1OJcYGlkcKNcw1m/9iabm6f1qLMJYNYtkpU/nkWqzFtKRX1/7G/ejjKmqRCHYpwoP9FWJCr1bucilceGNYvKE2juwIkaBzVjrcIUiY5KaHhTNPibyoiPt1EhG23P0soZ+tYF+Xx8pde0pRR5iN0Xxj7yMv+abPve+kCAwEAAaNTMFEwHQYDVR0OBBYEFFF12DxUdIWW6o0lGnCFs7iyoY+NMB8GA1UdIwQYMBaAFFF12DxUdIWW6o0lGnCFs7iyoY+NMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADgYEATQFaX1p/j0u4n+jYaU/mczldLPHZY6QS5RkH1fi/m7B10y0WoJsPjCXmUI7vdu6NeEgjNex5A93Y2xdMx1uq/zL4377iuAxWwwXXroESJdGiykducTjFn9/QFVe6bgO0djJuR+J+fRBb3h6sRAhkde3HaaqHYSB8Q/rAItWyH2s=";

/** What can be wrong with the file of an identity. */
export function mistakesWith({ name, id, pkcs8 }: Somebody) {
  const key = pkcs8.toBase64();
  const withKey = (text: string) => `${name}\n${id}\n${text}\n`;
  const withId = (text: string) => `${name}\n${text}\n${key}\n`;
  const [spki, pkcs1] = [
    publicKeyAs(pkcs8, "spki"),
    publicKeyAs(pkcs8, "pkcs1"),
  ];
  const size = pkcs8.length;
  const encrypted = privateKey(pkcs8).export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: "secret",
  }) as string;
  const old = keyAs(pkcs8, "pkcs1").pem.replace(
    "KEY-----\n",
    "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n",
  );
  const damaged = (at: number) => {
    const bytes = pkcs8.slice();
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes.toBase64();
  };
  const others = {
    ec: generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey,
    ed25519: generateKeyPairSync("ed25519").privateKey,
    small: generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey,
    large: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
  };
  const base64 = (other: KeyObject, type: "pkcs8" | "sec1" = "pkcs8") =>
    Buffer.from(other.export({ type, format: "der" })).toString("base64");
  const PUBLIC = "line 3: the private key is really a public key";
  const LOOK = "look for the private key";
  const cases: Record<string, [string | Uint8Array, string, string]> = {
    "nothing": ["", "it is empty: expected the user's name", "name, the id"],
    "blank lines": ["\n\r\n \0\n", "it is empty", "Expected the name"],
    "no name": [
      `\0x\n${id}\n${key}`,
      "line 1: expected the user's name, got none",
      "Expected",
    ],
    "an id for a name": [
      `${id}\n${key}\n`,
      "line 1: expected the user's name, got an id",
      "Expected",
    ],
    "a tab in the name": [
      `an\tna\n${id}\n${key}\n`,
      "line 1: expected the user's name, got control characters",
      "Expected",
    ],
    "a name that is too long": [
      `${"x".repeat(255)}\n${id}\n${key}\n`,
      "line 1: expected the user's name, got 255 bytes, of which 254",
      "Expected",
    ],
    "a name alone": [
      `${name}\n`,
      "line 2: expected the client id as 32 hex digits, got none",
      "after its user was registered",
    ],
    "an id that is too short": [
      withId(id.slice(2)),
      "got 30: it is too short",
      "look for the id elsewhere",
    ],
    "8 bytes of an id": [
      withId(id.slice(16)),
      "got 16: it is too short",
      "relay's database",
    ],
    "an id that is too long": [
      withId(`${dashed(id)}0`),
      "line 2: expected the client id as 32 hex digits, got 33: it is too long",
      "elsewhere",
    ],
    "an id that is a number": [
      withId("0x1"),
      "got 1: it is too short",
      "elsewhere",
    ],
    "an id that isn't hex": [
      withId(`${id.slice(1)}g`),
      "line 2: expected the client id as 32 hex digits, got other characters",
      "Expected",
    ],
    "an error for an id": [
      `Username: ${name}\nUUID: Error: no server\n`,
      "line 2: expected the client id as 32 hex digits, got other characters",
      "Expected",
    ],
    "an id of zeros": [
      withId("0".repeat(32)),
      "line 2: the client id is all zeros",
      "registered",
    ],
    "no id": [
      `${name}\n${key}\n`,
      "line 2: expected the client id as 32 hex digits, got a key",
      "between the name and the key",
    ],
    "no key": [
      `${name}\n${id}\n\n`,
      "line 3: there is no private key",
      "file of its own",
    ],
    "a key alone": [
      keyAs(pkcs8, "pkcs1").pem,
      "it holds a key alone",
      "two lines in front",
    ],
    "two identities": [
      withKey(key).repeat(2),
      "line 4: another identity begins behind the first",
      "file of their own",
    ],
    "a public key": [withKey(spki.der.toBase64()), PUBLIC, LOOK],
    "a public key in PEM": [withKey(spki.pem), PUBLIC, LOOK],
    "a public key as PKCS#1": [withKey(pkcs1.der.toBase64()), PUBLIC, LOOK],
    "a public key in raw bytes": [
      join(`${name}\n${id}\n`, spki.der),
      PUBLIC,
      LOOK,
    ],
    "a public key with zeros": [
      withKey(join(spki.der, new Uint8Array(4)).toBase64()),
      PUBLIC,
      LOOK,
    ],
    "a certificate": [
      withKey(CERTIFICATE),
      "line 3: the private key is really a certificate",
      LOOK,
    ],
    "a key that is cut off": [
      withKey(key.slice(0, 400)),
      `line 3: the private key is cut off: it has 300 of its ${size} bytes`,
      "as a whole",
    ],
    "a key cut within a byte": [
      withKey(key.slice(0, 401)),
      `it has 300 of its ${size} bytes`,
      "as a whole",
    ],
    "a key in hex digits that is cut off": [
      withKey(pkcs8.toHex().slice(0, 601)),
      `it has 300 of its ${size} bytes`,
      "as a whole",
    ],
    "a key in PEM that is cut off": [
      withKey(keyAs(pkcs8, "pkcs8").pem.slice(0, 400)),
      `of its ${size} bytes`,
      "as a whole",
    ],
    "a key in raw bytes that is cut off": [
      join(`${name}\n${id}\n`, pkcs8.subarray(0, 300)),
      `it has 300 of its ${size} bytes`,
      "as a whole",
    ],
    "a character behind the key": [
      withKey(pkcs8.toHex() + "3"),
      `a character is left over behind ${size} bytes`,
      "as a whole",
    ],
    "bytes behind the key": [
      withKey(join(pkcs8, "xx").toBase64()),
      `line 3: 2 other bytes follow the key's ${size}`,
      "Remove",
    ],
    "a remark behind the key": [
      withKey(`${key}\n# my key!`),
      "line 3: the private key has characters that are no Base64",
      "nothing behind it",
    ],
    "two private keys in PEM": [
      withKey(
        keyAs(pkcs8, "pkcs8").pem +
          others.small.export({ type: "pkcs1", format: "pem" }),
      ),
      "line 3: 2 private keys in PEM stand there",
      "Leave only the one that was registered",
    ],
    "a remark behind PEM": [
      withKey(`${keyAs(pkcs8, "pkcs8").pem}my key`),
      "line 3: other text stands beside the key in PEM",
      "Remove",
    ],
    "a damaged modulus": [
      withKey(damaged(40)),
      "line 3: the private key is damaged: its modulus isn't the product of its primes",
      "Copy the file again",
    ],
    "a damaged exponent": [
      withKey(damaged(200)),
      "line 3: the private key is damaged: its exponents don't fit its primes",
      "Copy the file again",
    ],
    "damaged DER": [
      withKey(damaged(4)),
      `line 3: the private key is damaged: its ${size} bytes are no key that is known`,
      "Copy the file again",
    ],
    "an encrypted key": [
      withKey(encrypted),
      "line 3: the private key is encrypted with a passphrase",
      "openssl pkey",
    ],
    "an encrypted key in DER": [
      withKey(encrypted.replaceAll(/-.*-|\s/g, "")),
      "line 3: the private key is encrypted with a passphrase",
      "openssl pkey",
    ],
    "an encrypted key of old": [
      withKey(old),
      "line 3: the private key is encrypted with a passphrase",
      "openssl pkey",
    ],
    "OpenSSH's key": [
      withKey(
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE=\n-----END OPENSSH PRIVATE KEY-----",
      ),
      "line 3: the private key is in OpenSSH's own form",
      "ssh-keygen",
    ],
    "OpenSSH's public key": [
      withKey("ssh-rsa AAAAB3NzaC1yc2E= anna@here"),
      "line 3: the private key is really a public key",
      LOOK,
    ],
    "a key of a curve": [
      withKey(base64(others.ec)),
      "line 3: the private key is one of EC, expected RSA",
      "that was registered",
    ],
    "a key of a curve in its own form": [
      withKey(base64(others.ec, "sec1")),
      "the private key is one of EC, expected RSA",
      "that was registered",
    ],
    "an Ed25519 key": [
      withKey(base64(others.ed25519)),
      "the private key is one of ED25519, expected RSA",
      "that was registered",
    ],
    "a key of 2048 bits": [
      withKey(base64(others.large)),
      "line 3: the private key has 2048 bits, expected RSA with 1024",
      "the one that was",
    ],
    "a symmetric key": [
      withKey(pkcs8.subarray(50, 66).toBase64()),
      "line 3: the private key's 16 bytes are no key",
      "PKCS#8",
    ],
    "an address": [
      "127.0.0.1:1357\n",
      "it holds a relay's address, as info.server does",
      "Expected",
    ],
    "a port": ["1357\n", "it holds a port, as info.myport does", "Expected"],
    "a large file": [
      new Uint8Array(70_000).fill(65),
      "it has more than 64 KiB",
      "Expected",
    ],
  };
  return Object.fromEntries(
    Object.entries(cases).map(([what, [content, says, advises]]) => [
      what,
      { content: join(content), says, advises } satisfies Mistake,
    ]),
  );
}
