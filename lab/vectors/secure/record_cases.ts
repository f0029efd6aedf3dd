import { concat } from "@std/bytes";
import {
  type AccountRecord,
  type RecordContent,
  type RecordDevice,
  signRecord,
} from "../../../shared/secure/account_record.ts";
import { sign, type SigningKey } from "../../../shared/secure/ed25519.ts";
import { HASH_SIZE } from "../../../shared/secure/secure_protocol.ts";
import { labelled, sha256 } from "../../../shared/secure/signed_bytes.ts";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import {
  annasContent,
  annasDevice,
  annasRecord,
  annasSecond,
  DAY,
  keys,
  NEW_YEAR,
} from "./fixtures.ts";
import { forgery, neutralKey, notCanonicalKey } from "./weak_keys.ts";
import type { SecureCase } from "./secure_case.ts";

/** Offsets in a record. */
const AT = {
  previous: 12,
  identity: 44,
  name: 92,
  devices: 347,
  signingKey: 364,
  flags: 428,
  signature: 437,
} as const;

const previous = await sha256(annasRecord.bytes);

/** A next record of Anna's with changes. */
const next = (changes: Partial<RecordContent> = {}): RecordContent => ({
  ...annasContent,
  version: 2,
  time: NEW_YEAR + DAY,
  previous,
  ...changes,
});

const underNewKey = next({ identity: keys.stranger.publicKey });

/** Anna's record with bytes put over it before it is signed anew. */
async function edited(
  edits: readonly (readonly [at: number, bytes: readonly number[]])[],
  record: AccountRecord = annasRecord,
): Promise<Uint8Array> {
  const head = record.bytes.slice(0, AT.signature);
  for (const [at, bytes] of edits) head.set(bytes, at);
  return concat([head, await sign(keys.anna, labelled("account", head))]);
}

/** What a record says. */
function meaningOf(record: AccountRecord): SecureCase["meaning"] {
  const { bytes: _, succession, ...told } = record;
  return {
    ...told,
    ...succession === undefined ? {} : {
      oldIdentity: succession.oldIdentity,
      oldSignature: succession.signature,
    },
  };
}

/** Records, as they are and as they are refused. */
export async function recordCases(): Promise<SecureCase[]> {
  return [
    ...await sound(),
    ...await broken(),
    ...await brokenSignatures(),
    ...await notFollowing(),
  ];
}

async function sound(): Promise<SecureCase[]> {
  const both = [annasDevice, annasSecond];
  const succession = await signRecord(underNewKey, keys.stranger, keys.anna);
  const known = annasRecord;
  return [
    valid("first", "Anna's first record.", annasRecord),
    valid(
      "longest-name",
      "A name of 254 bytes.",
      await signRecord({ ...annasContent, name: "n".repeat(254) }, keys.anna),
    ),
    valid("same", "The record that is known.", annasRecord, known),
    valid(
      "next",
      "Version 2 with another device beside the first.",
      await signRecord(next({ devices: both }), keys.anna),
      known,
    ),
    valid(
      "device-replaced",
      "Version 2 with another device in place of the first.",
      await signRecord(next({ devices: [annasSecond] }), keys.anna),
      known,
    ),
    valid(
      "gap",
      "Version 3 behind version 1: its previous can't be checked.",
      await signRecord(
        next({ version: 3, previous: await sha256(previous) }),
        keys.anna,
      ),
      known,
    ),
    valid(
      "succession",
      "A new identity with the consent of the one before.",
      succession,
      known,
    ),
    valid(
      "succession-first-sight",
      "The same where no record of the account is known.",
      succession,
    ),
  ];

  function valid(
    name: string,
    about: string,
    record: AccountRecord,
    known?: AccountRecord,
  ): SecureCase {
    return {
      name: `record-${name}`,
      about,
      of: "record",
      bytes: record.bytes,
      ...known === undefined ? {} : { given: { known: known.bytes } },
      meaning: meaningOf(record) ?? {},
    };
  }
}

