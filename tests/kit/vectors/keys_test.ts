import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { encodeHex } from "@std/encoding";
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { dissect } from "../../../kit/dissect/dissector.ts";
import type { KeyMeaning, KeyVector } from "../../../lab/vectors/vector.ts";
import {
  derSize,
  exportPublicKey,
  importPrivateKey,
  importPublicKey,
  publicKeyOf,
} from "../../../shared/crypto/crypto.ts";
import { formatInfoMe } from "../../../shared/folder/info_files.ts";
import { parseInfoMe } from "../../../shared/identity/parse_identity.ts";
import { FormatError } from "../../../shared/wire/format_error.ts";
import { encodeRequest } from "../../../shared/wire/frames.ts";
import { PUBLIC_KEY_SIZE, ZERO_ID } from "../../../shared/wire/protocol.ts";
import { FILES, testWith } from "../../support/test_with.ts";
import { bytesOf, inHex, readVectors } from "../../support/wire/vectors.ts";

/** Bits, exponent and modulus of a key. */
function numbersOf(
  jwk: { n?: string | undefined; e?: string | undefined },
): Omit<KeyMeaning, "format"> {
  const [modulus, exponent] = [jwk.n ?? "", jwk.e ?? ""].map((text) =>
    Uint8Array.fromBase64(text, { alphabet: "base64url" })
  ) as [Uint8Array, Uint8Array];
  return {
    bits: 8 * modulus.length,
    exponent: parseInt(encodeHex(exponent), 16),
    modulus: encodeHex(modulus),
  };
}

/** What our own code makes of a key, as clients use it; undefined where it refuses. */
async function ours(
  vector: KeyVector,
): Promise<Omit<KeyMeaning, "format"> | undefined> {
  const bytes = bytesOf(vector);
  try {
    const key = vector.of === "private"
      ? await importPrivateKey(bytes)
      : await importPublicKey(bytes);
    if (vector.of === "public") {
      const payload = { name: "anna", publicKey: bytes };
      encodeRequest("register", payload, { clientId: ZERO_ID });
      await exportPublicKey(key);
    }
    return numbersOf(await crypto.subtle.exportKey("jwk", key));
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

testWith(
  FILES,
  "our client takes the keys that are valid, and no others",
  async () => {
    const verdicts = new Set<string>();
    for (const vector of await readVectors("keys")) {
      const { format: _, ...numbers } = vector.meaning;
      const isValid = vector.verdict === "valid";
      assertEquals(
        await ours(vector),
        isValid ? numbers : undefined,
        vector.name,
      );
      verdicts.add(vector.verdict);
    }
    assertEquals([...verdicts].sort(), ["IDF-1", "PUB-1", "valid"]);
  },
);

type Format = NonNullable<KeyMeaning["format"]>;

/** A key by node:crypto, public or private. */
function keyObject(der: Uint8Array, type: Format): KeyObject {
  const key = { key: der as never, format: "der" } as const;
  const asPrivate = () => createPrivateKey({ ...key, type: type as "pkcs1" });
  const asPublic = () => createPublicKey({ ...key, type: type as "pkcs1" });
  if (type === "pkcs8") return asPrivate();
  if (type === "spki") return asPublic();
  try {
    return asPublic();
  } catch {
    return asPrivate();
  }
}

testWith(
  FILES,
  "node:crypto reads each key to its meaning, in its format alone",
  async () => {
    for (const vector of await readVectors("keys")) {
      const { name, meaning } = vector;
      const { format, ...numbers } = meaning;
      const bytes = bytesOf(vector);
      const der = bytes.subarray(0, derSize(bytes) ?? bytes.length);
      for (const type of ["spki", "pkcs1", "pkcs8"] as const) {
        const read = () =>
          numbersOf(keyObject(der, type).export({ format: "jwk" }));
        if (type === format) assertEquals(read(), numbers, name);
        else assertThrows(read);
      }
    }
  },
);

testWith(
  FILES,
  "public keys of 160 bytes break PUB-1 in a registration, or nothing",
  async () => {
    let count = 0;
    for (const vector of await readVectors("keys")) {
      const publicKey = bytesOf(vector);
      if (
        vector.of !== "public" || publicKey.length !== PUBLIC_KEY_SIZE
      ) continue;
      const payload = { name: "anna", publicKey };
      const frame = encodeRequest("register", payload, { clientId: ZERO_ID });
      assertEquals(
        dissect(frame, "request").problems.map(({ clause }) => clause),
        vector.verdict === "valid" ? [] : [vector.verdict],
        vector.name,
      );
      count++;
    }
    assert(count > 0);
  },
);

testWith(
  FILES,
  "valid private keys have the given public key",
  async () => {
    const vectors = await readVectors("keys");
    let pairs = 0;
    for (const { name, bytes } of vectors) {
      const half = vectors.find((vector) =>
        vector.of === "private" && vector.verdict === "valid" &&
        vector.name === name.replace("public", "private")
      );
      if (half === undefined || half.name === name) continue;
      const key = await importPrivateKey(bytesOf(half));
      assertEquals(encodeHex(await publicKeyOf(key)), bytes, name);
      pairs++;
    }
    assertEquals(pairs, 2);
  },
);

testWith(
  FILES,
  "readable identity files have their meaning",
  async () => {
    const kinds = new Set<string>();
    for (const vector of await readVectors("identities")) {
      const { name, canonical, verdict, meaning } = vector;
      if (Object.keys(meaning).length === 0) continue;
      const me = await parseInfoMe(bytesOf(vector));
      assertEquals(inHex(me), meaning, name);
      const written = new TextEncoder().encode(formatInfoMe(me));
      assertEquals(encodeHex(written) === vector.bytes, canonical, name);
      kinds.add(`${verdict} ${canonical}`);
    }
    assertEquals(kinds, new Set(["valid true", "valid false", "IDF-1 false"]));
  },
);

testWith(FILES, "identity files that are broken are refused", async () => {
  let count = 0;
  for (const vector of await readVectors("identities")) {
    if (Object.keys(vector.meaning).length > 0) continue;
    assertEquals(vector.verdict, "IDF-1", vector.name);
    await assertRejects(() => parseInfoMe(bytesOf(vector)), FormatError);
    count++;
  }
  assert(count > 0);
});
