import type { MessageId } from "../../shared/wire/protocol.ts";

/** Why a message isn't kept: its recipient is unknown, its inbox has used up its ids or is past its quota. */
export const sendRefusals = [
  "unknown_target",
  "ids_used_up",
  "inbox_full",
] as const;

/** Why a message isn't kept. */
export type SendRefusal = typeof sendRefusals[number];

/** Outcome of a send: the id in the recipient's inbox, or why the message isn't kept. */
export type SendResult = { id: MessageId } | { refused: SendRefusal };
