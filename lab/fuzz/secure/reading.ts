/**
 * What docs/secure.md makes of bytes: headers, payloads, records and packages,
 * written a second time from its tables and without the relay's readers, so that
 * one can be held against the other.
 *
 * @module
 */

import { createHash, createPublicKey, verify } from "node:crypto";
import { concat } from "@std/bytes";
import { viewOf } from "../relay/layout.ts";

/** A request in a stream. */
export interface ReadRequest {
  /** The header's id in hex. */
  readonly device: string;
  /** The code. */
  readonly code: number;
  /** Size in bytes of the payload, as the header claims. */
  readonly size: number;
  /** The payload; undefined where the stream ends within it. */
  readonly payload: Uint8Array | undefined;
}

const HEADER = 23;
const ID = 16;
const KEY = 32;
const SIGNATURE = 64;
const RSA = 160;
const NAME = 255;
/** Size in bytes of a package. */
export const PACKAGE = 1309;
/** Sizes in bytes of a record before its devices, and of each of them. */
const RECORD = 348;
const DEVICE = 89;

/** Cuts a stream into requests; one that isn't whole comes last (HDR-4). */
export function* readStream(stream: Uint8Array): Generator<ReadRequest> {
  for (let at = 0; at + HEADER <= stream.length;) {
    const view = viewOf(stream.subarray(at));
    const size = view.getUint32(19, true);
    const end = at + HEADER + size;
    yield {
      device: stream.subarray(at, at + ID).toHex(),
      code: view.getUint16(17, true),
      size,
      payload: end <= stream.length
        ? stream.subarray(at + HEADER, end)
        : undefined,
    };
    at = end;
  }
}

/** Takes fields from a payload, one after the other; undefined beyond its end. */
export class Fields {
  #at = 0;
  #failed = false;

  constructor(readonly bytes: Uint8Array) {}

  /** Whether all fields were there, and nothing follows them (FLD-2). */
  get whole(): boolean {
    return !this.#failed && this.left === 0;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.bytes.length - this.#at;
  }

  /** Whether another item of a list begins. */
  get more(): boolean {
    return !this.#failed && this.left > 0;
  }

