import { valueFlag } from "../../../../shared/cli/flags.ts";
import { optionalNameArgument, parseId, sinceFlag } from "../verb/arguments.ts";
import { writeMessage } from "../verb/report.ts";
import { messageData } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Prints conversations. */
export const verb: Verb = defineVerb({
  brief: "Print the messages of conversations, the oldest first",
  examples: [
    "messageu history",
    "messageu history bob --limit 20",
    "messageu history --since 2026-01-31 --json",
  ],
  prints: [messageData],
  flags: {
    limit: valueFlag("N", "Only the latest N messages", parseId),
    since: sinceFlag,
  },
  args: [optionalNameArgument],
  isOffline: true,
  async task(work, { limit, since }, name) {
    const session = await work.session();
    const messages = session.messages.list({ name, limit, since });
    if (name !== undefined && messages.length === 0) {
      await session.contacts.known(name);
    }
    for (const message of messages) {
      await writeMessage(work.output, message);
    }
  },
});
