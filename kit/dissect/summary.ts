import { requestRecord } from "../../shared/wire/requests.ts";
import type { Form } from "./form.ts";
import {
  codeText,
  messageText,
  nameText,
  shortId,
  sideOf,
  sizeText,
} from "./meaning.ts";
import { CONTENT_SIZE, integer, type Piece } from "./walk.ts";

/** Summarizes a frame in a line, such as `603 send a message: text, 32 bytes, to 41c2f36a…`. */
export function summary(pieces: readonly Piece[], form: Form): string {
  if (form.code === undefined) return `a cut ${sideOf(form.direction)}`;
  const detail = form.kind === undefined
    ? sizeText(form.claim ?? 0)
    : detailOf(pieces, form);
  return detail === "" ? codeText(form) : `${codeText(form)}: ${detail}`;
}

function detailOf(pieces: readonly Piece[], form: Form): string {
  const { kind, direction } = form;
  if (kind === undefined || kind === "failure") return "";
  const record = requestRecord(kind);
  const fields = direction === "request" ? record.request : record.response;
  const payload = pieces.filter(({ path }) => path.startsWith("payload"));
  const find = (name: string) =>
    payload.find(({ field, missing }) => field === name && missing === 0);
  const id = (name: string) => shortId(find(name)?.bytes ?? NOTHING);
  if (direction === "answer" && record.isList) {
    const [first = ""] = Object.keys(fields);
    const noun = "content" in fields ? "message" : "client";
    return count(payload, first, noun, form);
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

function count(
  pieces: readonly Piece[],
  field: string,
  noun: string,
  { claim }: Form,
): string {
  // Unknown if the header is cut off.
  if (claim === undefined) return "";
  const found = pieces.filter((piece) => piece.field === field).length;
  return found === 1 ? `1 ${noun}` : `${found} ${noun}s`;
}
