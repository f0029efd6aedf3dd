import { optionalNameArgument, parseId, sinceFlag } from "../verb/arguments.ts";
import { requireKnown } from "../verb/known_contact.ts";
import { messageLine, messageObject } from "../verb/message_form.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** What the verb takes. */
interface Flags {
  limit: number | undefined;
  since: number | undefined;
}

/** Prints what was said. */
export const verb: Verb = defineVerb<Flags, [string | undefined]>({
  brief: "Print what was said, the oldest first",
  flags: {
    limit: {
      kind: "parsed",
      parse: parseId,
      brief: "Only the latest so many",
      placeholder: "N",
      optional: true,
    },
    since: sinceFlag,
  },
  args: [optionalNameArgument],
  isOffline: true,
  async task(work, { limit, since }, name) {
    const session = await work.session();
    const messages = session.history({ name, limit, since });
    if (name !== undefined && messages.length === 0) {
      requireKnown(session, name);
    }
    for (const message of messages) {
      await work.output.data(messageObject(message), messageLine(message));
    }
  },
});
