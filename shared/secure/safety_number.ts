/**
 * The number by which two people see that they have each other's keys.
 *
 * @module
 */

import { concat } from "@std/bytes";
import type { AccountId } from "./secure_protocol.ts";
import { labelled } from "./signed_bytes.ts";

/** One of the two people that share a safety number. */
export interface Person {
  /** The account. */
  account: AccountId;
  /** I, 32 bytes. */
  identity: Uint8Array;
}

/** Groups of digits, bytes that make one, and digits of one. */
const GROUPS = 12;
const GROUP_SIZE = 5;
const DIGITS = 5;

/**
 * The number that two people compare: 12 groups of 5 digits, the same for both
 * (SAF-1 of docs/secure.md).
 */
export async function safetyNumber(
  one: Person,
  other: Person,
): Promise<string> {
  const people = [one, other]
    .map(({ account, identity }) => concat([account, identity]))
    .sort(compareBytes);
  const digest = new Uint8Array(
    await crypto.subtle.digest("SHA-512", labelled("safety", ...people)),
  );
  return Array.from({ length: GROUPS }, (_, group) => {
    const start = GROUP_SIZE * group;
    const bytes = digest.subarray(start, start + GROUP_SIZE);
    const value = bytes.reduce((value, byte) => 256 * value + byte, 0);
    return String(value % 10 ** DIGITS).padStart(DIGITS, "0");
  }).join(" ");
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
