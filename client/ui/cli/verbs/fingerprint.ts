import { nameArgument } from "../verb/arguments.ts";
import { dataKind } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

const fingerprintData = dataKind("fingerprint", ["contact", "safetyNumber"]);

/** Prints the digits to compare with a contact. */
export const verb: Verb = defineVerb({
  brief: "Print the digits to compare with a contact, equal on both sides",
  examples: [
    "messageu fingerprint bob",
    "messageu fingerprint bob --json",
  ],
  prints: [fingerprintData],
  args: [nameArgument],
  async task(work, _, name) {
    const session = await work.session();
    const safetyNumber = await session.contacts.safetyNumber(name);
    await work.output.data(
      fingerprintData,
      { contact: name, safetyNumber },
      safetyNumber,
    );
  },
});
