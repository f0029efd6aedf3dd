/**
 * Contents in pieces: the fields before the content of a 603 and of a message
 * in a 2104.
 *
 * @module
 */

import { claimedSize, type Codec, codec } from "./fields.ts";
import { type Fields, fieldsOf } from "./field_types.ts";
import { within } from "./format_error.ts";
import { beginRequest, type RequestOptions } from "./frames.ts";
import { SEND_OVERHEAD, WAITING_OVERHEAD } from "./protocol.ts";
import { Reader } from "./buffers.ts";
import {
  requests,
  responseCodecs,
  type SendMessage,
  type WaitingMessage,
} from "./requests.ts";

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

/** A message in a 2104 up to its content, 25 bytes. */
export interface WaitingHead extends Omit<WaitingMessage, "content"> {
  /** Size of the content in bytes. */
  contentSize: number;
}

const waitingFields = requests.waitingMessages.response;

/** Codec of a message in a 2104 up to its content. */
export const waitingHead: Codec<WaitingHead> = headOf(
  "waitingHead",
  waitingFields,
);

function headOf<T>(
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

const { content: _content, ...startFields } = waitingFields;
const waitingStart = fieldsOf(startFields);

/**
 * Reads a message of a 2104 up to its content.
 *
 * @param next the next 25 bytes of the payload, or all that are left
 * @param left number of bytes left in the payload
 * @param index number of messages before this one
 * @throws {FormatError} if no whole message is left
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
    const { name } = responseCodecs.waitingMessages;
    throw within(name, within(`[${index}]`, error));
  }
}

function readContentSize(reader: Reader, left: number): number {
  try {
    return claimedSize(reader, left);
  } catch (error) {
    throw within("content", error);
  }
}
