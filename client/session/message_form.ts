/**
 * Messages as data lines: the values in JSON, and the line of text
 * (docs/scripting.md).
 *
 * @module
 */

import { localTime } from "../../shared/cli/time.ts";
import type { Message } from "../store/message.ts";
import { printableLine, printableText } from "../../shared/cli/printable.ts";

/** A moment as ISO 8601 in UTC, or null where there is none. */
export function isoTime(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString();
}

/** The values of a message's fields in JSON. */
export function messageValues(message: Message) {
  return {
    id: message.id,
    contact: message.contact,
    contactId: message.contactId.toHex(),
    direction: message.outgoing ? "out" : "in",
    kind: message.kind,
    text: message.text ?? null,
    path: message.path ?? null,
    size: message.size,
    time: isoTime(message.time),
    delivery: message.delivery,
    doubtful: message.doubtful,
    accepted: message.accepted,
  };
}

/** A message's line; a text's further lines are indented. */
export function messageLine(message: Message): string {
  const { id, contact, outgoing, time, delivery } = message;
  const direction = outgoing ? "to" : "from";
  const mark = delivery === "unsent" || delivery === "sending"
    ? ` (${delivery})`
    : message.doubtful
    ? " (maybe under a wrong key)"
    : !message.accepted
    ? " (not accepted)"
    : "";
  return `${id}  ${localTime(time)}  ${direction} ${
    printableLine(contact)
  }${mark}: ${contentOf(message)}`;
}

function contentOf(message: Message): string {
  switch (message.kind) {
    case "text":
      return printableText(message.text ?? "");
    case "file":
      return `file ${
        printableLine(message.path ?? "that isn't here any more")
      } (${message.size} bytes)`;
    case "key":
      return "symmetric key";
    case "keyRequest":
      return "request for a symmetric key";
    case "unreadable":
      return "can't decrypt message";
  }
}
