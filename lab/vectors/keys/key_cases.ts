import { concat } from "@std/bytes";
import { decodeHex, encodeHex } from "@std/encoding";
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { ClauseId } from "../../../kit/clauses.ts";
import { PUBLIC_KEY_SIZE } from "../../../shared/wire/protocol.ts";
import noa from "../../recordings/noa.json" with { type: "json" };
import { padded, pkcs1Of, withoutNull } from "./key_forms.ts";
import material from "../material.json" with { type: "json" };
import { anna, ben, clara, dan } from "../people.ts";
import type { KeyMeaning, KeyVector, Verdict } from "../vector.ts";

type Format = NonNullable<KeyMeaning["format"]>;

const { exponent65537, rsa512, rsa1016, rsa2048 } = material.keys;
const NO_KEY: KeyMeaning = {};

/** Public and private keys, as they are registered and kept. */
export function keyCases(): KeyVector[] {
  return [...publicKeys(), ...brokenPublicKeys(), ...privateKeys()];
}

function keyCase(
  of: KeyVector["of"],
  verdict: Verdict,
  [name, about, bytes, meaning]: readonly [
    name: string,
    about: string,
    bytes: Uint8Array,
    meaning: KeyMeaning,
  ],
): KeyVector {
  return {
    name: `${of}-key-${name}`,
    about,
    of,
    verdict,
    bytes: encodeHex(bytes),
    meaning,
  };
}

type Case = Parameters<typeof keyCase>[2];

function publicKeys(): KeyVector[] {
  const keys: Case[] = [
    [
      "exponent-3",
      "RSA-1024 with the exponent 3: Ben's of docs/protocol.md.",
      ben.publicKey,
      meaningOf(ben.publicKey, "spki"),
    ],
    [
      "exponent-3-by-openssl",
      "RSA-1024 with the exponent 3, as OpenSSL 3.0 wrote it.",
      dan.publicKey,
      meaningOf(dan.publicKey, "spki"),
    ],
    [
      "exponent-17",
      "RSA-1024 with the exponent 17, as Crypto++ 8.7 wrote it.",
      clara.publicKey,
      meaningOf(clara.publicKey, "spki"),
    ],
    [
      "without-null",
      "RSA-1024 whose algorithm lacks its NULL: 158 bytes of DER, and two zeros pad them.",
      padded(withoutNull(anna.publicKey), PUBLIC_KEY_SIZE),
      meaningOf(anna.publicKey, "spki"),
    ],
  ];
  return keys.map((key) => keyCase("public", "valid", key));
}

function brokenPublicKeys(): KeyVector[] {
  const odd = (
    name: string,
    about: string,
    der: string,
    size?: number,
  ): Case => [
    name,
    about,
    padded(decodeHex(der), size ?? der.length / 2),
    meaningOf(decodeHex(der), "spki"),
  ];
  const keys: Case[] = [
    odd(
      "exponent-65537",
      "RSA-1024 with the exponent 65537: 162 bytes, two more than there is room for.",
      exponent65537.publicKey,
    ),
    [
      "exponent-65537-cut",
      "The same cut to 160 bytes, within its exponent.",
      decodeHex(exponent65537.publicKey).subarray(0, PUBLIC_KEY_SIZE),
      NO_KEY,
    ],
    odd(
      "rsa-512",
      "RSA-512, which zeros pad to 160 bytes.",
      rsa512.publicKey,
      PUBLIC_KEY_SIZE,
    ),
    odd(
      "rsa-1016",
      "RSA-1016: a byte less of modulus, and a zero pads it.",
      rsa1016.publicKey,
      PUBLIC_KEY_SIZE,
    ),
    odd("rsa-2048", "RSA-2048, in 292 bytes.", rsa2048.publicKey),
    odd(
      "200-bytes",
      "A good key that zeros pad to 200 bytes.",
      encodeHex(anna.publicKey),
      200,
    ),
    [
      "without-null-dirty",
      "A key without its algorithm's NULL that other than zeros pad.",
      concat([withoutNull(anna.publicKey), new Uint8Array([0, 1])]),
      meaningOf(anna.publicKey, "spki"),
    ],
    [
      "pkcs1",
      "RSA-1024 as the RSAPublicKey of PKCS#1, which zeros pad to 160 bytes.",
      padded(pkcs1Of(anna.publicKey), PUBLIC_KEY_SIZE),
      meaningOf(pkcs1Of(anna.publicKey), "pkcs1"),
    ],
    [
      "private",
      "A private key, as PKCS#8.",
      ben.privateKey,
      meaningOf(ben.privateKey, "pkcs8"),
    ],
    [
      "pem",
      "The first 160 bytes of a key as PEM.",
      new TextEncoder().encode(pem(anna.publicKey)).subarray(
        0,
        PUBLIC_KEY_SIZE,
      ),
      NO_KEY,
    ],
    [
      "none",
      "No DER: each byte is 11.",
      new Uint8Array(160).fill(0x11),
      NO_KEY,
    ],
  ];
  return keys.map((key) => keyCase("public", "PUB-1", key));
}

