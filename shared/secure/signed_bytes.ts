/**
 * What is signed, proved and hashed: each begins with a label of its own, so
 * that no signature stands for anything else (section 3.2 of docs/secure.md).
 *
 * @module
 */

import { concat } from "@std/bytes";
import { Writer } from "../wire/buffers.ts";
import { FormatError } from "../wire/format_error.ts";
import {
  type AccountId,
  type DeviceId,
  PROOF_SIZE,
} from "./secure_protocol.ts";

/** The labels, each once (SIG-1). A NUL ends each where it stands. */
export const labels = {
  account: "MessageU account 1",
  successor: "MessageU successor 1",
  package: "MessageU package 1",
  safety: "MessageU two people 2",
  register: "MessageU register 1",
  lift: "MessageU lift 1",
  authenticate: "MessageU auth 1",
  device: "MessageU device 1",
  delete: "MessageU delete 1",
} as const;

const encoder = new TextEncoder();

/** A label with its NUL, and what it labels. */
export function labelled(
  label: keyof typeof labels,
  ...parts: readonly Uint8Array[]
): Uint8Array<ArrayBuffer> {
  return concat([
    encoder.encode(`${labels[label]}\0`),
    ...parts,
  ]) as Uint8Array<ArrayBuffer>;
}

/** What binds a signature to one connection: the pinned key of the relay, and the nonce of its hello. */
export interface ChannelBinding {
  /** 32 bytes. */
  readonly relayKey: Uint8Array;
  /** 32 bytes. */
  readonly nonce: Uint8Array;
}

/**
 * What S signs in a 3001.
 *
 * @param payload all of the payload before the signature
 */
export async function registrationBytes(
  { relayKey, nonce }: ChannelBinding,
  payload: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  return labelled("register", relayKey, nonce, await sha256(payload));
}

/** What S signs in a 3003. */
export function authenticationBytes(
  { relayKey, nonce }: ChannelBinding,
  device: DeviceId,
  count: number,
): Uint8Array<ArrayBuffer> {
  const written = new Writer(8);
  written.u64(count);
  return labelled("authenticate", relayKey, nonce, device, written.bytes);
}

/** What the S of each new device signs in a 3009. */
export async function deviceBytes(
  { relayKey, nonce }: ChannelBinding,
  record: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  return labelled("device", relayKey, nonce, await sha256(record));
}

/** What I signs in a 3012. */
export function deletionBytes(
  { relayKey, nonce }: ChannelBinding,
  account: AccountId,
): Uint8Array<ArrayBuffer> {
  return labelled("delete", relayKey, nonce, account);
}

/** The OAEP label of a 4002. */
export function challengeLabel(
  { relayKey, nonce }: ChannelBinding,
): Uint8Array<ArrayBuffer> {
  return labelled("lift", relayKey, nonce);
}

/**
 * The proof in a 3001 that lifts an account, 32 bytes.
 *
 * @param opened the 32 bytes that the challenge holds
 * @throws {FormatError} unless it holds 32 bytes (LFT-3)
 */
export async function liftProof(
  { relayKey, nonce }: ChannelBinding,
  opened: Uint8Array,
  record: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  if (opened.length !== PROOF_SIZE) {
    throw new FormatError(
      `expected a challenge of ${PROOF_SIZE} bytes, got ${opened.length}`,
    );
  }
  const key = await crypto.subtle.importKey(
    "raw",
    opened as Uint8Array<ArrayBuffer>,
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const message = labelled("lift", relayKey, nonce, await sha256(record));
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, message));
}

/** SHA-256, 32 bytes. */
export async function sha256(
  bytes: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(
    await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>),
  );
}
