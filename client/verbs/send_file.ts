import {
  nameArgument,
  type OnKeyChange,
  onKeyChangeFlag,
  pathArgument,
} from "../cli/arguments.ts";
import { deliver } from "../cli/delivery.ts";
import { defineVerb, type Verb } from "../cli/verb.ts";

/** Sends a file's bytes. */
export const verb: Verb = defineVerb<
  { onKeyChange: OnKeyChange },
  [string, string]
>({
  brief: "Send a file; neither its name nor its type goes along",
  flags: { onKeyChange: onKeyChangeFlag },
  args: [nameArgument, pathArgument],
  async task(work, { onKeyChange }, name, path) {
    const session = await work.session();
    const message = await session.writeFile(name, path);
    return await deliver(work, message, onKeyChange);
  },
});
