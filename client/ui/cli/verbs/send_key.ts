import { nameArgument, onKeyChangeFlag } from "../verb/arguments.ts";
import { deliver } from "../verb/report.ts";
import { switchFlag } from "../../../../shared/cli/flags.ts";
import { sentData, skippedData } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Sends a symmetric key. */
export const verb: Verb = defineVerb({
  brief: "Send a contact the symmetric key in use, or a new one",
  about:
    "Sends a contact the symmetric key in use, so that the contact can decrypt the messages under it. If none is in use, makes a new one. pull, listen and chat send the key in use on a contact's request.",
  examples: [
    "messageu send-key bob",
    "messageu send-key bob --new",
  ],
  prints: [sentData, skippedData],
  flags: {
    onKeyChange: onKeyChangeFlag,
    new: switchFlag("Always make a new key"),
  },
  args: [nameArgument],
  async task(work, flags, name) {
    const session = await work.session();
    const message = await session.outbox.writeKey(name, flags.new === true);
    return await deliver(work, message, flags.onKeyChange);
  },
});
