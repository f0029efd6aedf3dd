/**
 * Formats messages as text and as JSON (docs/scripting.md).
 *
 * @module
 */

import { localTime } from "../../shared/cli/time.ts";
import type { Message } from "../store/message.ts";
import { printableLine, printableText } from "../../shared/cli/printable.ts";

/** Formats a time as ISO 8601 in UTC; null if it is undefined. */
export function isoTime(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString();
}

/** The fields of a message in JSON. */
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

/** Formats a message as text; indents the lines of its text after the first. */
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
