/** Requests of secure accounts with their signatures, right or wrong. */

import type { SecurePeer } from "./peer.ts";
import type { SecureIdentity } from "./identity.ts";
import {
  type AccountRecord,
  type RecordContent,
  type RecordDevice,
  signRecord,
} from "../../../shared/secure/account_record.ts";
import {
  generateSigningKey,
  sign,
  type SigningKey,
} from "../../../shared/secure/ed25519.ts";
import {
  drawDeviceId,
  drawUid,
} from "../../../shared/secure/secure_protocol.ts";
import {
  type RegistrationContent,
  signRegistration,
} from "../../../shared/secure/registration.ts";
import type { SecureRequestPayloads } from "../../../shared/secure/secure_requests.ts";
import {
  authenticationBytes,
  type ChannelBinding,
  deletionBytes,
  deviceBytes,
  sha256,
} from "../../../shared/secure/signed_bytes.ts";

/** A 3001. */
export function registration(
  binding: ChannelBinding,
  { publicKey, record, signing }: SecureIdentity,
  changes: Partial<RegistrationContent> = {},
): Promise<SecureRequestPayloads["register"]> {
  const content = { publicKey, record: record.bytes, ...changes };
  return signRegistration(content, binding, signing);
}

/** A 3003. */
export async function authentication(
  binding: ChannelBinding,
  { device, signing, record }: SecureIdentity,
  count = 0,
): Promise<SecureRequestPayloads["authenticate"]> {
  const signed = authenticationBytes(binding, device, count);
  const signature = await sign(signing, signed);
  return { count, recordVersion: record.version, signature };
}

/** A 3012. */
export async function deletion(
  binding: ChannelBinding,
  { identity, record }: Pick<SecureIdentity, "identity" | "record">,
): Promise<SecureRequestPayloads["delete"]> {
  const signed = deletionBytes(binding, record.account);
  return { signature: await sign(identity, signed) };
}

/** A device that no record has yet, with its S. */
export async function drawDevice(): Promise<
  { device: RecordDevice; signing: SigningKey }
> {
  const signing = await generateSigningKey();
  const device = {
    id: drawDeviceId(),
    signingKey: signing.publicKey,
    agreementKey: crypto.getRandomValues(new Uint8Array(32)),
    added: Date.now(),
  };
  return { device, signing };
}

/** The record that follows one. */
export async function recordAfter(
  before: AccountRecord,
  identity: SigningKey,
  changes: Partial<RecordContent> = {},
): Promise<AccountRecord> {
  return await signRecord({
    ...before,
    version: before.version + 1,
    time: Date.now(),
    previous: await sha256(before.bytes),
    ...changes,
  }, identity);
}

/** A 3009, signed by the new devices. */
export async function replacement(
  binding: ChannelBinding,
  { bytes }: AccountRecord,
  added: readonly SigningKey[] = [],
): Promise<SecureRequestPayloads["record"]> {
  const signed = await deviceBytes(binding, bytes);
  const signatures = await Promise.all(added.map((key) => sign(key, signed)));
  return { record: bytes, signatures };
}

/** A 3007 with an envelope for the account's only device. */
export function sending(
  { record, device }: SecureIdentity,
  count: number,
  content: Uint8Array = new Uint8Array(5).fill(count),
): SecureRequestPayloads["send"] {
  return {
    uid: drawUid(),
    count,
    account: record.account,
    recordVersion: record.version,
    lifetime: 0,
    envelopes: [{ device, content }],
  };
}

/** What signatures on a connection are bound to. */
export function bindingOf(
  { nonce }: SecurePeer,
  { key }: { readonly key: Uint8Array },
): ChannelBinding {
  return { relayKey: key, nonce };
}
