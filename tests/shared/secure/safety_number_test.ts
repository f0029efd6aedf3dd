import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { concat } from "@std/bytes";
import { safetyNumber } from "../../../shared/secure/safety_number.ts";
import type { AccountId } from "../../../shared/secure/secure_protocol.ts";
import {
  annasRecord,
  bensRecord,
  keys,
} from "../../../lab/vectors/secure/fixtures.ts";

Deno.test("a safety number is the same for both, and of both", async () => {
  const number = await safetyNumber(annasRecord, bensRecord);
  assertMatch(number, /^(\d{5} ){11}\d{5}$/);
  assertEquals(await safetyNumber(bensRecord, annasRecord), number);
  const { identity } = bensRecord;
  const account = bensRecord.account.slice() as AccountId;
  account[15] = (account[15] ?? 0) ^ 1;
  assertNotEquals(
    await safetyNumber(annasRecord, { account, identity }),
    number,
  );
  const other = { ...bensRecord, identity: keys.stranger.publicKey };
  assertNotEquals(await safetyNumber(annasRecord, other), number);
});

Deno.test("a safety number has the smaller bytes first, and leading zeros", async () => {
  const person = (first: number, identity: number) => ({
    account: new Uint8Array(16).fill(first) as AccountId,
    identity: new Uint8Array(32).fill(identity),
  });
  let zeros = 0;
  for (let n = 0; n < 40; n++) {
    // The accounts are equal in every second pair: the identities decide.
    const [small, large] = [person(0x7f, n), person(0x7f + n % 2, 0xff - n)];
    const hash = createHash("sha512")
      .update("MessageU two people 2\0")
      .update(concat([small, large].flatMap(Object.values)))
      .digest();
    const groups = Array.from(
      { length: 12 },
      (_, group) =>
        `${hash.readUIntBE(5 * group, 5) % 100_000}`.padStart(5, "0"),
    );
    zeros += groups.filter((group) => group.startsWith("0")).length;
    assertEquals(await safetyNumber(large, small), groups.join(" "));
  }
  assertEquals(zeros > 0, true);
});
