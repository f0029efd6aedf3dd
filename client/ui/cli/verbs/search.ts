import { proposeNames } from "../verb/arguments.ts";
import { requireKnown } from "../verb/known_contact.ts";
import { messageLine, messageObject } from "../verb/message_form.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";
import { switchFlag } from "../verb/global_flags.ts";

/** What the verb takes. */
interface Flags {
  with: string | undefined;
  ignoreCase: boolean | undefined;
}

/** Finds texts and files. */
export const verb: Verb = defineVerb<Flags, [RegExp]>({
  brief: "Find texts, and files by their paths, with a regular expression",
  flags: {
    with: {
      kind: "parsed",
      parse: String,
      proposeCompletions: proposeNames,
      brief: "Only with this contact",
      placeholder: "NAME",
      optional: true,
    },
    ignoreCase: switchFlag("Upper and lower case are the same"),
  },
  args: [{
    brief: "A regular expression, as JavaScript has them",
    placeholder: "PATTERN",
    parse: (text) => new RegExp(text, "u"),
  }],
  isOffline: true,
  async task(work, flags, pattern) {
    const session = await work.session();
    const wanted = flags.ignoreCase ? new RegExp(pattern, "iu") : pattern;
    const name = flags.with;
    let isFound = false;
    for await (const message of session.search(wanted, { name })) {
      isFound = true;
      await work.output.data(messageObject(message), messageLine(message));
    }
    if (name !== undefined && !isFound) requireKnown(session, name);
  },
});
