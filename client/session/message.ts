/**
 * The messages of a conversation as every face of the client sees them.
 *
 * @module
 */

import type { ClientId, MessageId } from "../../shared/wire/protocol.ts";

/** What a message is. */
export type MessageKind = "text" | "file" | "key" | "keyRequest" | "unreadable";

/**
 * How far a message has come: an incoming one is `received`; an outgoing one is
 * `sending` while a client is at it, `sent` once the relay has acknowledged it,
 * and `unsent` otherwise, when it may be sent again.
 */
export type Delivery = "received" | "sending" | "unsent" | "sent";

/** A message as the folder's store keeps it. */
export interface Message {
  /** Its number in this folder; rises and is never used again. */
  id: number;
  /** The other one's name, or the id in hex digits where no name is known; as it came, so not fit to print. */
  contact: string;
  /** The other one's id. */
  contactId: ClientId;
  /** Whether the user sent it. */
  outgoing: boolean;
  /** What it is. */
  kind: MessageKind;
  /** What a text says, as it came, so not fit to print. */
  text: string | undefined;
  /** Where a file was saved or lay when it was sent. */
  path: string | undefined;
  /** Bytes of the text or the file; 0 of all else. */
  size: number;
  /** When it was written down, in milliseconds since 1970. */
  time: number;
  /** How far it has come. */
  delivery: Delivery;
  /** Whether the user has seen it; true of what the user sent. */
  shown: boolean;
  /** Whether it may have been opened with a wrong key. */
  doubtful: boolean;
  /** False where the contact only claims the name, until the user accepts that. */
  accepted: boolean;
}

/** All that is known of one message; times are milliseconds since 1970. */
export interface Explanation extends Message {
  /** The id that the relay gave it. */
  relayMessageId: MessageId | undefined;
  /** When the user asked to send it. */
  made: number | undefined;
  /** When it was written down. */
  written: number;
  /** When sending it was last begun. */
  sent: number | undefined;
  /** When the relay acknowledged it. */
  acknowledged: number | undefined;
  /** When it came in. */
  received: number | undefined;
  /** When it was decrypted. */
  decrypted: number | undefined;
  /** When the user saw it. */
  shownAt: number | undefined;
  /** How often sending it was begun. */
  attempts: number;
  /** Why the last attempt failed. */
  failure: string | undefined;
  /** Which consumers have acknowledged it, and when. */
  acks: { consumer: string; time: number }[];
}

/** Somebody whom the folder's store knows. */
export interface ContactSummary {
  /** The name, or the id in hex digits where none is known; not fit to print. */
  name: string;
  /** The id. */
  contactId: ClientId;
  /** Texts, files and unreadable messages that the user hasn't seen. */
  unread: number;
  /** When the latest message was written down, in milliseconds since 1970. */
  lastTime: number | undefined;
  /** Whether the relay gives another public key than the accepted one. */
  keyChanged: boolean;
}

/** What is known of a contact's public key. */
export interface PublicKeyInfo {
  /** Whose. */
  name: string;
  /** The owner's id. */
  contactId: ClientId;
  /** The key that is used, as SubjectPublicKeyInfo. */
  publicKey: Uint8Array;
  /** Its digits, see `fingerprintOf`. */
  fingerprint: string;
  /** Another key, which the relay gives and the user hasn't accepted. */
  offered: { publicKey: Uint8Array; fingerprint: string } | undefined;
}
