/**
 * Requests for checks: good ones, and headers and payloads that don't agree.
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

/** What names of users that checks register begin with. */
export const NAME_PREFIX = "Conformance";

/** A name that nobody has: of letters and digits, since all servers take those. */
export const randomName = (): string => NAME_PREFIX + encodeHex(randomBytes(6));

/** Random bytes. */
export const randomBytes = (size: number): Uint8Array<ArrayBuffer> =>
  crypto.getRandomValues(new Uint8Array(size));

/** An id that nobody has, without a zero byte. */
export function randomId(): ClientId {
  return asClientId(randomBytes(16).map((byte) => byte || 1));
}

/** What stands before and behind the modulus of an RSA-1024 key with the exponent 17. */
const KEY_START = decodeHex(
  "30819d300d06092a864886f70d010101050003818b0030818702818100",
);
const KEY_END = decodeHex("020111");

/** The form of a public key; nobody has the private one. */
export function randomKey(): Uint8Array<ArrayBuffer> {
  const modulus = randomBytes(
    PUBLIC_KEY_SIZE - KEY_START.length - KEY_END.length,
  );
  modulus[0] = (modulus[0] ?? 0) | 0x80;
  modulus[modulus.length - 1] = (modulus.at(-1) ?? 0) | 1;
  return concat([KEY_START, modulus, KEY_END]);
}

/** A request with any header and payload; the header says the payload's size. */
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

/** 600 with any bytes for a name, which are padded with zeros. */
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

/** 600. */
export const registration = (
  name: string,
  header: Partial<RequestHeader> = {},
  key?: Uint8Array,
): Uint8Array => rawRegistration(ascii(name), header, key);

/** The bytes of a text. */
export const ascii = (text: string): Uint8Array =>
  new TextEncoder().encode(text);

/** What a 603 says, and what it lies about. */
export interface Sending {
  /** Who sends. */
  from: ClientId;
  /** For whom. */
  to: ClientId;
  /** Default: 3, a text. */
  type?: number;
  /** Default: 16 bytes, but none in a request for a key. */
  content?: Uint8Array;
  /** What the content's size field says. Default: its size. */
  contentSize?: number;
  /** What the header's size field says. Default: the payload's size. */
  payloadSize?: number;
}

/** As short as the content of a text can be. */
const someContent = (type: number) =>
  new Uint8Array(type === 1 ? 0 : BLOCK_SIZE).fill(0x5a);

/** 603. */
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

/** A request of some kind with a payload of any size. */
export const sized = (
  kind: RequestKind,
  clientId: ClientId,
  size: number,
): Uint8Array =>
  frame({ code: requestCode(kind), clientId }, new Uint8Array(size).fill(0x41));
