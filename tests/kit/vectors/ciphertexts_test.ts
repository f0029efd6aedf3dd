import { assert, assertEquals } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding";
import {
  constants,
  createDecipheriv,
  createPrivateKey,
  privateDecrypt,
} from "node:crypto";
import { ContactKeys, openMessage } from "../../../client/session/opening.ts";
import { MemoryContent } from "../../../client/session/batch.ts";
import {
  DecryptError,
  decryptKey,
  exportSymmetricKey,
  importPrivateKey,
  importSymmetricKey,
  legacyDecrypt,
  legacyEncrypt,
} from "../../../shared/crypto/crypto.ts";
import {
  type ClientId,
  type MessageId,
  MessageType,
} from "../../../shared/wire/protocol.ts";
import { ben } from "../../../lab/vectors/people.ts";
import type { CiphertextVector } from "../../../lab/vectors/vector.ts";
import { FILES, testWith } from "../../support/test_with.ts";
import { bytesOf, readVectors } from "../../support/wire/vectors.ts";

const ofType = async (...types: number[]) => {
  const vectors = (await readVectors("ciphertexts"))
    .filter(({ type }) => types.includes(type));
  assert(vectors.length > 0);
  return vectors;
};

/** What is decrypted, in hex; undefined where that can't be done. */
async function orUndefined(
  decrypt: () => Promise<Uint8Array> | Uint8Array,
): Promise<string | undefined> {
  try {
    return encodeHex(await decrypt());
  } catch (error) {
    if (error instanceof DecryptError) return undefined;
    throw error;
  }
}

testWith(
  FILES,
  "our client takes the symmetric keys that are valid, and no others",
  async () => {
    for (const vector of await ofType(MessageType.Key)) {
      const privateKey = await importPrivateKey(decodeHex(vector.key));
      const found = await orUndefined(async () =>
        await exportSymmetricKey(await decryptKey(privateKey, bytesOf(vector)))
      );
      const { plaintext } = vector.meaning;
      const isValid = vector.verdict === "valid";
      assertEquals(found, isValid ? plaintext : undefined, vector.name);
    }
  },
);

/** RSA-OAEP with SHA-1 by node:crypto; undefined where that can't be done. */
function rsaByNode({ key, bytes }: CiphertextVector): string | undefined {
  const privateKey = createPrivateKey({
    key: decodeHex(key) as never,
    format: "der",
    type: "pkcs8",
  });
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  try {
    return encodeHex(
      privateDecrypt(
        { key: privateKey, padding, oaepHash: "sha1" },
        decodeHex(bytes),
      ),
    );
  } catch {
    return undefined;
  }
}

testWith(
  FILES,
  "node:crypto decrypts symmetric keys to their meaning",
  async () => {
    for (const vector of await ofType(MessageType.Key)) {
      const { plaintext } = vector.meaning;
      assertEquals(rsaByNode(vector), plaintext, vector.name);
      // 128 bytes, of 16: nothing else is a key.
      const fits = vector.bytes.length === 256 && plaintext?.length === 32;
      assertEquals(fits, vector.verdict === "valid", vector.name);
    }
  },
);

testWith(
  FILES,
  "our client decrypts texts and files to their meaning, and encrypts the same",
  async () => {
    for (const vector of await ofType(MessageType.Text, MessageType.File)) {
      const key = await importSymmetricKey(decodeHex(vector.key));
      const { plaintext } = vector.meaning;
      const found = await orUndefined(() =>
        legacyDecrypt(key, bytesOf(vector))
      );
      assertEquals(found, plaintext, vector.name);
      if (plaintext === undefined) continue;
      const again = encodeHex(await legacyEncrypt(key, decodeHex(plaintext)));
      assertEquals(again, vector.bytes, vector.name);
    }
  },
);

/** AES-128-CBC by node:crypto, with its padding taken off here. */
function aesByNode({ key, bytes }: CiphertextVector): string | undefined {
  if (bytes.length === 0 || bytes.length % 32 !== 0) return undefined;
  const decipher = createDecipheriv(
    "aes-128-cbc",
    decodeHex(key),
    new Uint8Array(16),
  );
  decipher.setAutoPadding(false);
  const padded = decipher.update(bytes, "hex", "hex") + decipher.final("hex");
  const size = parseInt(padded.slice(-2), 16);
  const padding = padded.slice(padded.length - 2 * size);
  const isPadding = size >= 1 && size <= 16 &&
    padding === padded.slice(-2).repeat(size);
  return isPadding ? padded.slice(0, -2 * size) : undefined;
}

testWith(
  FILES,
  "node:crypto decrypts texts and files to their meaning",
  async () => {
    for (const vector of await ofType(MessageType.Text, MessageType.File)) {
      const { name, verdict, meaning } = vector;
      assertEquals(aesByNode(vector), meaning.plaintext, name);
      const isReadable = meaning.plaintext !== undefined;
      if (verdict !== "AES-1") assert(isReadable, name);
      // Another IV than zeros shows in no form: the plaintext is another.
      else assertEquals(isReadable, name.startsWith("text-iv-"), name);
    }
  },
);

testWith(
  FILES,
  "our client shows each text as in its meaning",
  async () => {
    const privateKey = await importPrivateKey(ben.privateKey);
    let shown = 0;
    for (const vector of await ofType(MessageType.Text)) {
      const { name, verdict, meaning, type } = vector;
      const key = await importSymmetricKey(decodeHex(vector.key));
      const message = {
        sender: new Uint8Array(16) as Uint8Array as ClientId,
        messageId: 1 as MessageId,
        type,
        content: new MemoryContent(bytesOf(vector)),
      };
      const { kind, text } = await openMessage(
        message,
        new ContactKeys([key], key),
        privateKey,
        true,
      );
      if (meaning.plaintext === undefined) {
        assertEquals(kind, "unreadable", name);
      } else if (verdict !== "AES-1") {
        assertEquals(text, meaning.text, name);
        assertEquals(
          isUtf8(decodeHex(meaning.plaintext)),
          verdict === "valid",
          name,
        );
        shown++;
      }
    }
    assert(shown > 0);
  },
);

function isUtf8(bytes: Uint8Array): boolean {
  return bytes.toBase64() ===
    new TextEncoder().encode(new TextDecoder().decode(bytes)).toBase64();
}
