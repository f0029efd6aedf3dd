import { assertEquals, assertRejects } from "@std/assert";
import { createHash, createHmac } from "node:crypto";
import { concat } from "@std/bytes";
import {
  authenticationBytes,
  challengeLabel,
  deletionBytes,
  deviceBytes,
  labels,
  liftProof,
  registrationBytes,
} from "../../../shared/secure/signed_bytes.ts";
import { FormatError } from "../../../shared/wire/format_error.ts";
import { readPage } from "../../../lab/harness/pages.ts";
import {
  annasRecord,
  binding,
  deviceIds,
} from "../../../lab/vectors/secure/fixtures.ts";
import { anna } from "../../../lab/vectors/people.ts";
import { FILES, testWith } from "../../support/test_with.ts";

const { relayKey, nonce } = binding;
const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
const join = (label: string, ...parts: Uint8Array[]) =>
  new Uint8Array(concat([new TextEncoder().encode(`${label}\0`), ...parts]));

Deno.test("what is signed is laid out as the page says", async () => {
  const payload = Uint8Array.of(1, 2, 3);
  assertEquals(
    await registrationBytes(binding, payload),
    join("MessageU register 1", relayKey, nonce, hash(payload)),
  );
  assertEquals(
    authenticationBytes(binding, deviceIds.anna, 0x0102030405),
    join(
      "MessageU auth 1",
      relayKey,
      nonce,
      deviceIds.anna,
      Uint8Array.of(5, 4, 3, 2, 1, 0, 0, 0),
    ),
  );
  assertEquals(
    await deviceBytes(binding, annasRecord.bytes),
    join("MessageU device 1", relayKey, nonce, hash(annasRecord.bytes)),
  );
  assertEquals(
    deletionBytes(binding, anna.clientId),
    join("MessageU delete 1", relayKey, nonce, anna.clientId),
  );
  assertEquals(
    challengeLabel(binding),
    join("MessageU lift 1", relayKey, nonce),
  );
});

Deno.test("a proof needs the whole challenge", async () => {
  const opened = new Uint8Array(32).fill(9);
  const message = join(
    "MessageU lift 1",
    relayKey,
    nonce,
    hash(annasRecord.bytes),
  );
  assertEquals(
    await liftProof(binding, opened, annasRecord.bytes),
    new Uint8Array(createHmac("sha256", opened).update(message).digest()),
  );
  for (const size of [0, 16, 31, 33]) {
    await assertRejects(
      () => liftProof(binding, new Uint8Array(size), annasRecord.bytes),
      FormatError,
      `expected a challenge of 32 bytes, got ${size}`,
    );
  }
});

testWith(FILES, "the page has each label, and labels differ", async () => {
  const page = await readPage("docs/secure.md");
  const all = Object.values(labels);
  assertEquals(new Set(all).size, all.length);
  for (const label of all) {
    assertEquals(page.includes(`\`${label}\``), true, label);
  }
});
