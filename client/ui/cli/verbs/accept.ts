import { nameArgument } from "../verb/arguments.ts";
import { writeKey } from "../verb/report.ts";
import { keyData } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Accepts a contact's new key. */
export const verb: Verb = defineVerb({
  brief: "Trust the new key that the relay gives for a contact",
  examples: [
    "messageu accept bob",
    "messageu accept bob --json",
  ],
  prints: [keyData],
  args: [nameArgument],
  async task(work, _, name) {
    const session = await work.session();
    await writeKey(work.output, await session.contacts.accept(name));
  },
});
