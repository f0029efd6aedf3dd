/**
 * Ed25519 keys that are refused (EDK-1), and a signature that libraries verify
 * under the neutral point.
 *
 * @module
 */

const hex = (text: string) => Uint8Array.fromHex(text);

/** The y coordinates of order 8, with their sign bit clear. */
const ORDER_8 = [
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
].map(hex);

/** The neutral point: y is 1. */
export const neutralKey: Uint8Array = hex(`01${"00".repeat(31)}`);
/** The neutral point with y above the prime. */
export const notCanonicalKey: Uint8Array = hex(`ee${"ff".repeat(30)}7f`);

/** All keys of small order, and the first and last that aren't canonical. */
export const weakKeys: readonly (readonly [name: string, key: Uint8Array])[] = [
  ["order-1", neutralKey],
  ["order-1-signed", signed(neutralKey)],
  ["order-2", hex(`ec${"ff".repeat(30)}7f`)],
  ["order-2-signed", hex(`ec${"ff".repeat(31)}`)],
  ["order-4", hex("00".repeat(32))],
  ["order-4-signed", hex(`${"00".repeat(31)}80`)],
  ...ORDER_8.flatMap((key, index): [string, Uint8Array][] => [
    [`order-8-${index + 1}`, key],
    [`order-8-${index + 1}-signed`, signed(key)],
  ]),
  ["prime", hex(`ed${"ff".repeat(30)}7f`)],
  ["above-prime", notCanonicalKey],
  ["largest", hex("ff".repeat(32))],
];

/** R is the neutral point and s is 0. */
export const forgery: Uint8Array = hex(`01${"00".repeat(63)}`);

/** A key with the sign bit of x set. */
function signed(key: Uint8Array): Uint8Array {
  const set = key.slice();
  set[31] = (set[31] ?? 0) | 0x80;
  return set;
}
