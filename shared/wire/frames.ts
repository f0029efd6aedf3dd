/**
 * Whole frames: the headers of requests and responses, frames from values, and a
 * 603 up to its content (REQ-1, ANS-1 and section 7 of docs/protocol.md).
 *
 * @module
 */

import {
  codeSizeAt,
  defaultDialect,
  type Dialect,
  paddingBehind,
  requestCode,
  responseCodeIn,
} from "./dialects.ts";
import {
  type Codec,
  codec,
  type Field,
  record,
  u16,
  u32,
  u8,
} from "./fields.ts";
import { clientId, type Fields, fieldsOf } from "./field_types.ts";
import {
  type ClientId,
  PROTOCOL_VERSION,
  RESPONSE_HEADER_SIZE,
  SEND_OVERHEAD,
} from "./protocol.ts";
import {
  failureCodec,
  requestCodecs,
  type RequestKind,
  type RequestPayloads,
  requests,
  respondedKind,
  type Response,
  type ResponseCode,
  responseCodecs,
  type SendMessage,
} from "./requests.ts";
import { type Allocate, Writer } from "./buffers.ts";

/** The header of a request, 22 or 23 bytes (REQ-1). */
export interface RequestHeader {
  /** Id of the requesting client; any value in a registration. */
  clientId: ClientId;
  /** Version of the client; any is accepted. */
  version: number;
  /** Code of the request, see `requestKind`. */
  code: number;
  /** Size in bytes of the payload, as the client claims. */
  payloadSize: number;
}

/** Codec of a request's header, 23 bytes. */
export const requestHeader: Codec<RequestHeader> = headerWith(
  "requestHeader",
  u16,
);

/** Codec of a request's header with a code of 1 byte, 22 bytes. */
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

/** Codec of the header of a dialect's requests. */
export function requestHeaderOf(
  { codeSize }: Pick<Dialect, "codeSize">,
): Codec<RequestHeader> {
  return codeSize === 1 ? shortRequestHeader : requestHeader;
}

/**
 * Codec of the header at the start of these bytes (clause DIA-3).
 *
 * @param start at least the header's first 18 bytes
 */
export function requestHeaderAt(start: Uint8Array): Codec<RequestHeader> {
  return requestHeaderOf({ codeSize: codeSizeAt(start) });
}

/** The header of a response, 7 bytes (ANS-1). */
export interface ResponseHeader {
  /** Version of the server; this relay's is {@linkcode PROTOCOL_VERSION}. */
  version: number;
  /** Code of the response on the wire. */
  code: number;
  /** Size in bytes of the payload. */
  payloadSize: number;
}

/** Codec of a response's header. */
export const responseHeader: Codec<ResponseHeader> = codec(
  "responseHeader",
  record<ResponseHeader>({ version: u8, code: u16, payloadSize: u32 }),
);

/** Header fields of a request to encode. */
export interface RequestOptions {
  /** Id of the requesting client; {@linkcode ZERO_ID} before it is registered. */
  clientId: ClientId;
  /** Default: {@linkcode PROTOCOL_VERSION}. */
  version?: number;
  /** Default: the code of the kind in the dialect. */
  code?: number;
  /** Default: {@linkcode defaultDialect}. */
  dialect?: Dialect;
}

/**
 * Writes a request's header.
 *
 * @param room size in bytes of the writer after the header
 */
function beginRequest(
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
 * Encodes a request: header, payload, and padding in a dialect with blocks.
 *
 * @throws {FormatError} if the payload can't be encoded
 *
 * @example
 * ```ts
 * import { encodeRequest, ZERO_ID } from "@messageu/messageu/protocol";
 * import { encodeHex } from "@std/encoding";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = encodeRequest("clientsList", {}, { clientId: ZERO_ID });
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
  const writer = beginRequest(kind, payloadSize, room, options);
  codec.write(writer, payload);
  return writer.bytes;
}

/** A request's payload with its kind. */
export type RequestPayload = {
  [K in RequestKind]: { kind: K; payload: RequestPayloads[K] };
}[RequestKind];

/**
 * Decodes the payload of a request.
 *
 * @param inPlace whether the value may hold views of the payload. Default: false
 * @throws {FormatError} unless the bytes are exactly one such payload
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

/** How a response is encoded. */
export interface ResponseOptions {
  /** Default: {@linkcode PROTOCOL_VERSION}. */
  version?: number;
  /** Default: {@linkcode defaultDialect}. */
  dialect?: Dialect;
  /** Allocates the array. Default: a new one. */
  allocate?: Allocate;
}

/**
 * Encodes a response: header, payload, and padding in a dialect with blocks.
 *
 * @throws {FormatError} if the payload can't be encoded
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
  const codec = responseCodec(response.code) as Codec<unknown>;
  const payloadSize = codec.size(response.payload);
  const size = RESPONSE_HEADER_SIZE + payloadSize;
  const writer = new Writer(
    size + paddingBehind(size, dialect),
    options.allocate,
  );
  const code = responseCodeIn(dialect, response.code);
  responseHeader.write(writer, { version, code, payloadSize });
  codec.write(writer, response.payload);
  return writer.bytes;
}

/** Codec of a response's payload, by its code in the first dialect. */
export function responseCodec(
  code: ResponseCode,
): Codec<never> {
  const kind = respondedKind(code);
  return (kind === undefined ? failureCodec : responseCodecs[kind]) as Codec<
    never
  >;
}

/** A 603's payload up to its content, 21 bytes. */
export interface SendHead extends Omit<SendMessage, "content"> {
  /** Size of the content in bytes. */
  contentSize: number;
}

/** Codec of a 603's payload up to its content. */
export const sendHead: Codec<SendHead> = headOf(
  "sendMessage",
  requests.sendMessage.request,
);

/** Codec of fields up to the content, whose size ends them. */
export function headOf<T>(
  name: string,
  { content: _content, ...fields }: Fields,
): Codec<T> {
  return codec(
    name,
    fieldsOf({ ...fields, contentSize: "u32" }),
  ) as unknown as Codec<T>;
}

/**
 * Encodes a 603 up to its content: header and {@linkcode SendHead}, 43 or 44
 * bytes. Padding of a block follows the content.
 *
 * @throws {FormatError} if the payload's size exceeds 4 bytes
 */
export function encodeSendStart(
  head: SendHead,
  options: RequestOptions,
): Uint8Array<ArrayBuffer> {
  const payloadSize = SEND_OVERHEAD + head.contentSize;
  const writer = beginRequest(
    "sendMessage",
    payloadSize,
    SEND_OVERHEAD,
    options,
  );
  sendHead.write(writer, head);
  return writer.bytes;
}
