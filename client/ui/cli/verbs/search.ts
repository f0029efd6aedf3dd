import { searchPattern } from "../../search_pattern.ts";
import { contactFlag } from "../verb/arguments.ts";
import { exitCodes, writeMessage } from "../verb/report.ts";
import { messageData } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";
import { switchFlag } from "../../../../shared/cli/flags.ts";

/** Searches messages. */
export const verb: Verb = defineVerb({
  brief: "Find texts, and files by their paths, with a regular expression",
  about:
    "Finds texts, and files by their paths, with a regular expression. The exit code is 1 if no message matches.",
  examples: [
    "messageu search invoice",
    "messageu search '^re:' --ignore-case --with bob",
  ],
  prints: [messageData],
  flags: {
    with: contactFlag("Only with this contact"),
    ignoreCase: switchFlag("Ignore the case of letters, of capitals too"),
  },
  args: [{
    brief:
      "A regular expression of JavaScript; ignores the case of letters unless it has capitals",
    placeholder: "PATTERN",
    parse: searchPattern,
  }],
  isOffline: true,
  async task(work, flags, pattern) {
    const session = await work.session();
    const wanted = flags.ignoreCase
      ? new RegExp(pattern.source, "iu")
      : pattern;
    const name = flags.with;
    let isFound = false;
    for await (const message of session.messages.search(wanted, { name })) {
      isFound = true;
      await writeMessage(work.output, message);
    }
    if (isFound) return exitCodes.done;
    if (name !== undefined) await session.contacts.known(name);
    work.output.say("No message matches");
    return exitCodes.failure;
  },
});
