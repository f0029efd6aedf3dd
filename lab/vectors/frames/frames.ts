/**
 * Frames that Anna sends and gets: most of them are the examples of
 * docs/protocol.md.
 *
 * @module
 */

import { decodeHex } from "@std/encoding";
import { type Dialect, dialectNamed } from "../../../shared/wire/dialects.ts";
import {
  type MessageId,
  MessageType,
  ZERO_ID,
} from "../../../shared/wire/protocol.ts";
import {
  FAILURE,
  type ListedClient,
  type RequestKind,
  type RequestPayloads,
  type Response,
  responseCode,
} from "../../../shared/wire/requests.ts";
import { encodeRequest, encodeResponse } from "../../../shared/wire/frames.ts";
import material from "../material.json" with { type: "json" };
import { anna, ben } from "../people.ts";
import { PULL } from "../../../kit/requests.ts";
import type { FieldValues } from "../../../shared/wire/field_types.ts";
import { samplePayload, sampleResponse } from "../../harness/sample_payload.ts";

/** The dialect of the page's examples. */
export const PLAIN: Dialect = dialectNamed("600");
/** AES of "Hello Ben! 🎉". */
export const TEXT: Uint8Array = decodeHex("f3fdefd52a142088df5ac7011aab3c98");
/** RSA of a symmetric key for Ben. */
export const KEY: Uint8Array = decodeHex(
  material.encrypted.byOurClient.content,
);
/** No content. */
export const NOTHING: Uint8Array = new Uint8Array(0);

/** The highest number of 4 bytes. */
export const MAX_U32 = 0xffffffff;
/** So many bytes that mean nothing. */
export const filled = (size: number): Uint8Array =>
  new Uint8Array(size).fill(0xae);
/** A text's bytes. */
export const utf8 = (text: string): Uint8Array =>
  new TextEncoder().encode(text);

/** A request by Anna; a registration has the id of zeros. */
export function asked<K extends RequestKind>(
  kind: K,
  payload: RequestPayloads[K],
  dialect: Dialect = PLAIN,
): Uint8Array {
  const clientId = kind === "register" ? ZERO_ID : anna.clientId;
  return encodeRequest(kind, payload, { clientId, dialect });
}

const values = {
  name: "anna",
  listedName: ben.name,
  publicKey: anna.publicKey,
  clientId: ben.clientId,
  messageId: 2 as MessageId,
  messageType: MessageType.Text,
  u8: MessageType.Text,
  content: TEXT,
};

/** A request of a kind by Anna, about Ben where it is about a client. */
export const sampleRequest = (
  kind: RequestKind,
  dialect: Dialect = PLAIN,
  but: Partial<FieldValues> = {},
): Uint8Array =>
  asked(kind, samplePayload(kind, { ...values, ...but }), dialect);

/** A response to a kind of request by Anna; a list has one entry. */
export function sampleAnswer(
  kind: RequestKind,
  dialect: Dialect = PLAIN,
): Uint8Array {
  const code = responseCode[kind];
  const payload = sampleResponse(kind, { ...values, publicKey: ben.publicKey });
  return answered({ code, payload } as Response, dialect);
}

/** A registration. @param publicKey default: Anna's */
export function registers(
  name: string,
  dialect: Dialect = PLAIN,
  publicKey: Uint8Array = anna.publicKey,
): Uint8Array {
  return asked("register", { name, publicKey }, dialect);
}

/** Anna asks for the list. */
export const asksList = (dialect: Dialect = PLAIN): Uint8Array =>
  asked("clientsList", {}, dialect);
/** Anna asks for Ben's key. */
export const asksKey = (dialect: Dialect = PLAIN): Uint8Array =>
  asked("publicKey", { target: ben.clientId }, dialect);
/** Anna asks for her messages. */
export const pulls = (dialect: Dialect = PLAIN): Uint8Array =>
  asked(PULL, {}, dialect);

/** Anna sends Ben a message. */
export function sends(
  type: MessageType,
  content: Uint8Array,
  dialect: Dialect = PLAIN,
): Uint8Array {
  return asked("sendMessage", { target: ben.clientId, type, content }, dialect);
}

/** Anna sends Ben a request for a key. */
export const sendsKeyRequest = (): Uint8Array =>
  sends(MessageType.KeyRequest, NOTHING);
/** Anna sends Ben a key. */
export const sendsKey = (): Uint8Array => sends(MessageType.Key, KEY);
/** Anna sends Ben a text. */
export const sendsText = (dialect: Dialect = PLAIN): Uint8Array =>
  sends(MessageType.Text, TEXT, dialect);

/** A relay answers. */
export function answered(
  response: Response,
  dialect: Dialect = PLAIN,
): Uint8Array {
  return encodeResponse(response, { dialect });
}

/** The id that Anna got. */
export const registered = (dialect: Dialect = PLAIN): Uint8Array =>
  answered({ code: 2100, payload: { clientId: anna.clientId } }, dialect);
/** A list. @param clients default: Ben */
export const listed = (
  clients: readonly ListedClient[] = [ben],
  dialect: Dialect = PLAIN,
): Uint8Array => answered({ code: 2101, payload: clients }, dialect);
/** Ben's public key. */
export const keyOfBen = (dialect: Dialect = PLAIN): Uint8Array =>
  answered({ code: 2102, payload: ben }, dialect);
/** A message for Ben was taken. */
export const taken = (messageId = 2, dialect: Dialect = PLAIN): Uint8Array =>
  answered({
    code: 2103,
    payload: { target: ben.clientId, messageId: messageId as MessageId },
  }, dialect);

/** A message that waits. */
export type Waiting = readonly [
  type: number,
  content: Uint8Array,
  messageId?: number,
];

/** Messages from Anna, with ids from 1 where no others are said. */
export function waiting(
  messages: readonly Waiting[],
  dialect: Dialect = PLAIN,
): Uint8Array {
  const payload = messages.map(([type, content, id], index) => ({
    sender: anna.clientId,
    messageId: (id ?? index + 1) as MessageId,
    type,
    content,
  }));
  return answered({ code: 2104, payload }, dialect);
}

/** A failure. */
export const failed = (dialect: Dialect = PLAIN): Uint8Array =>
  answered(FAILURE, dialect);
