import { assertEquals, assertNotEquals } from "@std/assert";
import { giveBack, join } from "../../../server/relay/joined_bytes.ts";

const bytes = (size: number, value: number) => new Uint8Array(size).fill(value);

Deno.test("the memory of joined bytes is lent to one at a time", () => {
  const first = join(join(bytes(9000, 1), bytes(9000, 2)), bytes(10, 3));
  assertEquals(first.length, 18_010);
  const second = join(bytes(5000, 4), bytes(5000, 5));
  assertNotEquals(second.buffer, first.buffer);
  assertEquals(first[0], 1);
  assertEquals([first[9000], first[18_000]], [2, 3]);
  giveBack(first);
  const third = join(bytes(1, 6), bytes(20_000, 7));
  assertEquals(third.buffer === first.buffer, true);
  assertEquals([third.length, third[0], third[1]], [20_001, 6, 7]);
  assertEquals([second[0], second[9999]], [4, 5]);
  // Short ones, and what was never joined, have memory of their own.
  giveBack(second.slice());
  assertEquals(join(bytes(2, 8), bytes(2, 9)), new Uint8Array([8, 8, 9, 9]));
});
