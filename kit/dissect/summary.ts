import type { Form } from "./form.ts";
import {
  codeText,
  messageText,
  nameText,
  shortId,
  sizeText,
} from "./meaning.ts";
import { CONTENT_SIZE, integer, type Piece } from "./walk.ts";

/** A frame in a line, such as `603 send a message: text, 32 bytes, to 41c2f36a…`. */
export function summary(pieces: readonly Piece[], form: Form): string {
  if (form.code === undefined) return `a cut ${form.direction}`;
  const detail = form.kind === undefined
    ? sizeText(form.claim ?? 0)
    : detailOf(pieces, form);
  return detail === "" ? codeText(form) : `${codeText(form)}: ${detail}`;
}

function detailOf(pieces: readonly Piece[], form: Form): string {
  const payload = pieces.filter(({ path }) => path.startsWith("payload"));
  const find = (name: string) =>
    payload.find(({ field, missing }) => field === name && missing === 0);
  const id = (name: string) => shortId(find(name)?.bytes ?? NOTHING);
  const name = find("name");
  const isRequest = form.direction === "request";
  switch (form.kind) {
    case "register":
      if (!isRequest) return id("clientId");
      return name === undefined ? "" : nameText(name.bytes);
    case "clientsList":
      return isRequest ? "" : count(payload, "clientId", "client", form);
    case "publicKey":
      return id(isRequest ? "target" : "clientId");
    case "sendMessage":
      return isRequest
        ? `${sentText(find)}, to ${id("target")}`
        : messageIdText(find("messageId"), id("target"));
    case "waitingMessages":
      return isRequest ? "" : count(payload, "sender", "message", form);
    default:
      return "";
  }
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
  // Where the header was cut off, nobody knows.
  if (claim === undefined) return "";
  const found = pieces.filter((piece) => piece.field === field).length;
  return found === 1 ? `1 ${noun}` : `${found} ${noun}s`;
}
