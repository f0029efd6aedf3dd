import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../client/mod.ts";
import {
  exportPublicKey,
  generateKeyPair,
} from "../../../shared/crypto/crypto.ts";
import { BEN } from "../../support/clients/ben.ts";
import { scene } from "../../support/relays/lying_relay.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

/** A DER value of up to 64 KiB. */
function der(tag: number, content: readonly number[]): number[] {
  const { length } = content;
  const size = length < 128
    ? [length]
    : length < 256
    ? [0x81, length]
    : [0x82, length >> 8, length & 255];
  return [tag, ...size, ...content];
}

/** An RSA public key of these numbers, padded as the protocol's field is. */
function publicKey(modulus: readonly number[], exponent: number): Uint8Array {
  const numbers = der(0x30, [...der(2, modulus), ...der(2, [exponent])]);
  const rsa = [0x30, 13, 6, 9, 42, 134, 72, 134, 247, 13, 1, 1, 1, 5, 0];
  const key = der(0x30, [...rsa, ...der(3, [0, ...numbers])]);
  const field = new Uint8Array(160);
  field.set(key);
  return field;
}

testWith(
  LOOPBACK_AND_FILES,
  "a public key that hides nothing is named, and nothing is sent under it",
  async (t) => {
    await using stage = await scene();
    const { relay } = stage;
    const good = await exportPublicKey((await generateKeyPair()).publicKey);
    const n = [...good.subarray(-132, -3)];
    const even = [...n.slice(0, -1), (n.at(-1) ?? 0) - 1];
    const short = [0, ...n.slice(1, 64), 1];
    const bad: [string, Uint8Array, string][] = [
      ["n is 1", publicKey([1], 3), "a modulus of 1024 bits, got 1"],
      ["n is even", publicKey(even, 3), "an odd modulus, got an even one"],
      ["512 bits", publicKey(short, 3), "a modulus of 1024 bits, got 512"],
      [
        "1023 bits",
        publicKey([127, ...n.slice(2)], 3),
        "a modulus of 1024 bits, got 1023",
      ],
      ["e is 1", publicKey(n, 1), "an odd exponent from 3 to 2^32, got 1"],
      ["e is even", publicKey(n, 2), "an odd exponent from 3 to 2^32, got 2"],
    ];
    assertEquals(publicKey(n, 3), good);
    const before = relay.sent.length;

    for (const [name, key, reason] of bad) {
      await t.step(name, async () => {
        relay.keys.set(BEN.toHex(), key);
        using anna = stage.session();
        const asks = [
          () => anna.outbox.sendText("ben", "secret"),
          () => anna.outbox.sendKey("ben"),
          () => anna.contacts.publicKey("ben"),
        ];
        for (const ask of asks) {
          const { message } = await assertRejects(ask, UserError);
          assertEquals(
            message,
            `The public key of "ben" can't be used: publicKey: expected ${reason}`,
          );
        }
      });
    }
    assertEquals(relay.sent.length, before, "nothing went out");
  },
);
