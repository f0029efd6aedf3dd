/**
 * Who takes part in the vectors and examples of the secure protocol. Nothing is
 * drawn: each private key is one byte repeated, as docs/secure.md tells.
 *
 * @module
 */

import {
  type AccountRecord,
  type RecordContent,
  type RecordDevice,
  signRecord,
} from "../../../shared/secure/account_record.ts";
import {
  SEED_SIZE,
  type SigningKey,
  signingKeyOf,
} from "../../../shared/secure/ed25519.ts";
import {
  type PackageContent,
  PackageKind,
  signPackage,
} from "../../../shared/secure/key_package.ts";
import {
  type DeviceId,
  HASH_SIZE,
  NONCE_SIZE,
  type Uid,
} from "../../../shared/secure/secure_protocol.ts";
import type { ChannelBinding } from "../../../shared/secure/signed_bytes.ts";
import { anna, ben } from "../people.ts";
import material from "../material.json" with { type: "json" };

const hex = (text: string) => Uint8Array.fromHex(text);

/** The key whose seed is one byte repeated. */
export const keyOf = (byte: number): Promise<SigningKey> =>
  signingKeyOf(new Uint8Array(SEED_SIZE).fill(byte));

/** Keys by what they are. */
export const keys = {
  relay: await keyOf(1),
  anna: await keyOf(2),
  annaDevice: await keyOf(3),
  ben: await keyOf(4),
  benDevice: await keyOf(5),
  /** The identity that Anna had before. */
  annaBefore: await keyOf(6),
  annaSecond: await keyOf(7),
  /** A key that stands nowhere. */
  stranger: await keyOf(8),
} as const;

/** Ids of devices. */
export const deviceIds = {
  anna: hex("1f6d3a90c47b4e85a2d9f0537c1be648") as DeviceId,
  annaSecond: hex("7c02b9e4515d4af6930e6dd8a1f7c425") as DeviceId,
  ben: hex("e8a4176bd3924c0fb65a2891ce7d03f5") as DeviceId,
} as const;

/** The uid of Anna's sending. */
export const annasUid = hex("93f0c6d25ea84b178d3b76e10fa9542c") as Uid;

/** 2026-01-01T00:00:00Z. */
export const NEW_YEAR = 1_767_225_600_000;
/** A day in milliseconds. */
export const DAY = 86_400_000;

/** The connection on which all is signed. */
export const binding: ChannelBinding = {
  relayKey: keys.relay.publicKey,
  nonce: new Uint8Array(NONCE_SIZE).fill(0x6e),
};

/** Anna's device. */
export const annasDevice: RecordDevice = {
  id: deviceIds.anna,
  signingKey: keys.annaDevice.publicKey,
  agreementKey: hex(material.secure.agreementKeys.anna),
  added: NEW_YEAR,
};

/** Another device of Anna's. */
export const annasSecond: RecordDevice = {
  id: deviceIds.annaSecond,
  signingKey: keys.annaSecond.publicKey,
  agreementKey: hex(material.secure.agreementKeys.annaSecond),
  added: NEW_YEAR + DAY,
};

/** What Anna's first record tells. */
export const annasContent: RecordContent = {
  version: 1,
  time: NEW_YEAR,
  previous: new Uint8Array(HASH_SIZE),
  identity: keys.anna.publicKey,
  account: anna.clientId,
  name: anna.name,
  devices: [annasDevice],
};

/** Anna's first record. */
export const annasRecord: AccountRecord = await signRecord(
  annasContent,
  keys.anna,
);

/** Ben's first record. */
export const bensRecord: AccountRecord = await signRecord({
  ...annasContent,
  identity: keys.ben.publicKey,
  account: ben.clientId,
  name: ben.name,
  devices: [{
    id: deviceIds.ben,
    signingKey: keys.benDevice.publicKey,
    agreementKey: hex(material.secure.agreementKeys.ben),
    added: NEW_YEAR,
  }],
}, keys.ben);

/** What Ben's first weekly package tells. */
export const bensPackage: PackageContent = {
  device: deviceIds.ben,
  number: 1,
  kind: PackageKind.Weekly,
  agreementKey: hex(material.secure.packages.weekly.agreementKey),
  kemKey: hex(material.secure.packages.weekly.kemKey),
  made: NEW_YEAR,
};

/** Ben's weekly package, and one for single use. */
export const bensPackages: readonly Uint8Array[] = await Promise.all([
  signPackage(bensPackage, keys.benDevice),
  signPackage({
    ...bensPackage,
    number: 2,
    kind: PackageKind.SingleUse,
    agreementKey: hex(material.secure.packages.single.agreementKey),
    kemKey: hex(material.secure.packages.single.kemKey),
  }, keys.benDevice),
]);
