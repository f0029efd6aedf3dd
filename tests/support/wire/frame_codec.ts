/**
 * Frames by the codec of clients and relay, as vectors say them: it refuses
 * what has no such form.
 *
 * @module
 */

import { decodeResponse } from "../../../lab/harness/responses.ts";
import {
  type DialectName,
  dialectNamed,
  paddingBehind,
  requestKind,
  responseMeant,
} from "../../../shared/wire/dialects.ts";
import { RESPONSE_HEADER_SIZE } from "../../../shared/wire/protocol.ts";
import {
  ERROR_CODE,
  requestKinds,
  responseCode,
} from "../../../shared/wire/requests.ts";
import { asClientId } from "../../../shared/wire/fields.ts";
import {
  decodeRequest,
  encodeRequest,
  encodeResponse,
  requestHeaderOf,
  responseHeader,
} from "../../../shared/wire/frames.ts";
import { FormatError } from "../../../shared/wire/format_error.ts";
import type { Direction } from "../../../kit/dissect/anatomy.ts";
import type { FrameMeaning } from "../../../lab/vectors/vector.ts";
import { inHex } from "./vectors.ts";

/** What a frame says, and the bytes that the same is written in again. */
export interface CodecFrame {
  readonly meaning: FrameMeaning;
  readonly again: Uint8Array;
}

/**
 * Decodes a frame, and encodes what it says.
 *
 * @throws {FormatError} where it has no such form
 */
export function throughCodec(
  frame: Uint8Array,
  direction: Direction,
  dialect: DialectName,
): CodecFrame {
  const read = direction === "request" ? readRequest : readAnswer;
  return read(frame, dialect);
}

function readRequest(frame: Uint8Array, name: DialectName): CodecFrame {
  const dialect = dialectNamed(name);
  const codec = requestHeaderOf(dialect);
  const size = codec.fixedSize ?? 0;
  const header = codec.decode(frame.subarray(0, size));
  const kind = requestKind(header.code);
  if (kind === undefined) throw new FormatError("no request has this code");
  const payload = cut(frame, size, header.payloadSize, name);
  const request = decodeRequest(kind, payload);
  const again = encodeRequest(kind, request.payload as never, {
    clientId: asClientId(header.clientId),
    version: header.version,
    code: header.code,
    dialect,
  });
  return { meaning: meaning(kind, header, request.payload), again };
}

function readAnswer(frame: Uint8Array, name: DialectName): CodecFrame {
  const dialect = dialectNamed(name);
  const header = responseHeader.decode(frame.subarray(0, RESPONSE_HEADER_SIZE));
  const code = responseMeant(dialect, header.code);
  if (code === undefined) throw new FormatError("no answer has this code");
  const payload = cut(frame, RESPONSE_HEADER_SIZE, header.payloadSize, name);
  const response = decodeResponse(code, payload);
  const { version } = header;
  const kind = code === ERROR_CODE
    ? "failure"
    : requestKinds.find((kind) => responseCode[kind] === code);
  return {
    meaning: meaning(kind ?? "", header, response.payload),
    again: encodeResponse(response, { version, dialect }),
  };
}

/** The payload, and nothing but a block's padding behind it. */
function cut(
  frame: Uint8Array,
  start: number,
  size: number,
  dialect: DialectName,
): Uint8Array {
  const end = start + size;
  const whole = end + paddingBehind(end, dialectNamed(dialect));
  const isZero = frame.subarray(end).every((byte) => byte === 0);
  if (frame.length !== whole || !isZero) {
    throw new FormatError(`expected ${size} bytes of payload`);
  }
  return frame.subarray(start, end);
}

function meaning(kind: string, header: object, payload: object): FrameMeaning {
  const records = Array.isArray(payload) ? payload : [payload];
  const isThere = (record: object) => Object.keys(record).length > 0;
  return inHex({
    header,
    kind,
    payload: records.filter(isThere).map(sized),
  }) as FrameMeaning;
}

/** The codec has no number beside a content. */
function sized(fields: object): object {
  return "content" in fields
    ? { ...fields, contentSize: (fields.content as Uint8Array).length }
    : fields;
}
