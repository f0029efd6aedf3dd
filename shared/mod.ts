/**
 * The MessageU protocol: constants, requests with their codecs, frames of every
 * dialect, and a reader of bytes from a connection.
 *
 * @module
 */

export { type Allocate, Reader, Writer } from "./wire/buffers.ts";
export { ByteSource } from "./wire/byte_source.ts";
export {
  BLOCK_SIZE,
  codeAt,
  codeSizeAt,
  defaultDialect,
  type Dialect,
  type DialectName,
  dialectNamed,
  dialectNames,
  dialectOf,
  dialects,
  paddingBehind,
  requestCode,
  requestKind,
  responseCodeIn,
  responseMeant,
} from "./wire/dialects.ts";
export {
  asClientId,
  decodeListedName,
  decodeName,
  encodeListedName,
  encodeName,
  nameProblem,
} from "./wire/field_types.ts";
export { type Codec, type Field, type Shape } from "./wire/fields.ts";
export { FormatError } from "./wire/format_error.ts";
export {
  decodeRequest,
  encodeRequest,
  encodeResponse,
  encodeSendStart,
  type RequestHeader,
  requestHeader,
  requestHeaderAt,
  requestHeaderOf,
  type RequestOptions,
  type RequestPayload,
  responseCodec,
  type ResponseHeader,
  responseHeader,
  type ResponseOptions,
  type SendHead,
  sendHead,
  shortRequestHeader,
} from "./wire/frames.ts";
export {
  CLIENT_ID_SIZE,
  type ClientId,
  DEFAULT_PORT,
  isMessageType,
  LISTED_CLIENT_SIZE,
  MAX_CONTENT_SIZE,
  MAX_MESSAGE_ID,
  MAX_NAME_LENGTH,
  type MessageId,
  MessageType,
  NAME_SIZE,
  PROTOCOL_VERSION,
  PUBLIC_KEY_SIZE,
  REQUEST_HEADER_SIZE,
  RESPONSE_HEADER_SIZE,
  SEND_OVERHEAD,
  WAITING_OVERHEAD,
  ZERO_ID,
} from "./wire/protocol.ts";
export {
  ERROR_CODE,
  FAILURE,
  type ListedClient,
  type Register,
  requestCodecs,
  type RequestKind,
  requestKinds,
  type RequestPayloads,
  type RequestRecord,
  requests,
  type Response,
  type ResponseCode,
  responseCode,
  responseCodecs,
  responseCodes,
  type ResponsePayloads,
  type SendMessage,
  type WaitingMessage,
} from "./wire/requests.ts";
export {
  readWaitingHead,
  type WaitingHead,
  waitingHead,
} from "./wire/response_framer.ts";
