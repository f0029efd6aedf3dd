/**
 * The meaning of a field's bytes as text, safe for a terminal.
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import { MessageType, ZERO_ID } from "../../shared/wire/protocol.ts";
import { requests } from "../../shared/wire/requests.ts";
import { decodeListedName } from "../../shared/wire/field_types.ts";
import { printableLine } from "../../shared/cli/printable.ts";
import type { Form } from "./form.ts";
import { keySize } from "./judge.ts";
import type { Names } from "./names.ts";
import { secureLabelOf } from "./secure/kind.ts";
import { secureMeaningOf } from "./secure/meaning.ts";
import { CONTENT_SIZE, integer, type Piece } from "./walk.ts";

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [MessageType.KeyRequest]: "request for a symmetric key",
  [MessageType.Key]: "symmetric key",
  [MessageType.Text]: "text",
  [MessageType.File]: "file",
};

const meanings: Readonly<
  Record<string, (piece: Piece, form: Form, names: Names) => string>
> = {
  clientId: ({ bytes }, form, names) =>
    idText(bytes, isList(form) ? undefined : names),
  sender: ({ bytes }, _, names) => `from ${idText(bytes, names)}`,
  target: ({ bytes }, _, names) => idText(bytes, names),
  version: ({ bytes }) => `version ${integer(bytes)}`,
  code: (_, form) => codeText(form),
  payloadSize: ({ bytes }) => sizeText(integer(bytes)),
  name: ({ bytes }) => nameText(bytes),
  publicKey: ({ bytes }) => keyText(bytes),
  messageId: ({ bytes }) => `message ${integer(bytes)}`,
  type: ({ bytes }) => typeName(integer(bytes)),
  [CONTENT_SIZE]: ({ bytes }) => sizeText(integer(bytes)),
  content: (piece) => contentText(piece),
  payload: ({ bytes }) => `${sizeText(bytes.length)} of unknown meaning`,
  rest: ({ bytes }) => `${sizeText(bytes.length)} too many`,
  trailing: ({ bytes }) => `${sizeText(bytes.length)} behind the frame`,
  padding: ({ bytes }) => `padding, ${sizeText(bytes.length)}`,
};

/** The meaning of a piece. */
export function meaningOf(piece: Piece, form: Form, names: Names): string {
  const { bytes, missing } = piece;
  if (missing > 0 && piece.field !== "content") {
    return `cut off, ${bytes.length} of ${sizeText(bytes.length + missing)}`;
  }
  const secure = form.secure && secureMeaningOf(piece, names);
  return secure ?? meanings[piece.field]?.(piece, form, names) ??
    sizeText(bytes.length);
}

/** Whether each id stands beside its name. */
const isList = ({ kind, direction }: Form): boolean =>
  kind === "clientsList" && direction === "answer";

/** Formats an id, or the zeros in its place. */
function idText(id: Uint8Array, names?: Names): string {
  return isZeros(id) ? "no client (zeros)" : `client ${idOf(id, names)}`;
}

/** Formats a whole id, with the name that belongs to it if it is known. */
export function idOf(id: Uint8Array, names?: Names): string {
  return encodeHex(id) + inParentheses(names?.get(id));
}

/** Whether zeros are in the place of an id. */
export function isZeros(id: Uint8Array): boolean {
  return id.length === ZERO_ID.length && id.every((byte) => byte === 0);
}

/** Formats the start of an id, with the client's name if it is known. */
export function shortId(id: Uint8Array, names: Names): string {
  const start = encodeHex(id.subarray(0, 4)) + (id.length > 4 ? "…" : "");
  return `${start}${inParentheses(names.get(id))}`;
}

/** Formats a client: its name, or else the start of its id. */
export function clientText(id: Uint8Array, names: Names): string {
  return names.get(id) ?? shortId(id, names);
}

const inParentheses = (name: string | undefined) =>
  name === undefined ? "" : ` (${name})`;

/** Formats a name of any bytes in quotation marks. */
export function nameText(bytes: Uint8Array): string {
  return JSON.stringify(printableLine(decodeListedName(bytes)));
}

/** Formats a number of bytes. */
export function sizeText(size: number): string {
  return size === 1 ? "1 byte" : `${size} bytes`;
}

/** Formats a code with its label. */
export function codeText({ code, kind, secure, direction }: Form): string {
  const label = secure === undefined
    ? labelOf(kind, direction)
    : secureLabelOf(secure, direction);
  return `${code} ${label}`;
}

function labelOf(kind: Form["kind"], direction: Form["direction"]): string {
  if (kind === undefined) return `unknown ${sideOf(direction)}`;
  if (kind === "failure") return kind;
  const { label, responseLabel } = requests[kind];
  return direction === "request" ? label : responseLabel;
}

/** The word for a frame of a direction. */
export function sideOf(direction: Form["direction"]): string {
  return direction === "answer" ? "response" : direction;
}

/** Label of a message's type. */
export function typeName(type: number): string {
  return TYPE_NAMES[type] ?? `unknown type ${type}`;
}

/** Formats a message, such as `text, 32 bytes`. */
export function messageText(type: Piece | undefined, size: number): string {
  const name = type?.missing === 0
    ? typeName(integer(type.bytes))
    : "a message of no type";
  return size === 0 ? name : `${name}, ${sizeText(size)}`;
}

function keyText(bytes: Uint8Array): string {
  const bits = keySize(bytes);
  return bits === undefined ? "no RSA key" : `RSA-${bits}`;
}

function contentText({ bytes, missing, record }: Piece): string {
  const there = missing > 0 ? `, ${bytes.length} of them there` : "";
  const type = record.get("type");
  const size = bytes.length + missing;
  return (size === 0 ? "empty" : messageText(type, size) + suffix(type)) +
    there;
}

function suffix(type: Piece | undefined): string {
  if (type?.missing !== 0) return "";
  switch (integer(type.bytes)) {
    case MessageType.Key:
      return " of RSA-OAEP";
    case MessageType.Text:
    case MessageType.File:
      return " of AES-CBC";
    default:
      return "";
  }
}
