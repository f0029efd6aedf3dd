/**
 * Messages and contacts as the store returns them.
 *
 * @module
 */

import type { ClientId, MessageId } from "../../shared/wire/protocol.ts";

declare const brand: unique symbol;

/** Number of a message in the client's folder. */
export type MessageNumber = number & { readonly [brand]: "MessageNumber" };

/** The kind of a message. */
export type MessageKind = "text" | "file" | "key" | "keyRequest" | "unreadable";

/**
 * State of a message: `received` for an incoming one; an outgoing one is
 * `sending` while a client sends it, `sent` once the relay has acknowledged it,
 * and `unsent` otherwise, when it can be sent again.
 */
export type Delivery = "received" | "sending" | "unsent" | "sent";

/** A stored message. */
export interface Message {
  /** Its number in this folder; numbers rise and are never reused. */
  id: MessageNumber;
  /** The contact's alias or name, or its id in hex where no name is known; unescaped, so not fit to print. */
  contact: string;
  /** The contact's id. */
  contactId: ClientId;
  /** Whether the user sent it. */
  outgoing: boolean;
  /** Its kind. */
  kind: MessageKind;
  /** A text, unescaped, so not fit to print. */
  text: string | undefined;
  /** Path of the file that was saved or sent. */
  path: string | undefined;
  /** Size of the text or file in bytes; 0 for other kinds. */
  size: number;
  /** When it was stored, in milliseconds since 1970. */
  time: number;
  /** Its state. */
  delivery: Delivery;
  /** Whether the user has seen it; true of what the user sent. */
  shown: boolean;
  /** Whether the key may be a wrong one. */
  doubtful: boolean;
  /** False while the contact only claims the name, until the user accepts the claim. */
  accepted: boolean;
}

/** Details of a message; times are milliseconds since 1970. */
export interface MessageDetails {
  /** The id that the relay gave it. */
  relayMessageId: MessageId | undefined;
  /** When the user asked to send it. */
  made: number | undefined;
  /** When it was stored. */
  written: number;
  /** When the last attempt to send it began. */
  sent: number | undefined;
  /** When the relay acknowledged it. */
  acknowledged: number | undefined;
  /** When it arrived. */
  received: number | undefined;
  /** When it was decrypted. */
  decrypted: number | undefined;
  /** Number of attempts to send it. */
  attempts: number;
  /** Why the last attempt failed. */
  failure: string | undefined;
}

/** A message with all details. */
export interface Explanation extends Message, MessageDetails {
  /** When the user saw it. */
  shownAt: number | undefined;
  /** The consumers that have acknowledged it, with the times. */
  acks: { consumer: string; time: number }[];
}

/** A contact in a list. */
export interface ContactSummary {
  /** The alias, the name, or the id in hex where none is known; not fit to print. */
  name: string;
  /** The name at the relay; undefined where it gave none. */
  relayName: string | undefined;
  /** The id. */
  contactId: ClientId;
  /** Texts, files and unreadable messages that the user hasn't seen. */
  unread: number;
  /** When the latest message was stored, in milliseconds since 1970. */
  lastTime: number | undefined;
  /** Whether the relay gives a public key other than the accepted one. */
  keyChanged: boolean;
  /** Whether the user knows the contact: by a message, a choice, or a changed key. */
  conversation: boolean;
  /** Whether its messages are dropped. */
  blocked: boolean;
  /** Whether its messages arrive without a notification. */
  muted: boolean;
}