/** A record that can't be read. */
const refused = (
  name: string,
  about: string,
  breaks: "REC-1" | "REC-2" | "REC-3" | "REC-4" | "REC-5",
  bytes: Uint8Array,
): SecureCase => ({
  name: `record-${name}`,
  about,
  of: "record",
  breaks,
  bytes,
});

async function broken(): Promise<SecureCase[]> {
  const { bytes } = annasRecord;
  const second = await signRecord(next(), keys.anna);
  const both = await signRecord(
    next({ devices: [annasDevice, annasSecond] }),
    keys.anna,
  );
  const twice = both.bytes.slice(0, -64);
  twice.copyWithin(AT.signature, AT.devices + 1, AT.devices + 17);
  const long: readonly number[] = Array(255).fill(0x6e);
  return [
    refused("cut", "The last byte is missing.", "REC-1", bytes.slice(0, -1)),
    refused(
      "one-more",
      "A byte follows the signature.",
      "REC-1",
      concat([bytes, Uint8Array.of(0)]),
    ),
    refused(
      "device-missing",
      "It says two devices and has one.",
      "REC-1",
      await edited([[AT.devices, [2]]]),
    ),
    refused("version-0", "Version 0.", "REC-2", await edited([[0, [0]]])),
    refused(
      "version-1-previous",
      "Version 1 with a record before it.",
      "REC-2",
      await edited([[AT.previous, [1]]]),
    ),
    refused(
      "version-2-zeros",
      "Version 2 with zeros for the record before it.",
      "REC-2",
      await edited([[AT.previous, Array(HASH_SIZE).fill(0)]], second),
    ),
    refused(
      "name-empty",
      "A name of no bytes.",
      "REC-3",
      await edited([[AT.name, [0, 0, 0, 0]]]),
    ),
    refused(
      "name-endless",
      "A name of 255 bytes without a NUL.",
      "REC-3",
      await edited([[AT.name, long]]),
    ),
    refused(
      "name-behind",
      "A byte behind the name's NUL that is no zero.",
      "REC-3",
      await edited([[AT.name + 254, [1]]]),
    ),
    refused(
      "name-control",
      "A name with the control character 0x7f.",
      "REC-3",
      await edited([[AT.name, [0x7f]]]),
    ),
    refused(
      "no-device",
      "A record without devices.",
      "REC-4",
      await withoutDevices(),
    ),
    refused(
      "device-twice",
      "Two devices with one id.",
      "REC-4",
      concat([twice, await sign(keys.anna, labelled("account", twice))]),
    ),
    refused(
      "flags",
      "A device with the flag 1.",
      "REC-4",
      await edited([[AT.flags, [1]]]),
    ),
    refused(
      "device-small-order",
      "A device whose S is the neutral point.",
      "REC-4",
      await edited([[AT.signingKey, [...neutralKey]]]),
    ),
    refused(
      "identity-small-order",
      "An identity that is the neutral point, with a signature that fits to all.",
      "REC-4",
      forged(neutralKey),
    ),
    refused(
      "identity-not-canonical",
      "The same identity with its y above the prime.",
      "REC-4",
      forged(notCanonicalKey),
    ),
  ];
}

/** Anna's record without devices. */
async function withoutDevices(): Promise<Uint8Array> {
  const head = annasRecord.bytes.slice(0, AT.devices + 1);
  head[AT.devices] = 0;
  return concat([head, await sign(keys.anna, labelled("account", head))]);
}

/** Anna's record under a weak identity, which libraries verify. */
function forged(identity: Uint8Array): Uint8Array {
  const bytes = annasRecord.bytes.slice();
  bytes.set(identity, AT.identity);
  bytes.set(forgery, AT.signature);
  return bytes;
}

