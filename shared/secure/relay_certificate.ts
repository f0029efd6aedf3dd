/**
 * The certificate of a relay's key, and the trust anchor that a client makes of
 * the key alone (section 2 of docs/secure.md). Both are X.509 in DER.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { sign, type SigningKey } from "./ed25519.ts";

/** The host name that the certificate is for, wherever the relay is. */
export const RELAY_HOST_NAME = "relay.messageu.invalid";
/** The common name of the issuer, and of a client's trust anchor. */
const ISSUER_NAME = "MessageU relay key";

/** Tags of DER. */
const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
/** `[0]` around the version, `[3]` around the extensions, `[2]` a DNS name. */
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
const DNS_NAME = 0x82;

const oid = (hex: string) => Uint8Array.fromHex(`06${hex}`);
const ED25519 = der(SEQUENCE, oid("032b6570"));
const COMMON_NAME = oid("03550403");
const ALTERNATIVE_NAME = oid("03551d11");
const encoder = new TextEncoder();

/** What a relay shows on its secure port, as PEM. */
export interface RelayCredentials {
  /** The certificate. */
  cert: string;
  /** The private key in PKCS #8. */
  key: string;
}

/** Makes the certificate of a relay's key: the same bytes for the same key. */
export async function relayCredentials(
  relayKey: SigningKey,
): Promise<RelayCredentials> {
  const { privateKey, publicKey } = relayKey;
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", privateKey);
  const certificate = await certificateBy(relayKey, publicKey, relayBody);
  return {
    cert: pem("CERTIFICATE", certificate),
    key: pem("PRIVATE KEY", new Uint8Array(pkcs8)),
  };
}

/** The differences between certificates: names, times, extensions. */
export interface CertificateBody {
  /** Common name of the issuer. */
  issuer: string;
  /** Common name of the subject. */
  subject: string;
  /** DNS name of the subject. */
  dnsName: string;
  /** From when it is valid, as UTCTime or GeneralizedTime. */
  notBefore: string;
  /** Until when. */
  notAfter: string;
}

const relayBody: CertificateBody = {
  issuer: ISSUER_NAME,
  subject: RELAY_HOST_NAME,
  dnsName: RELAY_HOST_NAME,
  notBefore: "000101000000Z",
  notAfter: "99991231235959Z",
};

/**
 * Makes a version 3 certificate.
 *
 * @param publicKey the certified key, 32 bytes
 */
export async function certificateBy(
  issuer: SigningKey,
  publicKey: Uint8Array,
  body: Partial<CertificateBody> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const parts = { ...relayBody, ...body };
  const names = der(SEQUENCE, der(DNS_NAME, encoder.encode(parts.dnsName)));
  const extension = der(SEQUENCE, ALTERNATIVE_NAME, der(OCTET_STRING, names));
  const signed = der(
    SEQUENCE,
    der(VERSION, der(INTEGER, Uint8Array.of(2))),
    der(INTEGER, Uint8Array.of(1)),
    ED25519,
    commonName(parts.issuer),
    der(SEQUENCE, time(parts.notBefore), time(parts.notAfter)),
    commonName(parts.subject),
    publicKeyInfo(publicKey),
    der(EXTENSIONS, der(SEQUENCE, extension)),
  );
  return der(SEQUENCE, signed, ED25519, bits(await sign(issuer, signed)));
}

/**
 * The trust anchor of a pinned key, as PEM for `caCerts` of `Deno.startTls`. It
 * says nothing but the issuer's name and the key; its signature is empty, since
 * an anchor's isn't verified.
 *
 * @param key the relay's key, 32 bytes
 */
export function trustAnchor(key: Uint8Array): string {
  const name = commonName(ISSUER_NAME);
  const body = der(
    SEQUENCE,
    der(INTEGER, Uint8Array.of(1)),
    ED25519,
    name,
    der(SEQUENCE, time(relayBody.notBefore), time(relayBody.notAfter)),
    name,
    publicKeyInfo(key),
  );
  const unsigned = bits(new Uint8Array(64));
  return pem("CERTIFICATE", der(SEQUENCE, body, ED25519, unsigned));
}

/** One DER value. */
function der(
  tag: number,
  ...parts: readonly Uint8Array[]
): Uint8Array<ArrayBuffer> {
  const content = concat(parts);
  const { length } = content;
  const size = length < 0x80
    ? [length]
    : length < 0x100
    ? [0x81, length]
    : [0x82, length >> 8, length & 0xff];
  return concat([Uint8Array.of(tag, ...size), content]) as Uint8Array<
    ArrayBuffer
  >;
}

const bits = (bytes: Uint8Array) => der(BIT_STRING, Uint8Array.of(0), bytes);

const publicKeyInfo = (key: Uint8Array) => der(SEQUENCE, ED25519, bits(key));

function commonName(name: string): Uint8Array {
  const value = der(UTF8_STRING, encoder.encode(name));
  return der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, value)));
}

/** A year before 2050 has two digits, a later one four (RFC 5280). */
function time(text: string): Uint8Array {
  const tag = text.length === "000101000000Z".length
    ? UTC_TIME
    : GENERALIZED_TIME;
  return der(tag, encoder.encode(text));
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = bytes.toBase64().match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""]
    .join("\n");
}
