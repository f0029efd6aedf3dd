/** The examples of the specifications, as tests read them. */

import { assertEquals } from "@std/assert";
import { decodeHex } from "@std/encoding";

/** Bytes of hex with a comment behind two blanks, and `00 × 4` for four zeros. */
export function exampleBytes(text: string): Uint8Array {
  const digits = text.split("\n")
    .map((line) => line.replace(/ {2,}.*/, ""))
    .join(" ")
    .replace(
      /([0-9a-f]{2}) × (\d+)/g,
      (_, byte, count) => byte.repeat(Number(count)),
    );
  return decodeHex(digits.replaceAll(/\s/g, ""));
}

/** Whether a value has all that another one says. */
export function assertContains(actual: unknown, expected: unknown): void {
  if (typeof expected !== "object" || expected === null) {
    return assertEquals(actual, expected);
  }
  for (const [key, value] of Object.entries(expected)) {
    assertContains((actual as Record<string, unknown>)[key], value);
  }
}
