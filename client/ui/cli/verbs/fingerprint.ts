import { nameArgument } from "../verb/arguments.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Prints the digits to compare with a contact. */
export const verb: Verb = defineVerb<unknown, [string]>({
  brief: "Print the digits to compare with a contact, the same on both sides",
  flags: {},
  args: [nameArgument],
  async task(work, _flags, name) {
    const session = await work.session();
    const safetyNumber = await session.safetyNumber(name);
    await work.output.data(
      { type: "fingerprint", contact: name, safetyNumber },
      safetyNumber,
    );
  },
});
