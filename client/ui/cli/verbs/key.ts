import { nameArgument } from "../verb/arguments.ts";
import { writeKey } from "../verb/key_form.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Prints a contact's public key. */
export const verb: Verb = defineVerb<unknown, [string]>({
  brief: "Print a contact's public key and its fingerprint",
  flags: {},
  args: [nameArgument],
  async task(work, _flags, name) {
    const session = await work.session();
    await writeKey(work.output, await session.publicKey(name));
  },
});
