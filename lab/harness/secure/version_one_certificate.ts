/** Certificates of version 1, which have no extensions (X.509 v1). */

import { concat } from "@std/bytes";
import { sign, type SigningKey } from "../../../shared/secure/ed25519.ts";

/** Tags of the parts that version 1 doesn't have: the version, the extensions. */
const LATER_PARTS: readonly number[] = [0xa0, 0xa3];

/**
 * A certificate as one of version 1 with the same names, times and key.
 *
 * @param issuer the key that signs it
 */
export async function versionOneCertificate(
  certificate: Uint8Array,
  issuer: SigningKey,
): Promise<Uint8Array> {
  const [body = certificate, algorithm = certificate] = parts(certificate);
  const kept = parts(body).filter(([tag = 0]) => !LATER_PARTS.includes(tag));
  const signed = sequence(0x30, kept);
  const signature = Uint8Array.of(0, ...await sign(issuer, signed));
  return sequence(0x30, [signed, algorithm, sequence(0x03, [signature])]);
}

/** The values inside a DER value, each with its tag and size. */
function parts(der: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = headSize(der); at < der.length;) {
    const rest = der.subarray(at);
    const size = headSize(rest) + contentSize(rest);
    found.push(rest.subarray(0, size));
    at += size;
  }
  return found;
}

const isLong = (der: Uint8Array) => ((der[1] ?? 0) & 0x80) !== 0;

const headSize = (der: Uint8Array) =>
  isLong(der) ? 2 + ((der[1] ?? 0) & 0x7f) : 2;

const contentSize = (der: Uint8Array) =>
  der.subarray(isLong(der) ? 2 : 1, headSize(der))
    .reduce((size, byte) => 256 * size + byte, 0);

function sequence(tag: number, values: readonly Uint8Array[]): Uint8Array {
  const content = concat(values);
  const { length } = content;
  const head = length < 0x80 ? [tag, length] : [tag, 0x81, length];
  if (length > 0xff) throw new RangeError(`Expected 255 bytes, got ${length}`);
  return concat([Uint8Array.from(head), content]);
}
