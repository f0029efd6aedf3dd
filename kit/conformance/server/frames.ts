/**
 * Requests of checks: sound ones, and ones whose header and payload disagree.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { decodeHex, encodeHex } from "@std/encoding";
import { requestCode } from "../../../shared/wire/dialects.ts";
import {
  type ClientId,
  NAME_SIZE,
  PROTOCOL_VERSION,
  PUBLIC_KEY_SIZE,
  SEND_OVERHEAD,
  ZERO_ID,
} from "../../../shared/wire/protocol.ts";
import type { RequestKind } from "../../../shared/wire/requests.ts";
import { asClientId } from "../../../shared/wire/field_types.ts";
import {
  type RequestHeader,
  requestHeader,
} from "../../../shared/wire/frames.ts";
import { BLOCK_SIZE } from "../../../shared/crypto/legacy_aes.ts";
import { Writer } from "../../../shared/wire/buffers.ts";

/** Prefix of the names of registered users. */
const NAME_PREFIX = "Conformance";

/** Draws an unused name of letters and digits, which all servers accept. */
export const randomName = (): string => NAME_PREFIX + encodeHex(randomBytes(6));

/** Draws random bytes. */
export const randomBytes = (size: number): Uint8Array<ArrayBuffer> =>
  crypto.getRandomValues(new Uint8Array(size));

/** Draws an unused id without a zero byte. */
export function randomId(): ClientId {
  return asClientId(randomBytes(16).map((byte) => byte || 1));
}

/** DER around the modulus of an RSA-1024 key with the exponent 17. */
const KEY_START = decodeHex(
  "30819d300d06092a864886f70d010101050003818b0030818702818100",
);
const KEY_END = decodeHex("020111");

/** Draws a well-formed public key without a private one. */
export function randomKey(): Uint8Array<ArrayBuffer> {
  const modulus = randomBytes(
    PUBLIC_KEY_SIZE - KEY_START.length - KEY_END.length,
  );
  modulus[0] = (modulus[0] ?? 0) | 0x80;
  modulus[modulus.length - 1] = (modulus.at(-1) ?? 0) | 1;
  return concat([KEY_START, modulus, KEY_END]);
}

/** Encodes a request with any header and payload; the size defaults to the payload's. */
export function frame(
  header: Partial<RequestHeader> & { code: number },
  payload: Uint8Array = new Uint8Array(),
): Uint8Array {
  return concat([
    requestHeader.encode({
      clientId: ZERO_ID,
      version: PROTOCOL_VERSION,
      payloadSize: payload.length,
      ...header,
    }),
    payload,
  ]);
}

/** Encodes a 600 with any bytes as its name, padded with zeros. */
export function rawRegistration(
  nameBytes: Uint8Array,
  header: Partial<RequestHeader> = {},
  key: Uint8Array = randomKey(),
): Uint8Array {
  const writer = new Writer(NAME_SIZE + key.length);
  writer.raw(nameBytes, NAME_SIZE);
  writer.raw(key);
  return frame({ code: requestCode("register"), ...header }, writer.bytes);
}

/** Encodes a 600. */
export const registration = (
  name: string,
  header: Partial<RequestHeader> = {},
  key?: Uint8Array,
): Uint8Array => rawRegistration(ascii(name), header, key);

/** Encodes a text. */
export const ascii = (text: string): Uint8Array =>
  new TextEncoder().encode(text);

/** Fields of a 603, of which the sizes may be wrong. */
export interface Sending {
  /** The sender. */
  from: ClientId;
  /** The target. */
  to: ClientId;
  /** Default: 3, a text. */
  type?: number;
  /** Default: 16 bytes, but none in a request for a key. */
  content?: Uint8Array;
  /** The content's size field. Default: its size. */
  contentSize?: number;
  /** The header's size field. Default: the payload's size. */
  payloadSize?: number;
}

/** The shortest content of a type. */
const someContent = (type: number) =>
  new Uint8Array(type === 1 ? 0 : BLOCK_SIZE).fill(0x5a);

/** Encodes a 603. */
export function sendRequest(
  { from, to, type = 3, content = someContent(type), ...sizes }: Sending,
): Uint8Array {
  const writer = new Writer(SEND_OVERHEAD + content.length);
  writer.raw(to);
  writer.u8(type);
  writer.u32(sizes.contentSize ?? content.length);
  writer.raw(content);
  return frame({
    code: requestCode("sendMessage"),
    clientId: from,
    payloadSize: sizes.payloadSize ?? writer.bytes.length,
  }, writer.bytes);
}

/** Encodes a request with a payload of any size. */
export const sized = (
  kind: RequestKind,
  clientId: ClientId,
  size: number,
): Uint8Array =>
  frame({ code: requestCode(kind), clientId }, new Uint8Array(size).fill(0x41));
