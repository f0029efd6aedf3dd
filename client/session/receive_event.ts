/**
 * The events of receiving.
 *
 * @module
 */

import { UserError } from "../errors.ts";
import type { Message } from "../store/message.ts";

/**
 * An event of receiving: a failure that doesn't end it, a sentence for the user
 * about an additional step, a message to show, or the number of new messages that
 * a response added to the store.
 */
export type ReceiveEvent =
  | { kind: "problem"; error: UserError }
  | { kind: "notice"; text: string }
  | MessageToShow
  | { kind: "stored"; count: number };

/**
 * A message to show to the user: each new one in {@linkcode Session.pull}, and one
 * that can't be stored in {@linkcode Session.receive}.
 */
export interface MessageToShow {
  readonly kind: "message";
  /** The message; its number is 0 where it isn't stored. */
  readonly message: Message;
  /** Marks the message as shown; otherwise it is yielded again later. */
  readonly markShown: () => void;
}

/** An event with a failure that doesn't end receiving. */
export function problem(message: string, hint?: string): ReceiveEvent {
  return { kind: "problem", error: new UserError(message, hint) };
}

/** An event with a sentence for the user. */
export function notice(text: string): ReceiveEvent {
  return { kind: "notice", text };
}
