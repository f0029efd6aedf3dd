/**
 * Sends a stored message and reports the result.
 *
 * @module
 */

import { reasonOf } from "../../../../shared/cli/reason.ts";
import { KeyChangedError, UserError } from "../../../errors.ts";
import type { Message, MessageNumber } from "../../../store/message.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";
import type { Session } from "../../../session/session.ts";
import { ProgressLine } from "../../terminal.ts";
import type { OnKeyChange } from "./arguments.ts";
import { classify, complain, exitCodes } from "./failure.ts";
import { type DataKind, sentData, skippedData } from "./data.ts";
import { messageValues } from "../../../session/message_form.ts";
import { type Output, OutputClosed } from "./output.ts";
import type { Work } from "./work.ts";

/**
 * Sends a stored message and reports the result.
 *
 * @returns the exit code
 * @throws {UserError} if it was sent, but the report can't be written
 */
export async function deliver(
  work: Work,
  { id, contact }: Pick<Message, "id" | "contact">,
  onKeyChange: OnKeyChange,
): Promise<number> {
  const { output } = work;
  const session = await work.session();
  const name = printableLine(contact);
  const progress = new ProgressLine(work.io.stderr);
  let sent: Message;
  try {
    sent = await session.outbox.deliver(id, {
      onKeyChange: onKeyChange === "accept" ? "accept" : "stop",
      notice: (text) => output.say(text),
      progress: output.json ? undefined : progress.start("Sending"),
    });
  } catch (error) {
    progress.end();
    if (error instanceof KeyChangedError && onKeyChange === "skip") {
      const values = { id, contact, reason: "key-changed" };
      if (output.json) await report(output, skippedData, values);
      else output.say(`Skipped ${name}, whose key has changed: message ${id}`);
      return exitCodes.done;
    }
    complain(output, error, { id });
    if (isUnsent(session, id)) {
      output.say(`It is kept as message ${id}: "resend ${id}" sends it`);
    }
    return classify(error).exit;
  }
  if (output.json) await report(output, sentData, messageValues(sent));
  else output.say(`Sent to ${name}, as message ${id}`);
  return exitCodes.done;
}

/** Reports the result of a message; succeeds without a reader. */
async function report<F extends string>(
  output: Output,
  kind: DataKind<F | "id">,
  values: Readonly<Record<F | "id", unknown>>,
): Promise<void> {
  try {
    await output.data(kind, values, "");
  } catch (cause) {
    if (cause instanceof OutputClosed) return;
    throw new UserError(
      `Message ${values.id} was ${kind.type}, but that can't be written: ${
        reasonOf(cause)
      }`,
      undefined,
      { cause },
    );
  }
}

/** Whether a message can be sent again. */
function isUnsent(session: Session, id: MessageNumber): boolean {
  try {
    return session.messages.explain(id).delivery === "unsent";
  } catch {
    // The failure to send has been reported.
    return false;
  }
}
