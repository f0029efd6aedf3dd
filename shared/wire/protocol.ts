/**
 * The protocol's sizes, limits and ids.
 *
 * @module
 */

declare const brand: unique symbol;

/** 16 random bytes that identify a registered client (section 6.2 of docs/protocol.md). */
export type ClientId = Uint8Array & { readonly [brand]: "ClientId" };

/** Identifies a message within its recipient's inbox; 4 bytes on the wire. */
export type MessageId = number & { readonly [brand]: "MessageId" };

/** Size in bytes of a client id. */
export const CLIENT_ID_SIZE = 16;
/** The id of a client that isn't registered yet: zeros. */
export const ZERO_ID: ClientId = new Uint8Array(CLIENT_ID_SIZE) as ClientId;
/** Size in bytes of a name on the wire, including its NUL and its padding. */
export const NAME_SIZE = 255;
/** Maximum number of characters of a name. */
export const MAX_NAME_LENGTH: number = NAME_SIZE - 1;
/** Size in bytes of a public key: the SubjectPublicKeyInfo of RSA-1024. */
export const PUBLIC_KEY_SIZE = 160;
/** Size in bytes of a request's header with a code of 2 bytes. */
export const REQUEST_HEADER_SIZE = 23;
/** Size in bytes of a response's header. */
export const RESPONSE_HEADER_SIZE = 7;
/** Size in bytes of a 603's payload before the content. */
export const SEND_OVERHEAD = 21;
/** Size in bytes of the largest content: the payload's size has 4 bytes. */
export const MAX_CONTENT_SIZE: number = 0xffffffff - SEND_OVERHEAD;
/** Size in bytes of one client in a 2101. */
export const LISTED_CLIENT_SIZE: number = CLIENT_ID_SIZE + NAME_SIZE;
/** Size in bytes of one waiting message in a 2104 before its content. */
export const WAITING_OVERHEAD = 25;

/** The version that our client and our relay send: with SQL and files. */
export const PROTOCOL_VERSION = 2;
/** The largest id of a message. */
export const MAX_MESSAGE_ID = 0xffffffff;
/** The default port (INF-1). */
export const DEFAULT_PORT = 1357;

/** The types of message (section 8 of docs/protocol.md). */
export const MessageType = {
  /** Requests a symmetric key from the recipient; empty. */
  KeyRequest: 1,
  /** Carries a symmetric key, encrypted for the recipient's public key. */
  Key: 2,
  /** A text, encrypted with the symmetric key. */
  Text: 3,
  /** A file's bytes, encrypted with the symmetric key. */
  File: 4,
} as const;

/** One of the four types of message. */
export type MessageType = typeof MessageType[keyof typeof MessageType];

/** Whether the byte is one of the four types of message. */
export function isMessageType(type: number): type is MessageType {
  return type >= MessageType.KeyRequest && type <= MessageType.File;
}

/** Draws a UUID v4 without a zero byte: some clients keep ids in C strings (CID-2, CID-3). */
export function drawClientId(): ClientId {
  for (;;) {
    const id = crypto.getRandomValues(new Uint8Array(CLIENT_ID_SIZE));
    id[6] = (id[6] ?? 0) & 0x0f | 0x40;
    id[8] = (id[8] ?? 0) & 0x3f | 0x80;
    if (!id.includes(0)) return id as Uint8Array as ClientId;
  }
}
