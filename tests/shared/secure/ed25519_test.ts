import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { concat } from "@std/bytes";
import {
  checkSigningKey,
  generateSigningKey,
  seedOf,
  sign,
  signingKeyOf,
  signingKeyProblem,
  verify,
} from "../../../shared/secure/ed25519.ts";
import { FormatError } from "../../../shared/wire/format_error.ts";

const hex = (text: string) => Uint8Array.fromHex(text);

/** All encodings of points of small order with y below the prime. */
const smallOrder: readonly string[] = [
  `01${"00".repeat(31)}`,
  `01${"00".repeat(30)}80`,
  `ec${"ff".repeat(30)}7f`,
  `ec${"ff".repeat(31)}`,
  "00".repeat(32),
  `${"00".repeat(31)}80`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
];

/** Encodings with y from the prime on. */
const notCanonical: readonly string[] = Array.from(
  { length: 19 },
  (_, above) => (0xed + above).toString(16),
).flatMap((low) => [
  `${low}${"ff".repeat(30)}7f`,
  `${low}${"ff".repeat(31)}`,
]);

Deno.test("keys of small order, and not canonical ones, are refused", () => {
  for (const key of smallOrder) {
    assertEquals(
      signingKeyProblem(hex(key)),
      "expected an Ed25519 key of large order",
      key,
    );
  }
  for (const key of notCanonical) {
    assertEquals(
      signingKeyProblem(hex(key)),
      "expected a canonical Ed25519 key",
      key,
    );
  }
  assertEquals(notCanonical.length, 38);
  assertThrows(() => checkSigningKey(hex(smallOrder[0] ?? "")), FormatError);
  for (const size of [0, 31, 33]) {
    assertThrows(() => checkSigningKey(new Uint8Array(size)), FormatError);
  }
});

Deno.test("a forgery under a key of small order verifies nothing", async () => {
  // R is the neutral point and s is 0, which fits to each message.
  const forged = hex(`01${"00".repeat(63)}`);
  const message = new TextEncoder().encode("no one signed this");
  const key = hex(smallOrder[0] ?? "");
  const imported = await crypto.subtle.importKey(
    "raw",
    key,
    "Ed25519",
    false,
    ["verify"],
  );
  assert(
    await crypto.subtle.verify("Ed25519", imported, forged, message),
    "the runtime takes it, so the key has to be refused",
  );
  for (const key of [...smallOrder, ...notCanonical]) {
    assert(!await verify(hex(key), forged, message), key);
  }
});

Deno.test("a signature has one form, of one message and one key", async () => {
  // RFC 8032, section 7.1, test 2.
  const key = await signingKeyOf(
    hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"),
  );
  assertEquals(
    key.publicKey.toHex(),
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
  );
  const message = Uint8Array.of(0x72);
  const signature = await sign(key, message);
  assertEquals(
    signature.toHex(),
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  );
  assert(await verify(key.publicKey, signature, message));
  assert(!await verify(key.publicKey, signature, Uint8Array.of(0x73)));
  const other = await generateSigningKey();
  assert(!await verify(other.publicKey, signature, message));
  assert(!await verify(key.publicKey, signature.subarray(0, 63), message));
  const longer = concat([signature, Uint8Array.of(0)]);
  assert(!await verify(key.publicKey, longer, message));
  // The same s plus the order of the group.
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${signature.slice(32).toReversed().toHex()}`) + order;
  const again = hex(s.toString(16).padStart(64, "0")).toReversed();
  assert(
    !await verify(
      key.publicKey,
      concat([signature.subarray(0, 32), again]),
      message,
    ),
  );
});

Deno.test("a key is that of its seed", async () => {
  const key = await generateSigningKey();
  const seed = await seedOf(key);
  assertEquals(seed.length, 32);
  assertEquals((await signingKeyOf(seed)).publicKey, key.publicKey);
  await assertRejects(() => signingKeyOf(seed.subarray(1)), FormatError);
});
