/**
 * The six answers and their header (ANS-1 and section 7 of docs/protocol.md): of each
 * its type and, as one ordered list of fields, its encoder and decoder.
 *
 * @module
 */

import {
  answerCodeIn,
  defaultDialect,
  type Dialect,
  paddingBehind,
} from "./dialects.ts";
import {
  bytes,
  claimedSize,
  clientId,
  type Codec,
  codec,
  type Field,
  list,
  listedName,
  listItems,
  messageId,
  record,
  sizedBytes,
  u16,
  u32,
  u8,
} from "./fields.ts";
import {
  CLIENT_ID_SIZE,
  type ClientId,
  type MessageId,
  NAME_SIZE,
  PROTOCOL_VERSION,
  PUBLIC_KEY_SIZE,
  RESPONSE_HEADER_SIZE,
  ResponseCode,
  WAITING_OVERHEAD,
} from "./protocol.ts";
import { within } from "./format_error.ts";
import { Reader } from "./reader.ts";
import type { Empty } from "./requests.ts";
import { type Allocate, Writer } from "./writer.ts";

/** What stands before each answer's payload, 7 bytes. */
export interface ResponseHeader {
  /** The server's version; ours answers 2. */
  version: number;
  /** What the payload is. */
  code: number;
  /** Bytes of payload that follow. */
  payloadSize: number;
}

/** An answer's header. */
export const responseHeader: Codec<ResponseHeader> = codec(
  "responseHeader",
  record<ResponseHeader>({ version: u8, code: u16, payloadSize: u32 }),
);

/** 2100: the registration was taken. */
export interface Registered {
  /** The new client's id. */
  clientId: ClientId;
}

/** 2100: registered. */
export const registered: Codec<Registered> = codec(
  "registered",
  record<Registered>({ clientId }),
);

/** One client in a 2101. */
export interface ListedClient {
  /** Who. */
  clientId: ClientId;
  /** Under which name; from other servers it may hold anything. */
  name: string;
}

/** Bytes of one client in a 2101. */
export const LISTED_CLIENT_SIZE: number = CLIENT_ID_SIZE + NAME_SIZE;

/** 2101: the other clients. */
export const listedClients: Codec<readonly ListedClient[]> = codec(
  "listedClients",
  list(record<ListedClient>({ clientId, name: listedName })),
);

/** 2102: somebody's public key. */
export interface PublicKey {
  /** Whose. */
  clientId: ClientId;
  /** 160 bytes, as they were registered. */
  publicKey: Uint8Array;
}

/** 2102: public key. */
export const publicKeyAnswer: Codec<PublicKey> = codec(
  "publicKeyAnswer",
  record<PublicKey>({ clientId, publicKey: bytes(PUBLIC_KEY_SIZE) }),
);

/** 2103: the message was taken and is kept. */
export interface MessageSent {
  /** For whom. */
  target: ClientId;
  /** Its id in the recipient's inbox. */
  messageId: MessageId;
}

/** 2103: message sent. */
export const messageSent: Codec<MessageSent> = codec(
  "messageSent",
  record<MessageSent>({ target: clientId, messageId }),
);

/** One message in a 2104. */
export interface WaitingMessage {
  /** From whom. */
  sender: ClientId;
  /** Its id in this inbox. */
  messageId: MessageId;
  /** What it is; from other servers it may be more than 4. */
  type: number;
  /** As it was sent. */
  content: Uint8Array;
}

const waitingFields = { sender: clientId, messageId, type: u8 };

const waitingMessage: Field<WaitingMessage> = record<WaitingMessage>({
  ...waitingFields,
  content: sizedBytes,
});

/** One message in a 2104, up to its content. */
export interface WaitingHead extends Omit<WaitingMessage, "content"> {
  /** Bytes of content that follow. */
  contentSize: number;
}

/** What stands before a content in a 2104 that is written piece by piece. */
export const waitingHead: Codec<WaitingHead> = codec(
  "waitingHead",
  record<WaitingHead>({ ...waitingFields, contentSize: u32 }),
);

/** 2104: waiting messages, oldest first. */
export const inbox: Codec<readonly WaitingMessage[]> = codec(
  "inbox",
  list(waitingMessage),
);

