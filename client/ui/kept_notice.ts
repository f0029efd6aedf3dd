import type { MessageNumber } from "../store/message.ts";
import type { Messages } from "../store/messages.ts";

/**
 * Says where a message that couldn't be sent is kept, and what sends it.
 *
 * @returns undefined where it was sent, or can't be looked up
 */
export function keptNotice(
  messages: Messages,
  id: MessageNumber,
): string | undefined {
  try {
    if (messages.explain(id).delivery !== "unsent") return undefined;
  } catch {
    // The failure to send has been reported.
    return undefined;
  }
  return `It is kept as message ${id}: "resend ${id}" sends it`;
}
