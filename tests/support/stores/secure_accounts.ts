/** Secure accounts as a store sees them: it checks no signature. */

import type {
  NewLegacySending,
  NewPackage,
  NewProfile,
  NewSending,
  StoredRecord,
} from "../../../server/mod.ts";
import { PackageKind } from "../../../shared/secure/key_package.ts";
import {
  type AccountId,
  type DeviceId,
  drawUid,
} from "../../../shared/secure/secure_protocol.ts";
import { PUBLIC_KEY_SIZE } from "../../../shared/wire/protocol.ts";

/** When all of it happens: a time by which no store's own clock is far behind. */
export const NOW = new Date();
/** An account of one device. */
export interface Person {
  name: string;
  account: AccountId;
  device: DeviceId;
  publicKey: Uint8Array;
}

const filled = (size: number, byte: number) => new Uint8Array(size).fill(byte);

/** The account that a byte stands for. */
export function person(name: string, byte: number): Person {
  return {
    name,
    account: filled(16, byte) as Uint8Array as AccountId,
    device: deviceOf(byte),
    publicKey: filled(PUBLIC_KEY_SIZE, byte),
  };
}

/** The device that a byte stands for. */
export function deviceOf(byte: number): DeviceId {
  return filled(16, byte) as Uint8Array as DeviceId;
}

export const anna: Person = person("anna", 0xa1);
export const ben: Person = person("ben", 0xb2);
export const cora: Person = person("cora", 0xc3);

/** A record of an account. */
export function recordOf(
  { account, name, device }: Person,
  version = 1,
  devices: readonly DeviceId[] = [device],
  identity = 1,
): StoredRecord {
  const text = `${name} ${version} ${identity} ${
    devices.map((id) => id.toHex())
  }`;
  return {
    account,
    version,
    identity: filled(32, identity),
    devices: devices.map((id) => ({
      id,
      signingKey: filled(32, id[0] ?? 0),
    })),
    bytes: new TextEncoder().encode(text),
  };
}

/** A registration. */
export function profileOf(
  who: Person,
  { devices = [who.device], isLift = false, version = 1 } = {},
): NewProfile {
  const { name, publicKey } = who;
  return { record: recordOf(who, version, devices), name, publicKey, isLift };
}

/** What a sending sends to each device of the recipient. */
type Contents = readonly (readonly [device: DeviceId, content: Uint8Array])[];

let counts = 0;

/** A sending; each has a new uid and count unless it is told one. */
export function sendingOf(
  from: Person,
  to: Person,
  contents: Contents | Uint8Array = new Uint8Array([1]),
  changes: Partial<NewSending> = {},
): NewSending {
  const all = contents instanceof Uint8Array
    ? [[to.device, contents] as const]
    : contents;
  return {
    device: from.device,
    sender: from.account,
    uid: drawUid(),
    count: ++counts,
    digest: crypto.getRandomValues(new Uint8Array(32)),
    account: to.account,
    recordVersion: 1,
    lifetime: 60_000,
    envelopes: all.map(([device, content]) => ({ device, content })),
    ...changes,
  };
}

/** A message to a legacy client. */
export function legacyOf(
  from: Person,
  to: Person,
  content: Uint8Array,
): NewLegacySending {
  return {
    device: from.device,
    sender: from.account,
    uid: drawUid(),
    digest: crypto.getRandomValues(new Uint8Array(32)),
    target: to.account,
    type: 3,
    content,
  };
}

/** A package; its bytes tell its number. */
export function packageOf(
  number: number,
  kind: PackageKind = PackageKind.SingleUse,
): NewPackage {
  const bytes = filled(1309, 0);
  new DataView(bytes.buffer).setUint32(0, number);
  return { number, kind, bytes };
}

/** The number of a package. */
export function numberOf(bytes: Uint8Array | undefined): number | undefined {
  if (bytes === undefined) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}
