import { concat } from "@std/bytes";
import { decodeHex, encodeHex } from "@std/encoding";
import type { ClauseId } from "../../../kit/clauses.ts";
import { MessageType } from "../../../shared/wire/protocol.ts";
import cryptopp from "../../recordings/cryptopp.json" with { type: "json" };
import noa from "../../recordings/noa.json" with { type: "json" };
import { utf8 } from "../frames/frames.ts";
import { decrypt, encrypt } from "./legacy_cipher.ts";
import material from "../material.json" with { type: "json" };
import type { CiphertextVector, Verdict } from "../vector.ts";

/** The symmetric key of docs/protocol.md. */
const KEY = decodeHex(material.encrypted.byOurClient.key);
const ANOTHER_KEY = decodeHex(material.encrypted.firstForBen.key);

/** Contents of the types 3 and 4. */
export function contentCases(): CiphertextVector[] {
  return [...texts(), ...files(), ...brokenContents()];
}

/**
 * The content of a text or a file.
 *
 * @param text what is shown of a text that can be read
 */
function content(
  verdict: Verdict,
  [name, about, bytes, key = KEY]: readonly [
    name: string,
    about: string,
    bytes: Uint8Array,
    key?: Uint8Array,
  ],
  type: MessageType = MessageType.Text,
  text?: string,
): CiphertextVector {
  const plaintext = decrypt(key, bytes);
  return {
    name: `${type === MessageType.Text ? "text" : "file"}-${name}`,
    about,
    type,
    key: encodeHex(key),
    verdict,
    bytes: encodeHex(bytes),
    meaning: plaintext === undefined ? {} : {
      plaintext: encodeHex(plaintext),
      ...text === undefined ? {} : { text },
    },
  };
}

function texts(): CiphertextVector[] {
  const text = (
    name: string,
    about: string,
    plaintext: string,
    shown: string = plaintext,
  ) => {
    const bytes = encrypt(KEY, utf8(plaintext));
    return content("valid", [name, about, bytes], MessageType.Text, shown);
  };
  const digits = "12345678901234567";
  const recorded = noa.plaintexts.find(({ request_order }) =>
    request_order === 53
  );
  return [
    text("hello", "The example of docs/protocol.md.", "Hello Ben! 🎉"),
    text("empty", "A text of 0 bytes is a block of padding.", ""),
    text("1-byte", "15 bytes of padding.", digits.slice(0, 1)),
    text("15-bytes", "1 byte of padding.", digits.slice(0, 15)),
    text("16-bytes", "A whole block, and one of padding.", digits.slice(0, 16)),
    text("17-bytes", "A byte more than a block.", digits),
    text("hebrew", "Hebrew, 2 bytes a letter.", "שלום, מה שלומך?"),
    text("emoji", "Emoji, some of several characters.", "👩‍💻🎉 👍🏽"),
    text(
      "trailing-nul",
      "A NUL ends it, as some clients send their C strings: it isn't shown.",
      "Hello Ben!\0",
      "Hello Ben!",
    ),
    content(
      "valid",
      [
        "recorded",
        "What a C++ client with Crypto++ 8.7 sent.",
        decodeHex(recorded?.ciphertext_hex ?? ""),
        decodeHex(recorded?.key_hex ?? ""),
      ],
      MessageType.Text,
      recorded?.plaintext_utf8 ?? "",
    ),
  ];
}

function files(): CiphertextVector[] {
  const byCryptopp = cryptopp.aes_128_cbc_zero_iv.slice(0, 5).map((vector) => {
    const size = vector.length === 1 ? "1 byte" : `${vector.length} bytes`;
    return content("valid", [
      `${size.replace(" ", "-")}-by-cryptopp`,
      `A file of ${size}, encrypted by Crypto++ 8.7.`,
      decodeHex(vector.ciphertext_hex),
      decodeHex(vector.key_hex),
    ], MessageType.File);
  });
  const all = Uint8Array.from({ length: 256 }, (_, at) => at);
  return [
    ...byCryptopp,
    content("valid", [
      "every-byte",
      "A file of all values of a byte.",
      encrypt(KEY, all),
    ], MessageType.File),
  ];
}

function brokenContents(): CiphertextVector[] {
  const plaintext = utf8("Hello Ben! 🎉");
  const iv = decodeHex("000102030405060708090a0b0c0d0e0f");
  const good = encrypt(KEY, plaintext);
  const twoBlocks = utf8("a text of two blocks");
  const broken = (
    clause: ClauseId,
    name: string,
    about: string,
    bytes: Uint8Array,
    text?: string,
  ) => content(clause, [name, about, bytes], MessageType.Text, text);
  const aes = (name: string, about: string, bytes: Uint8Array) =>
    broken("AES-1", name, about, bytes);
  /** Encrypts blocks that are padded already. */
  const padded = (...padding: number[]) =>
    encrypt(KEY, concat([utf8("Hello Ben!!!"), new Uint8Array(padding)]), {
      pads: false,
    });
  return [
    broken(
      "MSG-2",
      "latin-1",
      "A text in Latin-1; who receives it reads it leniently.",
      encrypt(KEY, new Uint8Array([0x47, 0x72, 0xfc, 0xdf, 0x65])),
      "Gr\ufffd\ufffde",
    ),
    aes("padded-with-zeros", "Zeros pad it.", padded(0, 0, 0, 0)),
    aes("padding-0", "Its padding says 0 bytes.", padded(4, 4, 4, 0)),
    aes("padding-17", "Its padding says 17 bytes.", padded(17, 17, 17, 17)),
    aes(
      "not-padded",
      "A text of 16 bytes without a block of padding.",
      encrypt(KEY, utf8("1234567890123456"), { pads: false }),
    ),
    aes(
      "no-bytes",
      "No bytes: an empty text is a block too.",
      new Uint8Array(0),
    ),
    aes(
      "block-and-a-byte",
      "A byte follows the block.",
      concat([good, new Uint8Array([0])]),
    ),
    aes(
      "second-block-alone",
      "The first of two blocks is missing.",
      encrypt(KEY, twoBlocks).subarray(16),
    ),
    aes(
      "under-another-key",
      "Encrypted under another key than the two share.",
      encrypt(ANOTHER_KEY, plaintext),
    ),
    aes(
      "iv-not-zero",
      "Encrypted with another IV than zeros: the first block comes out wrong.",
      encrypt(KEY, twoBlocks, { iv }),
    ),
    aes(
      "iv-in-front",
      "Encrypted with another IV, which is sent in front: a block too many comes out.",
      concat([iv, encrypt(KEY, plaintext, { iv })]),
    ),
  ];
}
