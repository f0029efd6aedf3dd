/** A certificate without version and extensions, which names the relay's issuer (X.509 v1). */

import { concat } from "@std/bytes";
import {
  certificateBy,
  RELAY_HOST_NAME,
} from "../../shared/secure/relay_certificate.ts";
import { sign, type SigningKey } from "../../shared/secure/ed25519.ts";

/** Makes it of a version 3 certificate; signed by the key itself, whose it is. */
export async function versionOneCertificate(
  key: SigningKey,
): Promise<Uint8Array> {
  const whole = await certificateBy(key, key.publicKey, {
    subject: RELAY_HOST_NAME,
  });
  const [body = new Uint8Array(), algorithm = new Uint8Array()] = values(
    content(whole),
  );
  const [version, ...fields] = values(content(body));
  if (version?.[0] !== 0xa0 || fields.at(-1)?.[0] !== 0xa3) {
    throw new Error("Expected a version 3 certificate");
  }
  const signed = sequence(...fields.slice(0, -1));
  const signature = await sign(key, signed);
  return sequence(
    signed,
    algorithm,
    Uint8Array.of(0x03, 65, 0, ...signature),
  );
}

function sequence(...parts: Uint8Array[]): Uint8Array {
  const inside = concat(parts);
  const { length } = inside;
  return concat([
    Uint8Array.of(0x30, 0x82, length >> 8, length & 0xff),
    inside,
  ]);
}

/** Bytes of a DER value's tag and size. */
function headSize(der: Uint8Array): number {
  const [, size = 0] = der;
  return size < 0x80 ? 2 : 2 + (size & 0x7f);
}

function content(der: Uint8Array): Uint8Array {
  return der.subarray(headSize(der));
}

/** The DER values one behind the other. */
function values(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const rest = bytes.subarray(at);
    const head = headSize(rest);
    const size = head === 2
      ? rest[1] ?? 0
      : rest.subarray(2, head).reduce((size, byte) => 256 * size + byte, 0);
    found.push(rest.subarray(0, head + size));
    at += head + size;
  }
  return found;
}
