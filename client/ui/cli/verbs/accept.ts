import { nameArgument } from "../verb/arguments.ts";
import { writeKey } from "../verb/key_form.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Accepts a contact's other key. */
export const verb: Verb = defineVerb<unknown, [string]>({
  brief: "Rely on the other key that the relay gives for a contact",
  flags: {},
  args: [nameArgument],
  async task(work, _flags, name) {
    const session = await work.session();
    await writeKey(work.output, await session.accept(name));
  },
});
