/**
 * The fields of the protocol's requests and responses: ids, types of messages, and
 * names with their characters and their encoding in 255 bytes (NAM-1 to NAM-7 of
 * docs/protocol.md).
 *
 * @module
 */

import {
  bytes,
  type Field,
  fixed,
  record,
  sizedBytes,
  u32,
  u8,
} from "./fields.ts";
import { FormatError } from "./format_error.ts";
import {
  CLIENT_ID_SIZE,
  type ClientId,
  isMessageType,
  MAX_NAME_LENGTH,
  type MessageId,
  type MessageType,
  NAME_SIZE,
  PUBLIC_KEY_SIZE,
} from "./protocol.ts";

// Printable ASCII only, so that no name can move a cursor.
const PRINTABLE_ASCII = /^[\x20-\x7e]+$/;
const UTF8 = new TextEncoder();
// A byte order mark is part of the name, so that a list encodes as it was decoded.
const LENIENT_UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Describes what is wrong with a name; undefined for a valid one. */
export function nameProblem(name: string): string | undefined {
  if (name === "") return "a name has at least 1 character";
  if (!PRINTABLE_ASCII.test(name)) {
    return "a name holds printable ASCII characters only";
  }
  if (name.length > MAX_NAME_LENGTH) {
    return `a name has at most ${MAX_NAME_LENGTH} characters, got ${name.length}`;
  }
  return undefined;
}

/**
 * Encodes a name without the field's padding.
 *
 * @throws {FormatError} if the name is invalid
 */
export function encodeName(name: string): Uint8Array {
  const problem = nameProblem(name);
  if (problem !== undefined) throw new FormatError(problem);
  return UTF8.encode(name);
}

/**
 * Decodes a name from a field of 255 bytes. Bytes after its NUL are ignored.
 *
 * @throws {FormatError} if no NUL ends it or the name is invalid
 */
export function decodeName(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  if (end < 0) {
    throw new FormatError(
      `expected a NUL within ${NAME_SIZE} bytes, got none`,
    );
  }
  const name = String.fromCharCode(...bytes.subarray(0, end));
  const problem = nameProblem(name);
  if (problem !== undefined) throw new FormatError(problem);
  return name;
}

/** Decodes a listed name from a field of 255 bytes: UTF-8 up to a NUL, of any characters. */
export function decodeListedName(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return LENIENT_UTF8.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Encodes a name as UTF-8; a long one is cut between two characters. */
export function encodeListedName(name: string): Uint8Array {
  const bytes = new Uint8Array(MAX_NAME_LENGTH);
  return bytes.subarray(0, UTF8.encodeInto(name, bytes).written);
}

/** A client's id. */
export const clientId = bytes(CLIENT_ID_SIZE) as Field<ClientId>;

/**
 * Checks the size of a client's id.
 *
 * @throws {FormatError} unless it has 16 bytes
 */
export function asClientId(id: Uint8Array): ClientId {
  if (id.length === CLIENT_ID_SIZE) return id as ClientId;
  throw new FormatError(
    `clientId: expected ${CLIENT_ID_SIZE} bytes, got ${id.length}`,
  );
}

/** A message's id. */
export const messageId = u32 as Field<MessageId>;

/** One of the four types of message. */
export const messageType: Field<MessageType> = fixed(
  1,
  (writer, value) => writer.u8(value),
  (reader) => {
    const type = reader.u8();
    if (isMessageType(type)) return type;
    throw new FormatError(`expected a type from 1 to 4, got ${type}`);
  },
);

/** A name, NUL-terminated and NUL-padded (NAM-1). */
export const name: Field<string> = fixed(
  NAME_SIZE,
  (writer, value) => writer.raw(encodeName(value), NAME_SIZE),
  (reader) => decodeName(reader.bytes(NAME_SIZE)),
);

/**
 * A name in a list. Other servers accept any name (LST-5), so reading accepts
 * any bytes, and writing cuts a long name.
 */
export const listedName: Field<string> = fixed(
  NAME_SIZE,
  (writer, value) => writer.raw(encodeListedName(value), NAME_SIZE),
  (reader) => decodeListedName(reader.bytes(NAME_SIZE)),
);

/** The value of each type of field. */
export interface FieldValues {
  /** An unsigned integer of 1 byte. */
  u8: number;
  /** An unsigned integer of 4 bytes. */
  u32: number;
  /** A client's id. */
  clientId: ClientId;
  /** A message's id. */
  messageId: MessageId;
  /** One of the four types of message. */
  messageType: MessageType;
  /** A name. */
  name: string;
  /** A name in a list. */
  listedName: string;
  /** A public key. */
  publicKey: Uint8Array;
  /** A size, then that many bytes. */
  content: Uint8Array;
}

/** The type of a field, as the table of requests names it. */
export type FieldType = keyof FieldValues;

/** Types of fields by the fields' names, in the order of the wire. */
export type Fields = Readonly<Record<string, FieldType>>;

/** The values of fields, by the fields' names. */
export type Values<F> = {
  -readonly [N in keyof F]: F[N] extends FieldType ? FieldValues[F[N]] : never;
};

const fieldTypes: { readonly [T in FieldType]: Field<FieldValues[T]> } = {
  u8,
  u32,
  clientId,
  messageId,
  messageType,
  name,
  listedName,
  publicKey: bytes(PUBLIC_KEY_SIZE),
  content: sizedBytes,
};

/** The record of the fields of these types. */
export function fieldsOf<F extends Fields>(fields: F): Field<Values<F>> {
  return record<Values<F>>(
    Object.fromEntries(
      Object.entries(fields).map(([name, type]) => [name, fieldTypes[type]]),
    ) as never,
  );
}
