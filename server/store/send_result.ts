import type { MessageId } from "../../shared/wire/protocol.ts";

/** Reasons to refuse a message: unknown recipient, no ids left in the inbox, or quota exceeded. */
export const sendRefusals = [
  "unknown_target",
  "ids_used_up",
  "inbox_full",
] as const;

/** Reason to refuse a message. */
export type SendRefusal = typeof sendRefusals[number];

/** Result of a send: the id in the recipient's inbox, or the reason of a refusal. */
export type SendResult = { id: MessageId } | { refused: SendRefusal };
