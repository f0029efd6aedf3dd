import {
  nameArgument,
  type OnKeyChange,
  onKeyChangeFlag,
  pathArgument,
} from "../verb/arguments.ts";
import { deliver } from "../verb/delivery.ts";
import { PIPE } from "../../../session/piped_file.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Sends a file's bytes. */
export const verb: Verb = defineVerb<
  { onKeyChange: OnKeyChange },
  [string, string]
>({
  brief: "Send a file; neither its name nor its type goes along",
  flags: { onKeyChange: onKeyChangeFlag },
  args: [nameArgument, {
    ...pathArgument,
    brief: "The file, or - for standard input",
  }],
  async task(work, { onKeyChange }, name, path) {
    const session = await work.session();
    const message = path === PIPE
      ? await session.writePiped(name)
      : await session.writeFile(name, path);
    return await deliver(work, message, onKeyChange);
  },
});
