/**
 * Sends a message that was written down, and says what became of it.
 *
 * @module
 */

import { KeyChangedError } from "../errors.ts";
import type { Message } from "../message.ts";
import { printableLine } from "../printable.ts";
import { ProgressLine } from "../terminal.ts";
import type { OnKeyChange } from "./arguments.ts";
import { classify, complain, exitCodes } from "./failure.ts";
import { messageObject } from "./message_form.ts";
import type { Work } from "./work.ts";

/**
 * Sends it and tells how that went.
 *
 * @returns the exit code
 */
export async function deliver(
  work: Work,
  { id, contact }: Pick<Message, "id" | "contact">,
  onKeyChange: OnKeyChange,
): Promise<number> {
  const { output } = work;
  const session = await work.session();
  const name = printableLine(contact);
  const progress = new ProgressLine();
  try {
    const sent = await session.deliver(id, {
      onKeyChange: onKeyChange === "accept" ? "accept" : "stop",
      notice: (text) => output.say(text),
      progress: output.json ? undefined : progress.start("Sending"),
    });
    if (output.json) await output.data(messageObject(sent, "sent"), "");
    else output.say(`Sent to ${name}, as message ${id}`);
    return exitCodes.done;
  } catch (error) {
    progress.end();
    if (error instanceof KeyChangedError && onKeyChange === "skip") {
      const skipped = { type: "skipped", id, contact, reason: "key-changed" };
      if (output.json) await output.data(skipped, "");
      else output.say(`Skipped ${name}, whose key has changed: message ${id}`);
      return exitCodes.done;
    }
    complain(output, error, { id });
    output.say(`It is kept as message ${id}: "resend ${id}" sends it`);
    return classify(error).exit;
  }
}
