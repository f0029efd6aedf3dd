import { equals } from "@std/bytes";
import { readRecord } from "../../../shared/secure/account_record.ts";
import { verify } from "../../../shared/secure/ed25519.ts";
import { SIGNATURE_SIZE } from "../../../shared/secure/secure_protocol.ts";
import type { SecureRequestPayloads } from "../../../shared/secure/secure_requests.ts";
import {
  liftProof,
  registrationBytes,
} from "../../../shared/secure/signed_bytes.ts";
import { refuse, refuseForNow, respond } from "../response.ts";
import { storedRecord } from "../stored_record.ts";
import type { Greeting } from "../greeting.ts";
import type { SecureContext, SecureHandler } from "./handler.ts";

/** 3001: registers an account, or lifts a legacy one (ENR-1 to ENR-5, LFT-4). */
export const register: SecureHandler<"register"> = async (payload, context) => {
  const { session, registrations, address, store, now } = context;
  if (!registrations.admit(address)) {
    return refuseForNow(registrations.wait(address));
  }
  const { greeting } = session;
  if (!greeting?.use()) return refuse("not_authenticated");
  const record = await readRecord(payload.record);
  // The signature of a second device would be missing.
  const [device, another] = record.devices;
  const isItsOwn = another === undefined && device !== undefined &&
    equals(device.id, context.requesterId);
  if (!isItsOwn) return refuse("bad_format");
  const { account, name } = record;
  const isTrue =
    await isSigned(device.signingKey, payload, greeting, context) &&
    await isProved(payload, account, greeting);
  if (!isTrue) return refuse("not_authenticated");
  const isKept = await store.secure.register({
    record: storedRecord(record),
    name,
    publicKey: payload.publicKey,
    isLift: payload.proof !== undefined,
  }, now);
  return isKept ? respond("register", { account }) : refuse("taken");
};

async function isSigned(
  key: Uint8Array,
  { signature }: SecureRequestPayloads["register"],
  greeting: Greeting,
  { bytes }: SecureContext,
): Promise<boolean> {
  const payload = bytes.subarray(0, -SIGNATURE_SIZE);
  return await verify(
    key,
    signature,
    await registrationBytes(greeting, payload),
  );
}

/** Whether a proof, where there is one, is that of the account's challenge. */
async function isProved(
  { proof, record }: SecureRequestPayloads["register"],
  account: Uint8Array,
  greeting: Greeting,
): Promise<boolean> {
  if (proof === undefined) return true;
  const { challenge } = greeting;
  if (challenge === undefined || !equals(challenge.account, account)) {
    return false;
  }
  // The nonce has one try: how long the comparison takes tells nothing.
  return equals(proof, await liftProof(greeting, challenge.secret, record));
}
