/**
 * The record of an account: its identity key, its name and its devices, signed
 * by the identity key (section 3.3 of docs/secure.md).
 *
 * @module
 */

import { concat, equals } from "@std/bytes";
import { clientId, decodeName, encodeName } from "../wire/field_types.ts";
import {
  type AnyField,
  bytes,
  type Codec,
  codec,
  type Field,
  fixed,
  record,
  u32,
  u64,
} from "../wire/fields.ts";
import { FormatError, within } from "../wire/format_error.ts";
import { NAME_SIZE } from "../wire/protocol.ts";
import { checkSigningKey, sign, type SigningKey, verify } from "./ed25519.ts";
import {
  type AccountId,
  CURVE_KEY_SIZE,
  type DeviceId,
  deviceId,
  HASH_SIZE,
  SIGNATURE_SIZE,
} from "./secure_protocol.ts";
import { labelled, sha256 } from "./signed_bytes.ts";

/** A device in a record. */
export interface RecordDevice {
  /** Its id. */
  id: DeviceId;
  /** S, its Ed25519 key, 32 bytes. */
  signingKey: Uint8Array;
  /** D, its X25519 key, 32 bytes. */
  agreementKey: Uint8Array;
  /** When it was added, in milliseconds since 1970. */
  added: number;
}

/** What a record tells, without its signatures. */
export interface RecordContent {
  /** From 1; each record of an account has a higher one. */
  version: number;
  /** When it was made, in milliseconds since 1970. */
  time: number;
  /** SHA-256 of the whole record before it; zeros in version 1. */
  previous: Uint8Array;
  /** I, the account's Ed25519 key, 32 bytes. */
  identity: Uint8Array;
  /** The account. */
  account: AccountId;
  /** The name, 1 to 254 characters of printable ASCII. */
  name: string;
  /** 1 to 255 devices with distinct ids. */
  devices: readonly RecordDevice[];
}

/** The consent of an account's old identity key to a new one. */
export interface Succession {
  /** The old identity key, 32 bytes. */
  oldIdentity: Uint8Array;
  /** Its signature, 64 bytes. */
  signature: Uint8Array;
}

/** A record whose signatures are verified. */
export interface AccountRecord extends RecordContent {
  /** The identity's signature, 64 bytes. */
  signature: Uint8Array;
  /** Present where the identity is a new one. */
  succession?: Succession;
  /** The record as it was signed, which hashes and comparisons go by. */
  bytes: Uint8Array;
}

/** Largest number of devices in a record. */
export const MAX_DEVICES = 255;
/** Size in bytes of a record's part before its devices. */
const HEAD_SIZE = 348;
/** Size in bytes of a device. */
const DEVICE_SIZE = 89;
/** Size in bytes of the old identity and its signature. */
const SUCCESSION_SIZE: number = CURVE_KEY_SIZE + SIGNATURE_SIZE;
/** Size in bytes of the largest record. */
export const MAX_RECORD_SIZE: number = HEAD_SIZE + MAX_DEVICES * DEVICE_SIZE +
  SIGNATURE_SIZE + SUCCESSION_SIZE;

/** A name that nothing but zeros follow (REC-3). */
const strictName: Field<string> = fixed(
  NAME_SIZE,
  (writer, value) => writer.raw(encodeName(value), NAME_SIZE),
  (reader) => {
    const field = reader.bytes(NAME_SIZE);
    const name = decodeName(field);
    if (field.subarray(name.length).every((byte) => byte === 0)) return name;
    throw new FormatError("expected zeros after the name");
  },
);

/** An Ed25519 key that isn't of small order (REC-4). */
const signingKey: Field<Uint8Array> = fixed(
  CURVE_KEY_SIZE,
  (writer, key) => {
    checkSigningKey(key);
    writer.raw(key);
  },
  (reader) => {
    const key = reader.bytes(CURVE_KEY_SIZE);
    checkSigningKey(key);
    return key;
  },
);

/** Flags of a device; none is defined. */
const noFlags: Field<0> = fixed(
  1,
  (writer) => writer.u8(0),
  (reader) => {
    const flags = reader.u8();
    if (flags === 0) return 0;
    throw new FormatError(`expected 0, got ${flags}`);
  },
);

