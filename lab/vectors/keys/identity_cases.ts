import { encodeHex } from "@std/encoding";
import noa from "../../recordings/noa.json" with { type: "json" };
import cryptopp from "../../recordings/cryptopp.json" with { type: "json" };
import { pkcs1Of } from "./key_forms.ts";
import { ben, clara } from "../people.ts";
import type { IdentityMeaning, IdentityVector } from "../vector.ts";

const id = encodeHex(ben.clientId);
const key = ben.privateKey.toBase64();
const dashed = id.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
/** What all files that can be read say, but for some. */
const BEN: IdentityMeaning = {
  name: ben.name,
  clientId: id,
  privateKey: encodeHex(ben.privateKey),
};

/** The lines of a file, each ended. */
const lines = (...lines: string[]) => lines.map((line) => `${line}\n`).join("");
/** A text in lines of so many characters. */
const wrapped = (text: string, width: number, end = "\n") =>
  text.match(new RegExp(`.{1,${width}}`, "g"))?.join(end) ?? "";

/** Identity files as programs write them, and such as can't be read. */
export function identityCases(): IdentityVector[] {
  return [...canonical(), ...others(), ...odd(), ...broken()];
}

function identityCase(
  name: string,
  about: string,
  file: string | Uint8Array,
  rest: Pick<IdentityVector, "canonical" | "verdict" | "meaning">,
): IdentityVector {
  const bytes = typeof file === "string"
    ? new TextEncoder().encode(file)
    : file;
  const { canonical, verdict, meaning } = rest;
  return {
    name: `identity-${name}`,
    about,
    canonical,
    verdict,
    bytes: encodeHex(bytes),
    meaning,
  };
}

function canonical(): IdentityVector[] {
  const file = (name: string, about: string, text: string, meaning = BEN) =>
    identityCase(name, about, text, {
      canonical: true,
      verdict: "valid",
      meaning,
    });
  const { alice } = noa.clients;
  const longest = "n".repeat(254);
  return [
    file("ben", "The example of docs/protocol.md.", lines("ben", id, key)),
    file(
      "clara",
      "A key with the exponent 17, as Crypto++ 8.7 wrote it without line breaks.",
      lines(
        "clara",
        encodeHex(clara.clientId),
        cryptopp.rsa.private_base64_no_breaks,
      ),
      {
        name: clara.name,
        clientId: encodeHex(clara.clientId),
        privateKey: encodeHex(clara.privateKey),
      },
    ),
    file("longest-name", "A name of 254 bytes.", lines(longest, id, key), {
      ...BEN,
      name: longest,
    }),
    file("recorded", "As a C++ client wrote it.", alice.info_file_text, {
      name: alice.username,
      clientId: alice.client_id_hex,
      privateKey: alice.private_key_pkcs8_hex,
    }),
  ];
}

function others(): IdentityVector[] {
  const file = (name: string, about: string, text: string, meaning = BEN) =>
    identityCase(name, about, text, {
      canonical: false,
      verdict: "valid",
      meaning,
    });
  const good = lines("ben", id, key);
  return [
    file(
      "wrapped-72",
      "A key in lines of 72 characters, as Crypto++ 8.7's Base64Encoder breaks it by default.",
      lines("clara", encodeHex(clara.clientId)) +
        cryptopp.rsa.private_base64_default,
      {
        name: clara.name,
        clientId: encodeHex(clara.clientId),
        privateKey: encodeHex(clara.privateKey),
      },
    ),
    file(
      "wrapped-64",
      "A key in lines of 64 characters.",
      lines("ben", id, wrapped(key, 64)),
    ),
    file("crlf", "Lines end in CR LF.", good.replaceAll("\n", "\r\n")),
    file("no-last-line-end", "Nothing ends the last line.", good.trimEnd()),
    file("blank-line-behind", "An empty line follows the key.", `${good}\n`),
    file(
      "upper-case-id",
      "An id in capitals.",
      lines("ben", id.toUpperCase(), key),
    ),
    file(
      "dashed-id",
      "An id with dashes, as UUIDs are printed.",
      lines("ben", dashed, key),
    ),
    file(
      "spaced-id",
      "An id with a blank behind each byte.",
      lines("ben", id.replaceAll(/../g, "$& "), key),
    ),
    file("nul-behind-name", "A NUL ends the name.", lines("ben\0", id, key)),
    file(
      "all-at-once",
      "NULs behind the name, an id in capitals with dashes, a wrapped key, CR LF and no last line end.",
      lines("ben\0\0", dashed.toUpperCase(), wrapped(key, 72))
        .replaceAll("\n", "\r\n").trimEnd(),
    ),
  ];
}

function odd(): IdentityVector[] {
  const file = (name: string, about: string, text: string | Uint8Array) =>
    identityCase(name, about, text, {
      canonical: false,
      verdict: "IDF-1",
      meaning: BEN,
    });
  return [
    file(
      "key-in-hex",
      "A key in hex.",
      lines("ben", id, encodeHex(ben.privateKey)),
    ),
    file(
      "key-pkcs1",
      "A key as the RSAPrivateKey of PKCS#1.",
      lines("ben", id, pkcs1Of(ben.privateKey).toBase64()),
    ),
    file(
      "binary",
      "The key's DER as it is, not in Base64.",
      new Uint8Array([
        ...new TextEncoder().encode(lines("ben", id)),
        ...ben.privateKey,
      ]),
    ),
  ];
}

function broken(): IdentityVector[] {
  const file = (name: string, about: string, text: string) =>
    identityCase(name, about, text, {
      canonical: false,
      verdict: "IDF-1",
      meaning: {},
    });
  return [
    file("empty", "No bytes.", ""),
    file("name-alone", "A name, and nothing below it.", lines("ben")),
    file("no-key", "Name and id without a key.", lines("ben", id)),
    file("name-empty", "The name's line is empty.", lines("", id, key)),
    file("id-short", "An id of 31 digits.", lines("ben", id.slice(1), key)),
    file(
      "id-no-hex",
      "A letter among the id's digits that is none.",
      lines("ben", id.replace("5", "g"), key),
    ),
    file(
      "key-cut",
      "A key that lacks its second half.",
      lines("ben", id, key.slice(0, 424)),
    ),
    file(
      "key-no-base64",
      "A character in the key that Base64 doesn't have.",
      lines("ben", id, key.replace("M", "*")),
    ),
    file(
      "public-key",
      "A public key in the private one's place.",
      lines("ben", id, ben.publicKey.toBase64()),
    ),
  ];
}
