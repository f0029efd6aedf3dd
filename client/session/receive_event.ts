/**
 * What receiving yields.
 *
 * @module
 */

import { UserError } from "../errors.ts";
import type { Message } from "../store/message.ts";

/**
 * An event of receiving: a failure that doesn't end it, a sentence for the user
 * about what else is done, a message to show, or the number of new messages that
 * a response brought into the store.
 */
export type ReceiveEvent =
  | { kind: "problem"; error: UserError }
  | { kind: "notice"; text: string }
  | MessageToShow
  | { kind: "stored"; count: number };

/**
 * A message to show to the user: by {@linkcode Session.pull} each new one, by
 * {@linkcode Session.receive} one that can't be stored for now.
 */
export interface MessageToShow {
  readonly kind: "message";
  /** The message; its number is 0 where it isn't stored. */
  readonly message: Message;
  /** Marks it as shown; it comes again otherwise. */
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
