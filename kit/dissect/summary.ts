import { requestRecord } from "../../shared/wire/requests.ts";
import type { Form } from "./form.ts";
import {
  clientText,
  codeText,
  messageText,
  nameText,
  shortId,
  sideOf,
  sizeText,
} from "./meaning.ts";
import type { Names } from "./names.ts";
import { secureDetail } from "./secure/summary.ts";
import { CONTENT_SIZE, integer, type Piece } from "./walk.ts";

/** Summarizes a frame in a line, such as `603 send a message: text, 32 bytes, to 41c2f36a…`. */
export function summary(
  pieces: readonly Piece[],
  form: Form,
  names: Names,
): string {
  if (form.code === undefined) return `a cut ${sideOf(form.direction)}`;
  const detail = form.secure !== undefined
    ? secureDetail(form.secure, form.direction, pieces, names)
    : form.kind === undefined
    ? sizeText(form.claim ?? 0)
    : detailOf(pieces, form, names);
  return detail === "" ? codeText(form) : `${codeText(form)}: ${detail}`;
}

function detailOf(
  pieces: readonly Piece[],
  form: Form,
  names: Names,
): string {
  const { kind, direction } = form;
  if (kind === undefined || kind === "failure") return "";
  const record = requestRecord(kind);
  const fields = direction === "request" ? record.request : record.response;
  const payload = pieces.filter(({ path }) => path.startsWith("payload"));
  const find = (name: string) =>
    payload.find(({ field, missing }) => field === name && missing === 0);
  const id = (name: string) => shortId(find(name)?.bytes ?? NOTHING, names);
  if (direction === "answer" && record.isList) {
    const [first = ""] = Object.keys(fields);
    const noun = "content" in fields ? "message" : "client";
    // Unknown if the header is cut off.
    return form.claim === undefined
      ? ""
      : count(payload, first, noun) + sendersText(payload, names);
  }
  if ("content" in fields) return `${sentText(find)}, to ${id("target")}`;
  if ("messageId" in fields) {
    return messageIdText(find("messageId"), id("target"));
  }
  const name = find("name");
  if ("name" in fields) return name === undefined ? "" : nameText(name.bytes);
  const [whose] = Object.keys(fields);
  return whose === undefined ? "" : id(whose);
}

const NOTHING = new Uint8Array(0);

function sentText(find: (name: string) => Piece | undefined): string {
  const size = find(CONTENT_SIZE);
  return messageText(
    find("type"),
    size === undefined ? 0 : integer(size.bytes),
  );
}

function messageIdText(id: Piece | undefined, target: string): string {
  return id === undefined ? "" : `message ${integer(id.bytes)} for ${target}`;
}

/** Largest number of senders that are told. */
const MOST_SENDERS = 3;

/** Formats the senders of messages, each once: ` from anna, 0b0b0b0b…`. */
function sendersText(pieces: readonly Piece[], names: Names): string {
  const senders = [
    ...new Set(
      pieces.filter(({ field, missing }) => field === "sender" && missing === 0)
        .map(({ bytes }) => clientText(bytes, names)),
    ),
  ];
  if (senders.length === 0) return "";
  const shown = senders.slice(0, MOST_SENDERS);
  const left = senders.length - shown.length;
  const more = left === 0 ? "" : ` and ${left} more`;
  return ` from ${shown.join(", ")}${more}`;
}

function count(
  pieces: readonly Piece[],
  field: string,
  noun: string,
): string {
  const found = pieces.filter((piece) => piece.field === field).length;
  return found === 1 ? `1 ${noun}` : `${found} ${noun}s`;
}
