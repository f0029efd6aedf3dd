import { assertEquals, assertRejects } from "@std/assert";
import { concat } from "@std/bytes";
import {
  type AccountRecord,
  MAX_RECORD_SIZE,
  problemBehind,
  readRecord,
  type RecordContent,
  type RecordDevice,
  type RecordProblem,
  signRecord,
} from "../../../shared/secure/account_record.ts";
import { sha256 } from "../../../shared/secure/signed_bytes.ts";
import {
  drawDeviceId,
  HASH_SIZE,
} from "../../../shared/secure/secure_protocol.ts";
import { drawClientId } from "../../../shared/wire/protocol.ts";
import { FormatError } from "../../../shared/wire/format_error.ts";
import {
  annasContent,
  annasDevice,
  annasRecord,
  annasSecond,
  DAY,
  keys,
  NEW_YEAR,
} from "../../../lab/vectors/secure/fixtures.ts";
import { withTurnedBits } from "../../support/turned_bits.ts";

/** A next record of Anna's; what isn't changed follows her first one. */
async function next(
  changes: Partial<RecordContent> = {},
): Promise<RecordContent> {
  return {
    ...annasContent,
    version: 2,
    time: NEW_YEAR + DAY,
    previous: await sha256(annasRecord.bytes),
    ...changes,
  };
}

/** Anna's record under another identity, with the consent of the one before. */
const succession = async () =>
  await signRecord(
    await next({ identity: keys.stranger.publicKey }),
    keys.stranger,
    keys.anna,
  );

/** Devices with ids of their own and the keys of Anna's. */
const devices = (count: number): RecordDevice[] =>
  Array.from({ length: count }, () => ({ ...annasDevice, id: drawDeviceId() }));

Deno.test("a record reads as it was signed", async () => {
  const two = await next({ devices: [annasDevice, annasSecond] });
  const cases: readonly [RecordContent, AccountRecord, number][] = [
    [annasContent, annasRecord, 501],
    [two, await signRecord(two, keys.anna), 590],
  ];
  for (const [content, record, size] of cases) {
    assertEquals(record.bytes.length, size);
    const { signature, bytes, ...told } = await readRecord(record.bytes);
    assertEquals(told, content);
    assertEquals([signature, bytes], [record.signature, record.bytes]);
  }
  const { bytes, ...succeeding } = await succession();
  assertEquals(bytes.length, 597);
  assertEquals(succeeding.succession?.oldIdentity, keys.anna.publicKey);
  assertEquals(await readRecord(bytes), { ...succeeding, bytes });
});

Deno.test("a record may have 255 devices, and keeps its bytes", async () => {
  const content = await next({
    identity: keys.stranger.publicKey,
    devices: devices(255),
    name: "n".repeat(254),
  });
  const { bytes } = await signRecord(content, keys.stranger, keys.anna);
  assertEquals(bytes.length, MAX_RECORD_SIZE);
  const read = await readRecord(bytes);
  assertEquals(read.devices.length, 255);
  const before = read.bytes.slice();
  bytes.fill(0);
  assertEquals(read.bytes, before, "the caller's buffer may be used again");
});

Deno.test("a record that is cut, or goes on, is refused", async () => {
  const { bytes } = await succession();
  for (let size = 0; size < bytes.length; size++) {
    // Without the old identity it is a record, which follows none of Anna's.
    if (size === annasRecord.bytes.length) continue;
    await assertRejects(() => readRecord(bytes.subarray(0, size)), FormatError);
  }
  await assertRejects(
    () => readRecord(concat([bytes, Uint8Array.of(0)])),
    FormatError,
    "accountRecord: expected 501 or 597 bytes, got 598",
  );
});

Deno.test("each byte of a record counts, in a slow run each bit", async () => {
  const { bytes } = await succession();
  await Promise.all(
    Array.from(
      withTurnedBits(bytes),
      (turned) => assertRejects(() => readRecord(turned), FormatError),
    ),
  );
});

