import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { concat } from "@std/bytes";
import {
  PACKAGE_SIZE,
  packageCodec,
  type PackageContent,
  readPackage,
  signPackage,
} from "../../../shared/secure/key_package.ts";
import { FormatError } from "../../../shared/wire/format_error.ts";
import { bensPackage, keys } from "../../../lab/vectors/secure/fixtures.ts";
import { withTurnedBits } from "../../support/turned_bits.ts";

const signed = await signPackage(bensPackage, keys.benDevice);
const S = keys.benDevice.publicKey;

Deno.test("a package reads as it was signed", async () => {
  assertEquals(signed.length, PACKAGE_SIZE);
  const { signature, ...content } = await readPackage(signed, S);
  assertEquals(content, bensPackage);
  assertEquals(signature, signed.subarray(-64));
});

Deno.test("a package that is cut, goes on or is another's is refused", async () => {
  for (let size = 0; size < PACKAGE_SIZE; size++) {
    assertThrows(() => packageCodec.decode(signed.subarray(0, size)));
  }
  const longer = concat([signed, Uint8Array.of(0)]);
  await assertRejects(() => readPackage(longer, S), FormatError);
  await assertRejects(
    () => readPackage(signed, keys.annaDevice.publicKey),
    FormatError,
    "keyPackage.signature: the signature isn't the device's",
  );
});

Deno.test("a content that is no package isn't signed", async () => {
  const broken: Record<string, Partial<Record<keyof PackageContent, unknown>>> =
    {
      "number: expected at least 1, got 0": { number: 0 },
      "number: expected an integer of 4 bytes": { number: 2 ** 32 },
      "kind: expected 0 or 1, got 2": { kind: 2 },
      "agreementKey: expected 32 bytes": { agreementKey: new Uint8Array(31) },
      "kemKey: expected 1184 bytes": { kemKey: new Uint8Array(1185) },
      "made: expected an integer of 53 bits": { made: 2 ** 53 },
    };
  for (const [message, change] of Object.entries(broken)) {
    const content = { ...bensPackage, ...change } as PackageContent;
    await assertRejects(
      () => signPackage(content, keys.benDevice),
      FormatError,
      `keyPackage.${message}`,
    );
  }
});

Deno.test("each byte of a package counts, in a slow run each bit", async () => {
  await Promise.all(
    Array.from(
      withTurnedBits(signed),
      (turned) => assertRejects(() => readPackage(turned, S), FormatError),
    ),
  );
});
