/**
 * Frames by the codec of clients and relay, as vectors say them: it refuses
 * what has no such form.
 *
 * @module
 */

import { decodeResponse } from "../../../lab/harness/responses.ts";
import {
  type Dialect,
  type DialectName,
  dialectNamed,
  paddingBehind,
  responseMeant,
} from "../../../shared/wire/dialects.ts";
import {
  ERROR_CODE,
  requestKinds,
  responseCode,
} from "../../../shared/wire/requests.ts";
import {
  decodeRequest,
  encodeRequest,
  encodeResponse,
} from "../../../shared/wire/frames.ts";
import { FormatError } from "../../../shared/wire/format_error.ts";
import { requestStart } from "../../../shared/wire/request_framer.ts";
import { responseIn } from "../../../shared/wire/response_framer.ts";
import type { Direction } from "../../../kit/dissect/dissector.ts";
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
  const start = requestStart(frame, dialect);
  if (start?.kind === undefined) throw new FormatError("it is no request");
  const { header, headerSize, kind } = start;
  const payload = frame.subarray(headerSize, headerSize + header.payloadSize);
  expectPadding(frame, headerSize + header.payloadSize, dialect);
  const request = decodeRequest(kind, payload);
  const again = encodeRequest(kind, request.payload as never, {
    ...header,
    dialect,
  });
  return { meaning: meaning(kind, header, request.payload), again };
}

function readAnswer(frame: Uint8Array, name: DialectName): CodecFrame {
  const dialect = dialectNamed(name);
  const whole = responseIn(Uint8Array.from(frame));
  const code = whole && responseMeant(dialect, whole.code);
  if (whole === undefined || code === undefined) {
    throw new FormatError("it is no response");
  }
  const { version, payloadSize, payload, bytes } = whole;
  expectPadding(frame, bytes.length, dialect);
  const response = decodeResponse(code, payload);
  const kind = code === ERROR_CODE
    ? "failure"
    : requestKinds.find((kind) => responseCode[kind] === code);
  const header = { version, code: whole.code, payloadSize };
  return {
    meaning: meaning(kind ?? "", header, response.payload),
    again: encodeResponse(response, { version, dialect }),
  };
}

/** @throws {FormatError} unless a frame ends so, with its block's padding alone */
function expectPadding(
  frame: Uint8Array,
  end: number,
  dialect: Dialect,
): void {
  const whole = end + paddingBehind(end, dialect);
  const isZero = frame.subarray(end).every((byte) => byte === 0);
  if (frame.length !== whole || !isZero) {
    throw new FormatError(`expected an end after ${end} bytes`);
  }
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
