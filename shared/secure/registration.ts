/**
 * A 3001 with its signature (section 3.2 of docs/secure.md).
 *
 * @module
 */

import { sign, type SigningKey } from "./ed25519.ts";
import { SIGNATURE_SIZE } from "./secure_protocol.ts";
import {
  secureRequestCodecs,
  type SecureRequestPayloads,
} from "./secure_requests.ts";
import { type ChannelBinding, registrationBytes } from "./signed_bytes.ts";

type Registration = SecureRequestPayloads["register"];

/** What a registration tells. */
export type RegistrationContent =
  & Pick<Registration, "publicKey" | "record">
  & Partial<Pick<Registration, "invitation" | "proof">>;

/**
 * Signs a registration for one connection (SIG-2).
 *
 * @param content the RSA key of 160 bytes, the record, and the proof of a lift
 * @param key S of a device of the record
 */
export async function signRegistration(
  { publicKey, record, invitation = new Uint8Array(0), proof }:
    RegistrationContent,
  binding: ChannelBinding,
  key: SigningKey,
): Promise<Registration> {
  const unsigned = {
    publicKey,
    record,
    invitation,
    proof,
    signature: new Uint8Array(SIGNATURE_SIZE),
  };
  const payload = secureRequestCodecs.register.encode(unsigned);
  const signed = await registrationBytes(
    binding,
    payload.subarray(0, -SIGNATURE_SIZE),
  );
  return { ...unsigned, signature: await sign(key, signed) };
}