function privateKeys(): KeyVector[] {
  const recorded = decodeHex(noa.clients.alice.private_key_pkcs8_hex);
  const sound: Case[] = [
    [
      "exponent-3",
      "The other half of public-key-exponent-3.",
      ben.privateKey,
      meaningOf(ben.privateKey, "pkcs8"),
    ],
    [
      "exponent-17",
      "The other half of public-key-exponent-17, as Crypto++ 8.7 wrote it.",
      clara.privateKey,
      meaningOf(clara.privateKey, "pkcs8"),
    ],
    [
      "recorded",
      "The key of a C++ client with Crypto++ 8.7.",
      recorded,
      meaningOf(recorded, "pkcs8"),
    ],
  ];
  const broken: Case[] = [
    [
      "pkcs1",
      "The RSAPrivateKey of PKCS#1, which PKCS#8 would wrap.",
      pkcs1Of(ben.privateKey),
      meaningOf(pkcs1Of(ben.privateKey), "pkcs1"),
    ],
    [
      "cut",
      "A key without its last byte.",
      ben.privateKey.subarray(0, -1),
      NO_KEY,
    ],
    [
      "public",
      "A public key.",
      ben.publicKey,
      meaningOf(ben.publicKey, "spki"),
    ],
  ];
  const clause: ClauseId = "IDF-1";
  return [
    ...sound.map((key) => keyCase("private", "valid", key)),
    ...broken.map((key) => keyCase("private", clause, key)),
  ];
}

/** What a key's DER says. */
function meaningOf(der: Uint8Array, format: Format): KeyMeaning {
  const { n = "", e = "" } = keyObject(der, format).export({ format: "jwk" });
  const modulus = decodeBase64Url(n);
  return {
    format,
    bits: 8 * modulus.length,
    exponent: decodeBase64Url(e).reduce((value, byte) => value * 256 + byte, 0),
    modulus: encodeHex(modulus),
  };
}

function keyObject(der: Uint8Array, format: Format): KeyObject {
  const key = der as never;
  if (format === "spki") {
    return createPublicKey({ key, format: "der", type: "spki" });
  }
  // A private RSAPrivateKey has nine numbers, a public one two.
  return format === "pkcs8" || der.length > 2 * PUBLIC_KEY_SIZE
    ? createPrivateKey({ key, format: "der", type: format })
    : createPublicKey({ key, format: "der", type: "pkcs1" });
}

const decodeBase64Url = (text: string) =>
  Uint8Array.fromBase64(text, { alphabet: "base64url" });

/** A public key as PEM. */
function pem(spki: Uint8Array): string {
  const lines = spki.toBase64().match(/.{1,64}/g) ?? [];
  return `-----BEGIN PUBLIC KEY-----\n${lines.join("\n")}\n`;
}