Deno.test("a content that is no record isn't signed", async (t) => {
  const broken: Record<string, Partial<RecordContent>> = {
    "version: expected at least 1": { version: 0 },
    "previous: expected zeros": { previous: new Uint8Array(32).fill(1) },
    "previous: expected 32 bytes": { previous: new Uint8Array(31) },
    "version: expected an integer of 4 bytes": { version: 2 ** 32 },
    "time: expected an integer of 53 bits": { time: 2 ** 53 },
    "name: a name has at least 1": { name: "" },
    "name: a name holds printable ASCII": { name: "\x7f" },
    "name: a name has at most 254": { name: "n".repeat(255) },
    "devices: expected 1 to 255 devices, got 0": { devices: [] },
    "devices: expected 1 to 255 devices, got 256": { devices: devices(256) },
    "devices: expected distinct ids": { devices: [annasDevice, annasDevice] },
    "devices[0].signingKey: expected an Ed25519 key of large order": {
      devices: [{ ...annasDevice, signingKey: new Uint8Array(32) }],
    },
    "identity: expected a canonical Ed25519 key": {
      identity: new Uint8Array(32).fill(0xff),
    },
    "signature: the signature isn't the key's": {
      identity: keys.ben.publicKey,
    },
  };
  for (const [message, change] of Object.entries(broken)) {
    await t.step(message, async () => {
      await assertRejects(
        () => signRecord({ ...annasContent, ...change }, keys.anna),
        FormatError,
        message,
      );
    });
  }
});

Deno.test("what a signature can't mend is refused", async (t) => {
  const content = await next();
  const signed: Record<string, () => Promise<AccountRecord>> = {
    "previous: expected zeros in version 1 and nowhere else": () =>
      signRecord(
        { ...content, previous: new Uint8Array(HASH_SIZE) },
        keys.anna,
      ),
    "succession: expected none in version 1": () =>
      signRecord(annasContent, keys.anna, keys.annaBefore),
    "succession: expected another key than the identity": () =>
      signRecord(content, keys.anna, keys.anna),
  };
  for (const [message, sign] of Object.entries(signed)) {
    await t.step(message, async () => {
      await assertRejects(sign, FormatError, message);
    });
  }
});

Deno.test("a record follows the newest one known, or names what is wrong", async (t) => {
  const hash = await sha256(annasRecord.bytes);
  const moved = [{ ...annasDevice, added: NEW_YEAR + DAY }, annasSecond];
  const rekeyed = (change: Partial<RecordDevice>) => ({
    devices: [{ ...annasDevice, ...change }],
  });
  const known = await signRecord(await next({ version: 5 }), keys.anna);
  const cases: Record<
    string,
    [Promise<AccountRecord>, RecordProblem | undefined, AccountRecord?]
  > = {
    "the same": [readRecord(annasRecord.bytes), undefined],
    "the next": [by({ devices: moved }), undefined],
    "another device alone": [by({ devices: [annasSecond] }), undefined],
    "over a gap, with any previous": [
      by({ version: 3, previous: hash.map((byte) => ~byte) }),
      undefined,
    ],
    "a new identity with consent": [succession(), undefined],
    "another account": [by({ account: drawClientId() }), "other account"],
    "another name": [by({ name: "Anna" }), "other name"],
    "a version before": [by({ version: 4 }), "older version", known],
    "the version again": [
      by({ version: 5 }, keys.anna, 1),
      "second record of the version",
      known,
    ],
    "the version again, under a new identity": [
      signRecord(
        await next({ version: 5, identity: keys.stranger.publicKey }),
        keys.stranger,
        keys.anna,
      ),
      "second record of the version",
      known,
    ],
    "another previous": [
      by({ previous: hash.map((byte) => ~byte) }),
      "doesn't follow the record before",
    ],
    "consent of a key that wasn't the identity": [
      by({}, keys.annaBefore),
      "unneeded succession",
    ],
    "a new identity without consent": [
      signRecord(
        await next({ identity: keys.stranger.publicKey }),
        keys.stranger,
      ),
      "other identity",
    ],
    "a new identity with another's consent": [
      signRecord(
        await next({ identity: keys.stranger.publicKey }),
        keys.stranger,
        keys.ben,
      ),
      "other identity",
    ],
    "another S under a device's id": [
      by(rekeyed({ signingKey: keys.stranger.publicKey })),
      "other keys of a device",
    ],
    "another D under a device's id": [
      by(rekeyed({ agreementKey: annasSecond.agreementKey })),
      "other keys of a device",
    ],
  };
  for (const [name, [record, problem, before]] of Object.entries(cases)) {
    await t.step(name, async () => {
      assertEquals(
        await problemBehind(before ?? annasRecord, await record),
        problem,
      );
    });
  }

  /** Anna's next record with changes; `old` consents where it is another key. */
  async function by(
    changes: Partial<RecordContent>,
    old = keys.anna,
    later = 0,
  ): Promise<AccountRecord> {
    const content = await next(changes);
    return await signRecord(
      { ...content, time: content.time + later },
      keys.anna,
      old === keys.anna ? undefined : old,
    );
  }
});
