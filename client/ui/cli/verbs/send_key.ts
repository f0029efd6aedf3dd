import { nameArgument, onKeyChangeFlag } from "../verb/arguments.ts";
import { deliver } from "../verb/delivery.ts";
import { switchFlag } from "../../../../shared/cli/flags.ts";
import { sentData, skippedData } from "../verb/data.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Sends a symmetric key. */
export const verb: Verb = defineVerb({
  brief: "Send a contact the symmetric key in use once more, or a new one",
  about:
    "Sends a contact the symmetric key in use, so that what was sent under it can be read there after all. Where none is in use, a new one is made. pull, listen and chat answer a contact's request by themselves, as long as a key is in use.",
  prints: [sentData, skippedData],
  flags: {
    onKeyChange: onKeyChangeFlag,
    new: switchFlag("Make a new key in any case"),
  },
  args: [nameArgument],
  async task(work, flags, name) {
    const session = await work.session();
    const message = await session.outbox.writeKey(name, flags.new === true);
    return await deliver(work, message, flags.onKeyChange);
  },
});
