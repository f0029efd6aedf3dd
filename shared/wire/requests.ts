/**
 * The five requests and their header (REQ-1 and section 7 of docs/protocol.md): of each
 * its type and, as one ordered list of fields, its encoder and decoder.
 *
 * @module
 */

import {
  codeSizeAt,
  defaultDialect,
  type Dialect,
  paddingBehind,
  requestCode,
} from "./dialects.ts";
import { FormatError } from "./format_error.ts";
import {
  bytes,
  clientId,
  type Codec,
  codec,
  type Field,
  messageType,
  name,
  record,
  sizedBytes,
  u16,
  u32,
  u8,
} from "./fields.ts";
import {
  type ClientId,
  type MessageType,
  PROTOCOL_VERSION,
  PUBLIC_KEY_SIZE,
  type RequestKind,
  SEND_OVERHEAD,
} from "./protocol.ts";
import { Writer } from "./writer.ts";

/** What stands before each request's payload, 22 or 23 bytes. */
export interface RequestHeader {
  /** Who asks; anything in a registration. */
  clientId: ClientId;
  /** Any version is accepted. */
  version: number;
  /** What is asked for, see `requestKind`. */
  code: number;
  /** Bytes of payload that follow, as the client claims. */
  payloadSize: number;
}

/** A request's header, 23 bytes. */
export const requestHeader: Codec<RequestHeader> = headerWith(
  "requestHeader",
  u16,
);

/** A request's header where its code has 1 byte, 22 bytes. */
export const shortRequestHeader: Codec<RequestHeader> = headerWith(
  "shortRequestHeader",
  u8,
);

function headerWith(
  name: string,
  code: Field<number>,
): Codec<RequestHeader> {
  return codec(
    name,
    record<RequestHeader>({ clientId, version: u8, code, payloadSize: u32 }),
  );
}

/** The header of a dialect's requests. */
export function requestHeaderOf(
  { codeSize }: Pick<Dialect, "codeSize">,
): Codec<RequestHeader> {
  return codeSize === 1 ? shortRequestHeader : requestHeader;
}

/**
 * The header that begins so (clause DIA-3).
 *
 * @param start its first 18 bytes at least
 */
export function requestHeaderAt(start: Uint8Array): Codec<RequestHeader> {
  return requestHeaderOf({ codeSize: codeSizeAt(start) });
}

/** 600: make me known under this name. */
export interface Register {
  /** 1 to 254 printable ASCII characters. */
  name: string;
  /** 160 bytes, kept by the relay as they are. */
  publicKey: Uint8Array;
}

/** 600: register. */
export const register: Codec<Register> = codec(
  "register",
  record<Register>({ name, publicKey: bytes(PUBLIC_KEY_SIZE) }),
);

/** The payload of a request that has none. */
export type Empty = Record<never, never>;

/** 601: clients list. */
export const clientsList: Codec<Empty> = codec("clientsList", record({}));

/** 602: whose public key is wanted. */
export interface PublicKeyRequest {
  /** Whose. */
  target: ClientId;
}

/** 602: public key. */
export const publicKey: Codec<PublicKeyRequest> = codec(
  "publicKey",
  record<PublicKeyRequest>({ target: clientId }),
);

/** 603: a message for somebody. */
export interface SendMessage {
  /** For whom. */
  target: ClientId;
  /** What it is. */
  type: MessageType;
  /** What only the two clients can read. */
  content: Uint8Array;
}

/** 603: send a message. */
export const sendMessage: Codec<SendMessage> = codec(
  "sendMessage",
  record<SendMessage>({
    target: clientId,
    type: messageType,
    content: sizedBytes,
  }),
);

/** A 603's payload up to its content, 21 bytes. */
export interface SendHead extends Omit<SendMessage, "content"> {
  /** Bytes of content that follow. */
  contentSize: number;
}

/** What stands before a content in a 603 that is written piece by piece. */
export const sendHead: Codec<SendHead> = codec(
  "sendMessage",
  record<SendHead>({ target: clientId, type: messageType, contentSize: u32 }),
);

/**
 * A 603 up to its content, header included: 43 or 44 bytes. What pads a block
 * follows the content.
 *
 * @throws {FormatError} where the content has no room in 4 bytes of size
 */
