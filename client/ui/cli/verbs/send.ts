import { UsageError } from "../../../../shared/cli/usage_error.ts";
import {
  nameArgument,
  type OnKeyChange,
  onKeyChangeFlag,
} from "../verb/arguments.ts";
import { deliver } from "../verb/delivery.ts";
import { decodeText, inputLines, readInput } from "../../standard_input.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";
import { switchFlag } from "../verb/global_flags.ts";
import { UserError } from "../../../errors.ts";

/** What the verb takes. */
interface Flags {
  onKeyChange: OnKeyChange;
  lines: boolean | undefined;
}

/** Sends a text. */
export const verb: Verb = defineVerb<Flags, [string, string]>({
  brief: "Send a text; - reads it from standard input",
  about:
    "Sends a text. With - it is standard input up to its end, without the newline there; with --lines each line is sent as a text of its own, as it comes. Where there is no symmetric key yet, one is made and sent first.",
  flags: {
    onKeyChange: onKeyChangeFlag,
    lines: switchFlag("With -: each line is a text"),
  },
  args: [nameArgument, {
    brief: "The text, or - for standard input",
    placeholder: "TEXT",
    parse: String,
  }],
  async task(work, { onKeyChange, lines }, name, text) {
    if (lines && text !== "-") {
      throw new UsageError(
        "--lines goes with - in place of the text: standard input is sent",
      );
    }
    const session = await work.session();
    const send = async (text: string): Promise<number> => {
      const message = await session.writeText(name, text);
      return await deliver(work, message, onKeyChange);
    };
    if (text !== "-") return await send(text);
    if (!lines) return await send(await readWhole());
    for await (const line of inputLines((bytes) => decodeText(bytes))) {
      const exit = line === "" ? 0 : await send(line);
      // What follows may only make sense after what couldn't be sent.
      if (exit !== 0) return exit;
    }
    return 0;
  },
});

async function readWhole(): Promise<string> {
  const text = await readInput();
  if (text !== "") return text;
  throw new UserError("Standard input was empty", "Nothing was sent");
}
