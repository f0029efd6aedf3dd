import { nameArgument } from "../verb/arguments.ts";
import { writeKey } from "../verb/report.ts";
import { keyData } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Prints a contact's public key. */
export const verb: Verb = defineVerb({
  brief: "Print a contact's public key and its fingerprint",
  examples: [
    "messageu key bob",
    "messageu key bob --json",
  ],
  prints: [keyData],
  args: [nameArgument],
  async task(work, _, name) {
    const session = await work.session();
    await writeKey(work.output, await session.contacts.publicKey(name));
  },
});
