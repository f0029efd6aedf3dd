import { concat } from "@std/bytes";
import { viewOf } from "../relay/layout.ts";
import type { Random } from "../../harness/random.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Sizes and single bytes that readers are known to trip over. */
const SIZES = [0, 1, 0x7f, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
const BYTES = [...Uint8Array.fromHex("00010a0d202d303a7f8082ff")];

const changes: readonly ((input: Bytes, random: Random) => Bytes)[] = [
  (input, random) => {
    const at = random.below(input.length);
    input[at] = (input[at] ?? 0) ^ (1 << random.below(8));
    return input;
  },
  (input, random) => {
    input[random.below(input.length)] = random.pick(BYTES);
    return input;
  },
  (input, random) => {
    // At any offset, so that it also meets every size that stands there.
    if (input.length < 4) return input;
    const at = random.below(input.length - 3);
    viewOf(input).setUint32(at, random.pick(SIZES), random.oneIn(2));
    return input;
  },
  (input, random) => input.slice(0, random.below(input.length + 1)),
  (input, random) => input.slice(random.below(input.length)),
  (input, random) => {
    const at = random.below(input.length + 1);
    const part = random.oneIn(2)
      ? random.bytes(random.between(1, 20))
      : new Uint8Array(random.between(1, 300)).fill(random.pick(BYTES));
    return concat([input.subarray(0, at), part, input.subarray(at)]) as Bytes;
  },
  (input, random) => {
    const from = random.below(input.length);
    const part = input.subarray(from, from + random.between(1, 40));
    return concat([
      input.subarray(0, from),
      part,
      input.subarray(from),
    ]) as Bytes;
  },
  (_input, random) => random.bytes(random.below(300)),
];

/** A copy of a valid input with up to four changes; now and then without one. */
export function changed(sample: Uint8Array, random: Random): Bytes {
  let input: Bytes = new Uint8Array(sample);
  for (let count = random.below(5); count > 0; count--) {
    if (input.length === 0) return input;
    input = random.pick(changes)(input, random);
  }
  return input;
}
