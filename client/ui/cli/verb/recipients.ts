/**
 * Sends a message to each contact of a list.
 *
 * @module
 */

import type { Message } from "../../../store/message.ts";
import type { OnKeyChange } from "./arguments.ts";
import { classify, complain, deliver, exitCodes } from "./report.ts";
import type { Work } from "./verb.ts";

/**
 * Stores a message for each of the recipients, sends all of them and reports
 * each result.
 *
 * @param names the recipients, with commas between them
 * @param write stores the message for one of them
 * @returns the exit code: that of the failures, or 1 where these differ
 */
export async function sendToAll(
  work: Work,
  names: string,
  onKeyChange: OnKeyChange,
  write: (name: string) => Promise<Message>,
): Promise<number> {
  const { contacts } = await work.session();
  const messages: Message[] = [];
  const exits = new Set<number>();
  /** Does a step for a recipient; its failure doesn't keep the others from theirs. */
  const attempt = async (contact: string, step: () => Promise<number>) => {
    try {
      exits.add(await step());
    } catch (error) {
      complain(work.output, error, { contact });
      exits.add(classify(error).exit);
    }
  };
  for (const name of await contacts.listed(names)) {
    await attempt(name, async () => {
      messages.push(await write(name));
      return exitCodes.done;
    });
  }
  for (const message of messages) {
    await attempt(
      message.contact,
      () => deliver(work, message, onKeyChange),
    );
  }
  exits.delete(exitCodes.done);
  const [exit = exitCodes.done] = exits;
  return exits.size > 1 ? exitCodes.failure : exit;
}
