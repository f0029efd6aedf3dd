import {
  nameArgument,
  type OnKeyChange,
  onKeyChangeFlag,
} from "../verb/arguments.ts";
import { deliver } from "../verb/delivery.ts";
import { switchFlag } from "../verb/global_flags.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** What the verb takes. */
interface Flags {
  onKeyChange: OnKeyChange;
  new: boolean | undefined;
}

/** Sends a symmetric key. */
export const verb: Verb = defineVerb<Flags, [string]>({
  brief: "Send a contact the symmetric key in use once more, or a new one",
  about:
    "Sends a contact the symmetric key in use, so that what was sent under it can be read there after all. Where none is in use, a new one is made. pull, listen and chat answer a contact's request by themselves, as long as a key is in use.",
  flags: {
    onKeyChange: onKeyChangeFlag,
    new: switchFlag("Make a new key in any case"),
  },
  args: [nameArgument],
  async task(work, flags, name) {
    const session = await work.session();
    const message = await session.writeKey(name, flags.new === true);
    return await deliver(work, message, flags.onKeyChange);
  },
});
