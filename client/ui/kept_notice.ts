import { printableLine } from "../../shared/cli/printable.ts";
import { Advice, Command } from "../advice.ts";
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
): Advice | undefined {
  try {
    const { delivery, contact } = messages.explain(id);
    if (delivery !== "unsent") return undefined;
    const name = printableLine(contact);
    return new Advice(
      `It is kept as message ${id} to ${name}: `,
      new Command("resend", `${id}`),
      " sends it",
    );
  } catch {
    // The failure to send has been reported.
    return undefined;
  }
}