async function brokenSignatures(): Promise<SecureCase[]> {
  const head = annasRecord.bytes.slice(0, AT.signature);
  const by = async (key: SigningKey, signed: Uint8Array) =>
    concat([head, await sign(key, signed)]);
  const renewed = await signRecord(underNewKey, keys.stranger);
  const consent = labelled("successor", renewed.bytes);
  const withOld = async (key: SigningKey, signed: Uint8Array) =>
    concat([renewed.bytes, keys.anna.publicKey, await sign(key, signed)]);
  const first = labelled("successor", annasRecord.bytes);
  return [
    refused(
      "signed-by-another",
      "Ben's identity has signed it.",
      "REC-5",
      await by(keys.ben, labelled("account", head)),
    ),
    refused(
      "signed-by-device",
      "The device's S has signed it.",
      "REC-5",
      await by(keys.annaDevice, labelled("account", head)),
    ),
    refused(
      "signed-without-label",
      "The identity has signed the record without the label.",
      "REC-5",
      await by(keys.anna, head),
    ),
    refused(
      "consent-by-another",
      "Ben's identity has signed the succession in place of Anna's.",
      "REC-5",
      await withOld(keys.ben, consent),
    ),
    refused(
      "consent-without-label",
      "The old identity has signed the succession under the record's label.",
      "REC-5",
      await withOld(keys.anna, labelled("account", renewed.bytes)),
    ),
    refused(
      "consent-of-its-own",
      "The old identity is the identity.",
      "REC-5",
      concat([
        renewed.bytes,
        keys.stranger.publicKey,
        await sign(keys.stranger, consent),
      ]),
    ),
    refused(
      "version-1-succession",
      "Version 1 with an old identity.",
      "REC-2",
      concat([
        annasRecord.bytes,
        keys.annaBefore.publicKey,
        await sign(keys.annaBefore, first),
      ]),
    ),
  ];
}

async function notFollowing(): Promise<SecureCase[]> {
  const second = await signRecord(next(), keys.anna);
  const device = (change: Partial<RecordDevice>) =>
    next({ devices: [{ ...annasDevice, ...change }] });
  const by = async (
    name: string,
    about: string,
    breaks: "REC-6" | "REC-7" | "REC-8" | "REC-9",
    record: Promise<AccountRecord>,
    known: AccountRecord = annasRecord,
  ): Promise<SecureCase> => ({
    name: `record-${name}`,
    about,
    of: "record",
    breaks,
    bytes: (await record).bytes,
    given: { known: known.bytes },
    meaning: meaningOf(await record) ?? {},
  });
  const signed = (content: RecordContent) => signRecord(content, keys.anna);
  return await Promise.all([
    by(
      "other-account",
      "The id of another account.",
      "REC-6",
      signed(next({ account: new Uint8Array(16).fill(0x61) as ClientId })),
    ),
    by(
      "other-name",
      "Another name.",
      "REC-6",
      signed(next({ name: "Anna" })),
    ),
    by(
      "older",
      "Version 1 where version 2 is known.",
      "REC-6",
      signed(annasContent),
      second,
    ),
    by(
      "second-of-version",
      "Another record of version 2 than the known one.",
      "REC-6",
      signed(next({ time: NEW_YEAR })),
      second,
    ),
    by(
      "other-previous",
      "Version 2 that follows another version 1.",
      "REC-7",
      signed(next({ previous: await sha256(previous) })),
    ),
    by(
      "other-identity",
      "A new identity without a word of the old one.",
      "REC-8",
      signRecord(underNewKey, keys.stranger),
    ),
    by(
      "other-old-identity",
      "A new identity with the consent of Ben's.",
      "REC-8",
      signRecord(underNewKey, keys.stranger, keys.ben),
    ),
    by(
      "unneeded-consent",
      "The same identity with an old one.",
      "REC-8",
      signRecord(next(), keys.anna, keys.annaBefore),
    ),
    by(
      "other-signing-key",
      "Another S under the device's id.",
      "REC-9",
      signed(device({ signingKey: keys.stranger.publicKey })),
    ),
    by(
      "other-agreement-key",
      "Another D under the device's id.",
      "REC-9",
      signed(device({ agreementKey: annasSecond.agreementKey })),
    ),
  ]);
}
