import { idArgument, onKeyChangeFlag } from "../verb/arguments.ts";
import { deliver } from "../verb/report.ts";
import { sentData, skippedData } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Resends a message. */
export const verb: Verb = defineVerb({
  brief: "Resend a message that the relay didn't acknowledge",
  examples: [
    "messageu resend 12",
    "messageu resend 12 --on-key-change accept",
  ],
  prints: [sentData, skippedData],
  flags: { onKeyChange: onKeyChangeFlag },
  args: [idArgument],
  async task(work, { onKeyChange }, id) {
    const session = await work.session();
    const { contact } = session.messages.explain(id);
    return await deliver(work, { id, contact }, onKeyChange);
  },
});