export function encodeSendStart(
  head: SendHead,
  options: RequestOptions,
): Uint8Array<ArrayBuffer> {
  const payloadSize = SEND_OVERHEAD + head.contentSize;
  const writer = begin("sendMessage", payloadSize, SEND_OVERHEAD, options);
  sendHead.write(writer, head);
  return writer.bytes;
}

/** 604: waiting messages. */
export const waitingMessages: Codec<Empty> = codec(
  "waitingMessages",
  record({}),
);

/** The payload of each request. */
export interface RequestPayloads {
  /** 600 */
  register: Register;
  /** 601 */
  clientsList: Empty;
  /** 602 */
  publicKey: PublicKeyRequest;
  /** 603 */
  sendMessage: SendMessage;
  /** 604 */
  waitingMessages: Empty;
}

/** The codec of each request's payload. */
export const requestCodecs: {
  readonly [K in RequestKind]: Codec<RequestPayloads[K]>;
} = { register, clientsList, publicKey, sendMessage, waitingMessages };

/** What a request's header says beside its payload. */
export interface RequestOptions {
  /** Who asks; zeros where nobody is registered yet. */
  clientId: ClientId;
  /** Default: {@linkcode PROTOCOL_VERSION}. */
  version?: number;
  /** Default: the code of the kind in the dialect. */
  code?: number;
  /** Default: {@linkcode defaultDialect}. */
  dialect?: Dialect;
}

/** A header, and room behind it. */
function begin(
  kind: RequestKind,
  payloadSize: number,
  room: number,
  options: RequestOptions,
): Writer {
  const { clientId, dialect = defaultDialect } = options;
  const header = requestHeaderOf(dialect);
  const value = {
    clientId,
    version: options.version ?? PROTOCOL_VERSION,
    code: options.code ?? requestCode(kind, dialect),
    payloadSize,
  };
  const writer = new Writer(header.size(value) + room);
  header.write(writer, value);
  return writer;
}

/**
 * A whole request in one array: header, payload, and what pads it to a block
 * where the dialect has blocks.
 *
 * @throws {FormatError} where the payload has no such form
 *
 * @example
 * ```ts
 * import { encodeRequest, NOBODY } from "@messageu/messageu/protocol";
 * import { encodeHex } from "@std/encoding";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = encodeRequest("clientsList", {}, { clientId: NOBODY });
 * assertEquals(encodeHex(frame), "00".repeat(16) + "02" + "5902" + "00000000");
 * ```
 */
export function encodeRequest<K extends RequestKind>(
  kind: K,
  payload: RequestPayloads[K],
  options: RequestOptions,
): Uint8Array<ArrayBuffer> {
  const codec = requestCodecs[kind];
  const payloadSize = codec.size(payload);
  const { dialect = defaultDialect } = options;
  const size = (requestHeaderOf(dialect).fixedSize ?? 0) + payloadSize;
  const room = payloadSize + paddingBehind(size, dialect);
  const writer = begin(kind, payloadSize, room, options);
  codec.write(writer, payload);
  return writer.bytes;
}

/** The id of who has none yet: zeros. */
export const NOBODY: ClientId = new Uint8Array(16) as ClientId;

/** A request's payload with its kind. */
export type RequestPayload = {
  [K in RequestKind]: { kind: K; payload: RequestPayloads[K] };
}[RequestKind];

/**
 * Decodes the payload of a request.
 *
 * @param inPlace whether the value may hold views of the payload. Default: false
 * @throws {FormatError} unless the bytes are one such payload, no more
 */
export function decodeRequest(
  kind: RequestKind,
  payload: Uint8Array,
  inPlace = false,
): RequestPayload {
  return {
    kind,
    payload: requestCodecs[kind].decode(payload, inPlace),
  } as RequestPayload;
}

/**
 * Checks that bytes can be a client's id.
 *
 * @throws {FormatError} unless they are 16
 */
export function asClientId(id: Uint8Array): ClientId {
  if (id.length !== NOBODY.length) {
    throw new FormatError(
      `clientId: expected ${NOBODY.length} bytes, got ${id.length}`,
    );
  }
  return id as ClientId;
}