/**
 * Reads a 2104 message by message: a server may have deleted what it sent, so
 * a damaged end must not cost what stands before it.
 *
 * @throws {FormatError} behind the last whole message, where more follows
 */
export function* readInbox(payload: Uint8Array): Generator<WaitingMessage> {
  try {
    yield* listItems(waitingMessage, new Reader(payload));
  } catch (error) {
    throw within(inbox.name, error);
  }
}

/**
 * Reads what stands before a content in a 2104 that isn't in memory whole.
 *
 * @param next the next bytes of the payload, 25 or all that are left
 * @param left bytes of the payload that are left
 * @param index how many messages stand before
 * @throws {FormatError} as {@linkcode readInbox}, where no whole message is left
 */
export function readWaitingHead(
  next: Uint8Array,
  left: number,
  index: number,
): WaitingHead {
  try {
    const reader = new Reader(next);
    const start = waitingStart.read(reader);
    const contentSize = readContentSize(reader, left - WAITING_OVERHEAD);
    return { ...start, contentSize };
  } catch (error) {
    throw within(inbox.name, within(`[${index}]`, error));
  }
}

const waitingStart: Field<Omit<WaitingMessage, "content">> = record<
  Omit<WaitingMessage, "content">
>(waitingFields);

function readContentSize(reader: Reader, left: number): number {
  try {
    return claimedSize(reader, left);
  } catch (error) {
    throw within("content", error);
  }
}

/** 9000: failure of any kind. */
export const failure: Codec<Empty> = codec("failure", record({}));

/** The payload of each answer. */
export interface ResponsePayloads {
  /** Registered */
  2100: Registered;
  /** Clients list */
  2101: readonly ListedClient[];
  /** Public key */
  2102: PublicKey;
  /** Message sent */
  2103: MessageSent;
  /** Waiting messages */
  2104: readonly WaitingMessage[];
  /** Error */
  9000: Empty;
}

/** The codec of each answer's payload. */
export const responseCodecs: {
  readonly [C in ResponseCode]: Codec<ResponsePayloads[C]>;
} = {
  2100: registered,
  2101: listedClients,
  2102: publicKeyAnswer,
  2103: messageSent,
  2104: inbox,
  9000: failure,
};

/** An answer: its code and its payload. */
export type Response = {
  [C in ResponseCode]: { code: C; payload: ResponsePayloads[C] };
}[ResponseCode];

/** The answer to whatever failed. */
export const FAILURE: Response = { code: ResponseCode.Error, payload: {} };

/** How an answer is written. */
export interface ResponseOptions {
  /** Default: {@linkcode PROTOCOL_VERSION}. */
  version?: number;
  /** Default: {@linkcode defaultDialect}. */
  dialect?: Dialect;
  /** Makes the array that holds it. Default: a new one. */
  allocate?: Allocate;
}

/**
 * A whole answer in one array: header, payload, and what pads it to a block
 * where the dialect has blocks.
 *
 * @throws {FormatError} where the payload has no such form
 *
 * @example
 * ```ts
 * import { encodeResponse, FAILURE } from "@messageu/messageu/protocol";
 * import { encodeHex } from "@std/encoding";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(encodeHex(encodeResponse(FAILURE)), "02" + "2823" + "00000000");
 * ```
 */
export function encodeResponse(
  response: Response,
  options: ResponseOptions = {},
): Uint8Array<ArrayBuffer> {
  const { version = PROTOCOL_VERSION, dialect = defaultDialect } = options;
  const codec = responseCodecs[response.code] as Codec<unknown>;
  const payloadSize = codec.size(response.payload);
  const size = RESPONSE_HEADER_SIZE + payloadSize;
  const writer = new Writer(
    size + paddingBehind(size, dialect),
    options.allocate,
  );
  const code = answerCodeIn(dialect, response.code);
  responseHeader.write(writer, { version, code, payloadSize });
  codec.write(writer, response.payload);
  return writer.bytes;
}

/** Whether the code is one of the six answers', in the first dialect. */
export function isResponseCode(code: number): code is ResponseCode {
  return code in responseCodecs;
}

/**
 * Decodes the payload of an answer.
 *
 * @throws {FormatError} unless the bytes are one such payload, no more
 */
export function decodeResponse(
  code: ResponseCode,
  payload: Uint8Array,
): Response {
  return { code, payload: responseCodecs[code].decode(payload) } as Response;
}