const deviceField = record<RecordDevice & { flags: 0 }>({
  id: deviceId,
  signingKey,
  agreementKey: bytes(CURVE_KEY_SIZE),
  flags: noFlags,
  added: u64,
});

/** The devices, their number before them. */
const devices: Field<readonly RecordDevice[]> = {
  shape: { kind: "counted", item: deviceField },
  fixedSize: undefined,
  size: (values) => 1 + DEVICE_SIZE * values.length,
  write(writer, values) {
    checkDevices(values);
    writer.u8(values.length);
    values.forEach((value, index) => {
      try {
        deviceField.write(writer, { ...value, flags: 0 });
      } catch (error) {
        throw within(`[${index}]`, error);
      }
    });
  },
  read(reader) {
    const values = Array.from({ length: reader.u8() }, (_, index) => {
      try {
        const { flags: _flags, ...device } = deviceField.read(reader);
        return device;
      } catch (error) {
        throw within(`[${index}]`, error);
      }
    });
    checkDevices(values);
    return values;
  },
};

/** @throws {FormatError} unless there are 1 to 255 devices with distinct ids (REC-4) */
function checkDevices(devices: readonly RecordDevice[]): void {
  if (devices.length < 1 || devices.length > MAX_DEVICES) {
    throw new FormatError(
      `expected 1 to ${MAX_DEVICES} devices, got ${devices.length}`,
    );
  }
  const ids = new Set(devices.map(({ id }) => id.toHex()));
  if (ids.size < devices.length) throw new FormatError("expected distinct ids");
}

const contentFields = {
  version: u32,
  time: u64,
  previous: bytes(HASH_SIZE),
  identity: signingKey,
  account: clientId,
  name: strictName,
  devices,
};

const contentCodec: Codec<RecordContent> = codec(
  "accountRecord",
  record<RecordContent>(contentFields),
);

/** The structure of a record up to its identity's signature, for tools. */
export const recordLayout: AnyField = record({
  ...contentFields,
  signature: bytes(SIGNATURE_SIZE),
});

/** The structure of what may follow, for tools. */
export const successionLayout: AnyField = record<Succession>({
  oldIdentity: bytes(CURVE_KEY_SIZE),
  signature: bytes(SIGNATURE_SIZE),
});

/**
 * Makes a record and signs it.
 *
 * @param identity the key whose public half the content tells
 * @param oldIdentity the key that the account had before, where it gets a new one
 * @throws {FormatError} if the content is no valid record
 */
export async function signRecord(
  content: RecordContent,
  identity: SigningKey,
  oldIdentity?: SigningKey,
): Promise<AccountRecord> {
  const signed = contentCodec.encode(content);
  const signature = await sign(identity, labelled("account", signed));
  const parts: Uint8Array[] = [signed, signature];
  if (oldIdentity !== undefined) {
    const consent = labelled("successor", ...parts);
    parts.push(oldIdentity.publicKey, await sign(oldIdentity, consent));
  }
  return await readRecord(concat(parts));
}

/** A signature that a valid record has. */
export interface RecordSignature {
  /** The field that holds it. */
  readonly field: "signature" | "succession";
  /** The key that signs, 32 bytes. */
  readonly key: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
  /** What is signed. */
  readonly signed: Uint8Array;
}

/** A record whose signatures aren't verified yet. */
export interface UnverifiedRecord {
  /** What it tells. */
  readonly record: AccountRecord;
  /** One, and another one with a succession. */
  readonly signatures: readonly RecordSignature[];
}

/**
 * Reads a record and verifies its signatures (REC-1 to REC-5).
 *
 * @throws {FormatError} unless the bytes are exactly one valid record
 */
export async function readRecord(bytes: Uint8Array): Promise<AccountRecord> {
  const { record, signatures } = decodeRecord(bytes);
  for (const { field, key, signature, signed } of signatures) {
    if (await verify(key, signature, signed)) continue;
    throw new FormatError("the signature isn't the key's")
      .within(field).within("accountRecord");
  }
  return record;
}

/** The number of devices that a record tells, 0 if it tells none; nothing of it is checked. */
export function toldDevices(bytes: Uint8Array): number {
  return bytes[HEAD_SIZE - 1] ?? 0;
}

