/**
 * The protocol's numbers: sizes and limits. Nothing here reads or writes
 * bytes.
 *
 * @module
 */

declare const brand: unique symbol;

/** 16 random bytes that name a registered client (section 6.2 of docs/protocol.md). */
export type ClientId = Uint8Array & { readonly [brand]: "ClientId" };

/** Names a message within its recipient's inbox; 4 bytes on the wire. */
export type MessageId = number & { readonly [brand]: "MessageId" };

/** Bytes of a client id. */
export const CLIENT_ID_SIZE = 16;
/** The id of a client that isn't registered yet: zeros. */
export const ZERO_ID: ClientId = new Uint8Array(CLIENT_ID_SIZE) as ClientId;
/** Bytes of a name on the wire, its NUL and its padding included. */
export const NAME_SIZE = 255;
/** Most characters that a name can have. */
export const MAX_NAME_LENGTH: number = NAME_SIZE - 1;
/** Bytes of a public key: the SubjectPublicKeyInfo of RSA-1024. */
export const PUBLIC_KEY_SIZE = 160;
/** Bytes of a request's header where its code has 2 bytes. */
export const REQUEST_HEADER_SIZE = 23;
/** Bytes of an answer's header. */
export const RESPONSE_HEADER_SIZE = 7;
/** Bytes of a 603's payload before the content. */
export const SEND_OVERHEAD = 21;
/** Bytes of the largest content: 4 bytes of size hold it and what stands before it. */
export const MAX_CONTENT_SIZE: number = 0xffffffff - SEND_OVERHEAD;
/** Bytes of one client in a 2101. */
export const LISTED_CLIENT_SIZE: number = CLIENT_ID_SIZE + NAME_SIZE;
/** Bytes of one waiting message in a 2104 before its content. */
export const WAITING_OVERHEAD = 25;

/** The version that our client sends and our relay answers: SQL and files. */
export const PROTOCOL_VERSION = 2;
/** The largest id of a message. */
export const MAX_MESSAGE_ID = 0xffffffff;
/** The port where nothing names another (INF-1). */
export const DEFAULT_PORT = 1357;

/** What a message is (section 8 of docs/protocol.md). */
export const MessageType = {
  /** Asks the receiver for a symmetric key; empty. */
  KeyRequest: 1,
  /** Brings a symmetric key, encrypted for the receiver's public key. */
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
