import { assertEquals, assertRejects } from "@std/assert";
import { concat } from "@std/bytes";
import fc from "fast-check";
import { createCipheriv } from "node:crypto";
import {
  DecryptError,
  generateSymmetricKey,
  importSymmetricKey,
  legacyCiphertextSize,
  legacyDecrypt,
  legacyDecryptPieces,
  legacyEncrypt,
  legacyEncryptPieces,
} from "../../shared/crypto/crypto.ts";

const MIB = 1024 * 1024;

/** Sizes around the ends of blocks and pieces. */
const sizes = fc.oneof(
  fc.nat(300),
  fc.constantFrom(0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 256),
);
const cuts = fc.array(fc.nat(90), { minLength: 1, maxLength: 8 });
const pieceSizes = fc.constantFrom(16, 32, 48, 64, 128);
const rawKeys = fc.uint8Array({ minLength: 16, maxLength: 16 });

/** The bytes in parts of these sizes, in turn; some may be empty. */
async function* inParts(
  bytes: Uint8Array,
  parts: readonly number[],
): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const part = parts[i % parts.length] ?? 0;
    // The last of a round moves on, so that it ends.
    const size = i % parts.length === parts.length - 1 ? part + 1 : part;
    yield await Promise.resolve(bytes.slice(at, at + size));
    at += size;
  }
}

async function joined(pieces: AsyncIterable<Uint8Array>) {
  return concat(await Array.fromAsync(pieces));
}

function randomBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65536));
  }
  return bytes;
}

Deno.test("pieces are encrypted and decrypted as the whole is, and as node:crypto does it", async () => {
  await fc.assert(
    fc.asyncProperty(
      rawKeys,
      sizes,
      cuts,
      cuts,
      pieceSizes,
      async (raw, size, there, back, pieceSize) => {
        const key = await importSymmetricKey(raw);
        const plaintext = randomBytes(size);
        const sealed = await joined(
          legacyEncryptPieces(key, inParts(plaintext, there), pieceSize),
        );
        assertEquals(sealed, await legacyEncrypt(key, plaintext));
        assertEquals(sealed.length, legacyCiphertextSize(size));
        const cipher = createCipheriv("aes-128-cbc", raw, new Uint8Array(16));
        const theirs = concat([cipher.update(plaintext), cipher.final()]);
        assertEquals(sealed, theirs);
        const opened = legacyDecryptPieces(
          key,
          inParts(theirs, back),
          pieceSize,
        );
        assertEquals(await joined(opened), plaintext);
      },
    ),
  );
});

Deno.test("pieces of 1 MiB and one byte around their ends come back", async () => {
  const key = await generateSymmetricKey();
  for (const size of [MIB - 1, MIB, MIB + 1, 3 * MIB - 16, 3 * MIB + 5]) {
    const plaintext = randomBytes(size);
    const sealed = await joined(
      legacyEncryptPieces(key, inParts(plaintext, [65536, 1])),
    );
    assertEquals(
      sealed.toHex() === (await legacyEncrypt(key, plaintext)).toHex(),
      true,
    );
    const opened = legacyDecryptPieces(key, inParts(sealed, [100_000]));
    assertEquals((await joined(opened)).toHex() === plaintext.toHex(), true);
  }
});

Deno.test("what can't be decrypted whole can't be piece by piece", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 200 }),
      pieceSizes,
      async (bytes, pieceSize) => {
        const key = await generateSymmetricKey();
        const whole = await legacyDecrypt(key, bytes).catch((error) => error);
        const pieces = await joined(
          legacyDecryptPieces(key, inParts(bytes, [7]), pieceSize),
        ).catch((error) => error);
        if (whole instanceof DecryptError) {
          assertEquals(pieces instanceof DecryptError, true);
        } else {
          assertEquals(pieces, whole);
        }
      },
    ),
  );
});

Deno.test("a source that fails ends the pieces, and one that isn't wanted any more is closed", async () => {
  const key = await generateSymmetricKey();
  let closed = 0;
  async function* source(fails: boolean) {
    try {
      for (let i = 0; i < 100; i++) {
        yield await Promise.resolve(randomBytes(20));
      }
      if (fails) throw new RangeError("the disk is gone");
    } finally {
      closed++;
    }
  }
  for (const pieces of [legacyEncryptPieces, legacyDecryptPieces]) {
    await assertRejects(
      () => joined(pieces(key, source(true), 64)),
      RangeError,
      "the disk is gone",
    );
    for await (const _ of pieces(key, source(false), 64)) break;
    await assertRejects(
      () => joined(pieces(key, source(false), 24)),
      RangeError,
      "a multiple of 16",
    );
  }
  // One that was refused for its size wasn't begun.
  assertEquals(closed, 4);
});
