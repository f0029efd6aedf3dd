import { equals } from "@std/bytes";
import { generateSigningKey, verify } from "../../../shared/secure/ed25519.ts";
import { certificateBy } from "../../../shared/secure/relay_certificate.ts";
import { SIGNATURE_SIZE } from "../../../shared/secure/secure_protocol.ts";

/** Size in bytes of the algorithm and of the signature's head behind what is signed. */
const BEHIND_SIGNED = 7 + 3;

/**
 * Describes how a certificate differs from the one that follows from a relay key;
 * undefined if it doesn't.
 *
 * @param certificate DER
 * @param relayKey 32 bytes
 */
export async function certificateProblem(
  certificate: Uint8Array,
  relayKey: Uint8Array,
): Promise<string | undefined> {
  // Of one by another issuer all but the signature is the same.
  const model = await certificateBy(await generateSigningKey(), relayKey);
  const end = model.length - SIGNATURE_SIZE;
  if (certificate.length !== model.length) {
    return `${certificate.length} bytes in place of ${model.length}`;
  }
  if (!equals(certificate.subarray(0, end), model.subarray(0, end))) {
    const at = model.findIndex((byte, at) => byte !== certificate[at]);
    const [got, due] = [certificate, model].map((bytes) =>
      bytes.subarray(at, at + 8).toHex()
    );
    return `${got}… at byte ${at} in place of ${due}…`;
  }
  // A length above 255 has two bytes behind 0x82.
  const start = 2 + ((model[1] ?? 0) & 0x7f);
  const signed = certificate.subarray(start, end - BEHIND_SIGNED);
  return await verify(relayKey, certificate.subarray(end), signed)
    ? undefined
    : "a signature that isn't the relay key's";
}
