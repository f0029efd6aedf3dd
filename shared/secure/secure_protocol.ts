/**
 * The sizes, ids and codes of the secure protocol (docs/secure.md).
 *
 * @module
 */

import { bytes, type Field } from "../wire/fields.ts";
import type { ClientId } from "../wire/protocol.ts";

declare const brand: unique symbol;

/** Identifies an account: the id of a legacy client, 16 bytes. */
export type AccountId = ClientId;
/** 16 random bytes that identify a device of an account. */
export type DeviceId = Uint8Array & { readonly [brand]: "DeviceId" };
/** 16 bytes that identify one sending of a device. */
export type Uid = Uint8Array & { readonly [brand]: "Uid" };
/** Position of a message in a mailbox, from 1; 8 bytes on the wire. */
export type Seq = number & { readonly [brand]: "Seq" };

/** The version in the headers of requests and responses. */
export const SECURE_VERSION = 3;
/** The version of the protocol that a hello agrees on. */
export const CHANNEL_VERSION = 1;
/** Code of the request with index 0; the response's is 1000 higher. */
export const FIRST_SECURE_REQUEST = 3000;
/** Code of the response with index 0. */
export const FIRST_SECURE_RESPONSE = 4000;
/** Code of a refusal, in place of any response. */
export const REFUSAL_CODE = 4999;

/** Size in bytes of a device's id, and of a uid. */
export const DEVICE_ID_SIZE = 16;
/** Size in bytes of an Ed25519 or X25519 public key. */
export const CURVE_KEY_SIZE = 32;
/** Size in bytes of an Ed25519 signature. */
export const SIGNATURE_SIZE = 64;
/** Size in bytes of a SHA-256 hash. */
export const HASH_SIZE = 32;
/** Size in bytes of a nonce of a hello. */
export const NONCE_SIZE = 32;
/** Size in bytes of an ML-KEM-768 public key. */
export const KEM_KEY_SIZE = 1184;
/** Size in bytes of what the challenge encrypts, and of its proof. */
export const PROOF_SIZE = 32;
/** Size in bytes of what RSA-1024 encrypts to. */
export const CHALLENGE_SIZE = 128;

/** Largest payload in bytes of a request before 3003. */
export const MAX_EARLY_PAYLOAD: number = 64 * 1024;
/** Longest wait of a 3008 in seconds. */
export const MAX_FETCH_WAIT = 50;
/** Number of single-use packages that wait at the relay, and below which they are refilled. */
export const SINGLE_USE = { most: 100, refill: 30 } as const;

/** Flags of a message in a mailbox. */
export const MailFlag = {
  /** Sent with a legacy 603: a type and a legacy content, by an unverified sender. */
  Legacy: 1,
} as const;

/** Registration as a hello tells it. */
export const Registration = { Closed: 0, Open: 1, Invitation: 2 } as const;

/** What a 4007 tells of its sending. */
export const SendingTaken = {
  /** It was taken. */
  Now: 1,
  /** It had been taken before: this was a repeat. */
  Before: 2,
} as const;

/** States of a sending, as 4010 tells them. */
export const SendingState = {
  Waits: 1,
  Taken: 2,
  Expired: 3,
  Unknown: 4,
} as const;

/** State of a sending. */
export type SendingState = typeof SendingState[keyof typeof SendingState];

/** Why the relay refuses, as 4999 tells it. */
export const RefusalReason = {
  Form: 1,
  NotAuthenticated: 2,
  Unknown: 3,
  Taken: 4,
  OtherDevices: 5,
  Full: 6,
  TooLarge: 7,
  TooOften: 8,
  OlderVersion: 9,
  Closed: 10,
  OutcomeUnknown: 11,
  CountUsed: 12,
} as const;

/** Why the relay refuses. */
export type RefusalReason = typeof RefusalReason[keyof typeof RefusalReason];

/** A device's id. */
export const deviceId = bytes(DEVICE_ID_SIZE) as Field<DeviceId>;
/** A uid. */
export const uid = bytes(DEVICE_ID_SIZE) as Field<Uid>;

/** Draws a device's id. */
export function drawDeviceId(): DeviceId {
  return random(DEVICE_ID_SIZE) as Uint8Array as DeviceId;
}

/** Size in bytes of the time that a uid begins with, in milliseconds, big endian. */
const UID_TIME_SIZE = 6;

/** Draws a uid: the time, and 10 random bytes (SEN-8, SEN-9). */
export function drawUid(): Uid {
  const uid = random(DEVICE_ID_SIZE);
  let time = Date.now();
  for (let index = UID_TIME_SIZE - 1; index >= 0; index--) {
    uid[index] = time % 256;
    time = Math.floor(time / 256);
  }
  return uid as Uid;
}

function random(size: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(size));
}
