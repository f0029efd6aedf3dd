/**
 * Accounts of checks: their keys, their records and their packages.
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
  generateSigningKey,
  type SigningKey,
} from "../../../shared/secure/ed25519.ts";
import {
  type PackageContent,
  PackageKind,
  signPackage,
} from "../../../shared/secure/key_package.ts";
import {
  type AccountId,
  CURVE_KEY_SIZE,
  type DeviceId,
  drawDeviceId,
  HASH_SIZE,
  KEM_KEY_SIZE,
} from "../../../shared/secure/secure_protocol.ts";
import { sha256 } from "../../../shared/secure/signed_bytes.ts";
import {
  randomBytes,
  randomId,
  randomKey,
  randomName,
} from "../server/frames.ts";

/** A device with its keys. */
export interface Device {
  /** Its id. */
  readonly id: DeviceId;
  /** S. */
  readonly signing: SigningKey;
  /** Its entry in a record. */
  readonly entry: RecordDevice;
}

/** An account with the private keys of I and of its first device. */
export interface Account {
  readonly name: string;
  /** I. */
  readonly identity: SigningKey;
  readonly device: Device;
  /** The RSA key for legacy senders, 160 bytes. */
  readonly publicKey: Uint8Array;
  /** The newest record. */
  record: AccountRecord;
  /** The highest count that was used. */
  count: number;
  /** The highest number of a package that was used. */
  packages: number;
}

/** Draws a device. */
export async function drawDevice(): Promise<Device> {
  const id = drawDeviceId();
  const signing = await generateSigningKey();
  const entry = {
    id,
    signingKey: signing.publicKey,
    agreementKey: randomBytes(CURVE_KEY_SIZE),
    added: Date.now(),
  };
  return { id, signing, entry };
}

/**
 * Draws an account, which isn't registered.
 *
 * @param known what a legacy client has: its id, name and RSA key
 */
export async function drawAccount(
  known: {
    readonly account?: AccountId;
    readonly name?: string;
    readonly publicKey?: Uint8Array;
  } = {},
): Promise<Account> {
  const {
    account = randomId(),
    name = randomName(),
    publicKey = randomKey(),
  } = known;
  const identity = await generateSigningKey();
  const device = await drawDevice();
  const record = await signRecord({
    version: 1,
    time: Date.now(),
    previous: new Uint8Array(HASH_SIZE),
    identity: identity.publicKey,
    account,
    name,
    devices: [device.entry],
  }, identity);
  return { name, identity, device, publicKey, record, count: 0, packages: 0 };
}

/** Signs the record behind an account's newest one, which stays. */
export async function nextRecord(
  { record, identity }: Account,
  change: Partial<RecordContent> = {},
  newIdentity?: SigningKey,
): Promise<AccountRecord> {
  const { version, account, name, devices } = record;
  const content = {
    ...{ version: version + 1, time: Date.now(), account, name, devices },
    previous: await sha256(record.bytes),
    identity: (newIdentity ?? identity).publicKey,
    ...change,
  };
  return newIdentity === undefined
    ? await signRecord(content, identity)
    : await signRecord(content, newIdentity, identity);
}

/** Signs the next package of an account's device, with keys of random bytes. */
export async function nextPackage(
  account: Account,
  kind: PackageKind,
  change: Partial<PackageContent> = {},
  signing = account.device.signing,
): Promise<Uint8Array> {
  return await signPackage({
    device: account.device.id,
    number: ++account.packages,
    kind,
    agreementKey: randomBytes(CURVE_KEY_SIZE),
    kemKey: randomBytes(KEM_KEY_SIZE),
    made: Date.now(),
    ...change,
  }, signing);
}

/** One weekly package and some single-use ones, in the order of their numbers. */
export async function nextPackages(
  account: Account,
  singles: number,
): Promise<Uint8Array[]> {
  const packages = [await nextPackage(account, PackageKind.Weekly)];
  while (packages.length <= singles) {
    packages.push(await nextPackage(account, PackageKind.SingleUse));
  }
  return packages;
}
