import { decodeHex, encodeHex } from "@std/encoding";
import { MessageType } from "../../../shared/wire/protocol.ts";
import cryptopp from "../../recordings/cryptopp.json" with { type: "json" };
import noa from "../../recordings/noa.json" with { type: "json" };
import material from "../material.json" with { type: "json" };
import { ben, clara } from "../people.ts";
import type { CiphertextVector, ContentMeaning } from "../vector.ts";

const { encrypted, wrong } = material;

/** Contents of type 2. */
export function symmetricKeyCases(): CiphertextVector[] {
  return [...soundKeys(), ...brokenKeys()];
}

function soundKeys(): CiphertextVector[] {
  const key = (
    name: string,
    about: string,
    { privateKey }: { privateKey: Uint8Array },
    { content, key }: { content: string; key: string },
  ): CiphertextVector => ({
    name: `symmetric-key-${name}`,
    about,
    type: MessageType.Key,
    key: encodeHex(privateKey),
    verdict: "valid",
    bytes: content,
    meaning: { plaintext: key },
  });
  const byCryptopp = (description: string) => {
    const found = cryptopp.rsa_oaep_sha1.find((vector) =>
      vector.description === description
    );
    return {
      content: found?.ciphertext_hex ?? "",
      key: found?.plaintext_hex ?? "",
    };
  };
  const [recorded] = noa.symmetric_keys;
  const alice = decodeHex(noa.clients.alice.private_key_pkcs8_hex);
  return [
    key(
      "by-our-client",
      "The example of docs/protocol.md.",
      ben,
      encrypted.byOurClient,
    ),
    key("by-openssl", "Encrypted by OpenSSL 3.0.", ben, encrypted.firstForBen),
    key(
      "by-openssl-for-17",
      "Encrypted by OpenSSL 3.0 for a key with the exponent 17.",
      clara,
      encrypted.forClara,
    ),
    key(
      "by-cryptopp",
      "Encrypted by Crypto++ 8.7.",
      clara,
      byCryptopp("random 5"),
    ),
    key(
      "by-cryptopp-again",
      "The same key encrypted again by Crypto++ 8.7: other bytes.",
      clara,
      byCryptopp("random 5, encrypted a second time"),
    ),
    key(
      "all-zero",
      "A key of zeros, encrypted by Crypto++ 8.7.",
      clara,
      byCryptopp("all zero"),
    ),
    key("recorded", "What a C++ client with Crypto++ 8.7 sent.", {
      privateKey: alice,
    }, {
      content: recorded?.encrypted_hex ?? "",
      key: recorded?.key_hex ?? "",
    }),
  ];
}

function brokenKeys(): CiphertextVector[] {
  const good = decodeHex(encrypted.firstForBen.content);
  const raw = decodeHex(encrypted.firstForBen.key);
  const key = (
    name: string,
    about: string,
    content: Uint8Array | string,
    meaning: ContentMeaning = {},
  ): CiphertextVector => ({
    name: `symmetric-key-${name}`,
    about,
    type: MessageType.Key,
    key: encodeHex(ben.privateKey),
    verdict: "RSA-1",
    bytes: typeof content === "string" ? content : encodeHex(content),
    meaning,
  });
  const another = encrypted.secondForBen.key;
  return [
    key(
      "pkcs1-v1-5",
      "Padded as PKCS#1 v1.5, not OAEP, by OpenSSL 3.0.",
      wrong.pkcs1,
    ),
    key("unpadded", "Not padded at all, by OpenSSL 3.0.", wrong.textbook),
    key("oaep-sha-256", "OAEP with SHA-256, by OpenSSL 3.0.", wrong.sha256),
    key(
      "oaep-label",
      "OAEP with the label MessageU, by OpenSSL 3.0.",
      wrong.label,
    ),
    key("of-32-bytes", "A key of 32 bytes, as AES-256 has.", wrong.key32, {
      plaintext: encrypted.firstForBen.key + another,
    }),
    key("of-15-bytes", "A key of 15 bytes.", wrong.key15, {
      plaintext: encodeHex(raw.subarray(0, 15)),
    }),
    key("for-another", "For another's public key.", encrypted.forClara.content),
    key(
      "one-bit-off",
      "A good one with its last bit turned.",
      good.map((byte, at) => at === good.length - 1 ? byte ^ 1 : byte),
    ),
    key("rsa-2048", "For a key of RSA-2048: 256 bytes.", wrong.rsa2048),
    key("not-encrypted", "The 16 bytes of the key itself.", raw),
  ];
}