/**
 * Reads a record without verifying its signatures: nothing in it can be trusted.
 *
 * @throws {FormatError} unless the bytes have the form of exactly one record
 */
export function decodeRecord(bytes: Uint8Array): UnverifiedRecord {
  const size = HEAD_SIZE + DEVICE_SIZE * toldDevices(bytes);
  const signedSize = size + SIGNATURE_SIZE;
  const hasSuccession = bytes.length === signedSize + SUCCESSION_SIZE;
  if (bytes.length !== signedSize && !hasSuccession) {
    throw new FormatError(
      `expected ${signedSize} or ${
        signedSize + SUCCESSION_SIZE
      } bytes, got ${bytes.length}`,
    ).within("accountRecord");
  }
  // The caller may reuse its buffer.
  const whole = bytes.slice();
  const content = contentCodec.decode(whole.subarray(0, size));
  checkVersion(content, hasSuccession);
  const signature = whole.subarray(size, signedSize);
  const signed = labelled("account", whole.subarray(0, size));
  const own = {
    field: "signature",
    key: content.identity,
    signature,
    signed,
  } as const;
  const record: AccountRecord = { ...content, signature, bytes: whole };
  if (!hasSuccession) return { record, signatures: [own] };
  const succession: Succession = {
    oldIdentity: whole.subarray(signedSize, signedSize + CURVE_KEY_SIZE),
    signature: whole.subarray(signedSize + CURVE_KEY_SIZE),
  };
  if (equals(succession.oldIdentity, content.identity)) {
    throw new FormatError("expected another key than the identity")
      .within("succession").within("accountRecord");
  }
  const consent = {
    field: "succession",
    key: succession.oldIdentity,
    signature: succession.signature,
    signed: labelled("successor", whole.subarray(0, signedSize)),
  } as const;
  return { record: { ...record, succession }, signatures: [own, consent] };
}

/** @throws {FormatError} unless the record keeps to REC-2 */
function checkVersion(
  { version, previous }: RecordContent,
  hasSuccession: boolean,
): void {
  const isFirst = version === 1;
  const broken = version === 0
    ? ["version", "expected at least 1, got 0"] as const
    : isFirst !== previous.every((byte) => byte === 0)
    ? ["previous", "expected zeros in version 1 and nowhere else"] as const
    : isFirst && hasSuccession
    ? ["succession", "expected none in version 1"] as const
    : undefined;
  if (broken === undefined) return;
  const [field, problem] = broken;
  throw new FormatError(problem).within(field).within("accountRecord");
}

/** Why a record doesn't follow the newest one known: each is an alarm of its own. */
export type RecordProblem =
  | "other account"
  | "other name"
  | "older version"
  | "second record of the version"
  | "doesn't follow the record before"
  | "unneeded succession"
  | "other identity"
  | "other keys of a device";

/**
 * Compares a record with the newest one known (REC-6 to REC-9).
 *
 * @returns what is wrong with it; undefined where it takes the known one's place,
 * or is the same
 */
export async function problemBehind(
  known: AccountRecord,
  next: AccountRecord,
): Promise<RecordProblem | undefined> {
  if (equals(known.bytes, next.bytes)) return undefined;
  if (!equals(known.account, next.account)) return "other account";
  if (known.name !== next.name) return "other name";
  if (next.version < known.version) return "older version";
  if (next.version === known.version) return "second record of the version";
  const isNext = next.version === known.version + 1;
  if (isNext && !equals(next.previous, await sha256(known.bytes))) {
    return "doesn't follow the record before";
  }
  if (equals(known.identity, next.identity)) {
    if (next.succession !== undefined) return "unneeded succession";
  } else {
    const old = next.succession?.oldIdentity;
    if (old === undefined || !equals(old, known.identity)) {
      return "other identity";
    }
  }
  return keepDeviceKeys(known, next) ? undefined : "other keys of a device";
}

/** Whether all devices that stay in a record have the keys that they had. */
function keepDeviceKeys(known: AccountRecord, next: AccountRecord): boolean {
  const before = new Map(known.devices.map((one) => [one.id.toHex(), one]));
  return next.devices.every(({ id, signingKey, agreementKey }) => {
    const old = before.get(id.toHex());
    return old === undefined ||
      equals(old.signingKey, signingKey) &&
        equals(old.agreementKey, agreementKey);
  });
}