  /** So many bytes. */
  take(size: number): Uint8Array {
    if (size > this.left) {
      this.#failed = true;
      return new Uint8Array(Math.min(size, PACKAGE));
    }
    const taken = this.bytes.subarray(this.#at, this.#at + size);
    this.#at += size;
    return taken;
  }

  /** An id in hex. */
  id(): string {
    return this.take(ID).toHex();
  }

  /** A u8 that may only be so much. */
  u8(most = 255): number {
    const [value = 0] = this.take(1);
    if (value > most) this.#failed = true;
    return value;
  }

  /** A u16. */
  u16(): number {
    return viewOf(this.take(2)).getUint16(0, true);
  }

  /** A u32. */
  u32(): number {
    return viewOf(this.take(4)).getUint32(0, true);
  }

  /** A u64 (FLD-1). */
  u64(): number {
    const value = viewOf(this.take(8)).getBigUint64(0, true);
    if (value > Number.MAX_SAFE_INTEGER) this.#failed = true;
    return Number(value);
  }

  /** A size and that many bytes. */
  sized(): Uint8Array {
    return this.take(this.u32());
  }
}

/** A record, as far as a relay goes by it. */
export interface ReadRecord {
  readonly bytes: Uint8Array;
  readonly version: number;
  readonly previous: string;
  readonly identity: string;
  readonly account: string;
  readonly name: string;
  /** S and D of each device, by its id. */
  readonly devices: ReadonlyMap<string, { s: Uint8Array; d: string }>;
  /** The old identity, where there is a new one. */
  readonly old: string | undefined;
}

/** Reads a record that keeps REC-1 to REC-5; undefined for another. */
export function readRecordAgain(bytes: Uint8Array): ReadRecord | undefined {
  const fields = new Fields(bytes);
  const version = fields.u32();
  fields.u64();
  const previous = fields.take(KEY);
  const identity = fields.take(KEY);
  const account = fields.id();
  const nameField = fields.take(NAME);
  const count = fields.u8();
  const devices = new Map<string, { s: Uint8Array; d: string }>();
  for (let index = 0; index < count && fields.more; index++) {
    const id = fields.id();
    const s = fields.take(KEY);
    const d = fields.take(KEY).toHex();
    fields.u8(0);
    fields.u64();
    if (!isSound(s)) return undefined;
    devices.set(id, { s, d });
  }
  const signed = RECORD + DEVICE * count;
  const signature = fields.take(SIGNATURE);
  let old: Uint8Array | undefined;
  if (fields.more) {
    old = fields.take(KEY);
    const consent = fields.take(SIGNATURE);
    const said = label("MessageU successor 1", bytes.subarray(0, signed + 64));
    if (!isSound(old) || !isSigned(old, consent, said)) return undefined;
  }
  const name = printable(nameField);
  const isFirst = version === 1;
  const holds = fields.whole && version > 0 && count > 0 &&
    devices.size === count && name !== undefined &&
    isFirst === previous.every((byte) => byte === 0) &&
    !(isFirst && old !== undefined) && isSound(identity) &&
    isSigned(
      identity,
      signature,
      label("MessageU account 1", bytes.subarray(0, signed)),
    );
  if (!holds) return undefined;
  return {
    bytes,
    version,
    previous: previous.toHex(),
    identity: identity.toHex(),
    account,
    name,
    devices,
    old: old?.toHex(),
  };
}

/** Printable ASCII, then zeros, one at least. */
function printable(field: Uint8Array): string | undefined {
  const end = field.indexOf(0);
  if (end < 1 || field.subarray(end).some((byte) => byte !== 0)) {
    return undefined;
  }
  const bytes = field.subarray(0, end);
  if (bytes.some((byte) => byte < 0x20 || byte > 0x7e)) return undefined;
  return String.fromCharCode(...bytes);
}

/** A package, as far as a relay goes by it. */
export interface ReadPackage {
  readonly number: number;
  readonly isSingle: boolean;
  readonly bytes: Uint8Array;
}

/** Reads a package of a device with this S; undefined for another. */
export function readPackageAgain(
  bytes: Uint8Array,
  device: string,
  s: Uint8Array,
): ReadPackage | undefined {
  const fields = new Fields(bytes);
  const of = fields.id();
  const number = fields.u32();
  const kind = fields.u8(1);
  fields.take(KEY + 1184);
  fields.u64();
  const signature = fields.take(SIGNATURE);
  const signed = label("MessageU package 1", bytes.subarray(0, -SIGNATURE));
  const holds = fields.whole && of === device && number > 0 &&
    isSigned(s, signature, signed);
  return holds ? { number, isSingle: kind === 1, bytes } : undefined;
}

/** A label with its NUL, and what it labels (SIG-1). */
export function label(
  text: string,
  ...parts: readonly Uint8Array[]
): Uint8Array {
  return concat([new TextEncoder().encode(`${text}\0`), ...parts]);
}

/** SHA-256, in hex. */
export function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Whether a signature is a key's, by another implementation than the relay's. */
export function isSigned(
  key: Uint8Array,
  signature: Uint8Array,
  message: Uint8Array,
): boolean {
  try {
    const x = key.toBase64({ alphabet: "base64url", omitPadding: true });
    const jwk = { kty: "OKP", crv: "Ed25519", x };
    const made = createPublicKey({ key: jwk, format: "jwk" });
    return verify(null, message, made, signature);
  } catch {
    return false;
  }
}

/** Keys of small order in hex, without the sign: 0, 1, -1 and the order 8 ones. */
const SMALL: ReadonlySet<string> = new Set([
  "00".repeat(32),
  "01" + "00".repeat(31),
  "ec" + "ff".repeat(30) + "7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]);
/** The prime in hex; from it on an encoding isn't canonical. */
const PRIME = BigInt("0x7f" + "ff".repeat(30) + "ed");

function isSound(key: Uint8Array): boolean {
  const y = key.slice();
  y[31] = (y[31] ?? 0) & 0x7f;
  return BigInt(`0x${y.toReversed().toHex()}`) < PRIME &&
    !SMALL.has(y.toHex());
}

/** Sizes of fields that cases are made of. */
export const sizes = { HEADER, ID, KEY, SIGNATURE, RSA, NAME } as const;
