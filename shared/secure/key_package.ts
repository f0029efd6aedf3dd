/**
 * The package of keys with which another account starts a session with a device
 * that is away (section 3.4 of docs/secure.md).
 *
 * @module
 */

import {
  bytes,
  type Codec,
  codec,
  type Field,
  fixed,
  oneOf,
  record,
  u64,
} from "../wire/fields.ts";
import { FormatError } from "../wire/format_error.ts";
import { sign, type SigningKey, verify } from "./ed25519.ts";
import {
  CURVE_KEY_SIZE,
  type DeviceId,
  deviceId,
  KEM_KEY_SIZE,
  SIGNATURE_SIZE,
} from "./secure_protocol.ts";
import { labelled } from "./signed_bytes.ts";

/** Size in bytes of a package. */
export const PACKAGE_SIZE = 1309;
/** Size in bytes of a package before its signature. */
const SIGNED_SIZE: number = PACKAGE_SIZE - SIGNATURE_SIZE;

/** Kinds of packages. */
export const PackageKind = {
  /** Replaced each week; handed out with each claim. */
  Weekly: 0,
  /** Handed out once. */
  SingleUse: 1,
} as const;

/** A kind of package. */
export type PackageKind = typeof PackageKind[keyof typeof PackageKind];

/** What a package tells, without its signature. */
export interface PackageContent {
  /** The device that it is of. */
  device: DeviceId;
  /** From 1, over both kinds; never used again (PKG-2). */
  number: number;
  /** Its kind. */
  kind: PackageKind;
  /** X25519 public key, 32 bytes. */
  agreementKey: Uint8Array;
  /** ML-KEM-768 public key, 1,184 bytes. */
  kemKey: Uint8Array;
  /** When it was made, in milliseconds since 1970. */
  made: number;
}

/** A package; whether its signature is right is to be asked. */
export interface KeyPackage extends PackageContent {
  /** Signature by S, 64 bytes. */
  signature: Uint8Array;
}

/** An integer from 1. */
const number: Field<number> = fixed(
  4,
  (writer, value) => {
    checkNumber(value);
    writer.u32(value);
  },
  (reader) => {
    const value = reader.u32();
    checkNumber(value);
    return value;
  },
);

/** @throws {FormatError} if the number of a package is 0 */
function checkNumber(value: number): void {
  if (value === 0) throw new FormatError("expected at least 1, got 0");
}

const contentFields = {
  device: deviceId,
  number,
  kind: oneOf(PackageKind.Weekly, PackageKind.SingleUse),
  agreementKey: bytes(CURVE_KEY_SIZE),
  kemKey: bytes(KEM_KEY_SIZE),
  made: u64,
};

const contentCodec: Codec<PackageContent> = codec(
  "keyPackage",
  record<PackageContent>(contentFields),
);

/** The codec of a package, 1,309 bytes; it doesn't verify the signature. */
export const packageCodec: Codec<KeyPackage> = codec(
  "keyPackage",
  record<KeyPackage>({ ...contentFields, signature: bytes(SIGNATURE_SIZE) }),
);

/**
 * Makes a package and signs it.
 *
 * @param key S of the device
 * @returns 1,309 bytes
 * @throws {FormatError} if the content is no valid package
 */
export async function signPackage(
  content: PackageContent,
  key: SigningKey,
): Promise<Uint8Array<ArrayBuffer>> {
  const signed = labelled("package", contentCodec.encode(content));
  return packageCodec.encode({
    ...content,
    signature: await sign(key, signed),
  });
}

/**
 * Reads a package and verifies its signature (PKG-1). Whether it is of the
 * expected device and kind is the caller's to check (PKG-3, PBL-1).
 *
 * @param signingKey S of the device, 32 bytes
 * @throws {FormatError} unless the bytes are exactly one valid package
 */
export async function readPackage(
  bytes: Uint8Array,
  signingKey: Uint8Array,
): Promise<KeyPackage> {
  const read = packageCodec.decode(bytes);
  const signed = labelled("package", bytes.subarray(0, SIGNED_SIZE));
  if (await verify(signingKey, read.signature, signed)) return read;
  throw new FormatError("the signature isn't the device's")
    .within("signature").within("keyPackage");
}
