import { UsageError } from "../../../../shared/cli/program.ts";
import { nameArgument, onKeyChangeFlag } from "../verb/arguments.ts";
import { deliver } from "../verb/report.ts";
import { decodeText, inputLines, readInput } from "../../terminal.ts";
import { sentData, skippedData } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";
import { switchFlag } from "../../../../shared/cli/flags.ts";

/** Sends a text. */
export const verb: Verb = defineVerb({
  brief: "Send a text; - reads it from standard input",
  about:
    "Sends a text. With - it sends standard input up to its end, without the last newline; with --lines it sends each line as a text of its own, as it arrives. If there is no symmetric key yet, it makes and sends one first.",
  examples: [
    'messageu send bob "On my way"',
    "date | messageu send bob -",
    "tail -f notes.txt | messageu send bob - --lines",
  ],
  prints: [sentData, skippedData],
  flags: {
    onKeyChange: onKeyChangeFlag,
    lines: switchFlag("With -: send each line as a text"),
  },
  args: [nameArgument, {
    brief: "The text, or - for standard input",
    placeholder: "TEXT",
    parse: String,
  }],
  async task(work, { onKeyChange, lines }, name, text) {
    if (lines && text !== "-") {
      throw new UsageError(
        "--lines needs - in place of the text",
      );
    }
    const session = await work.session();
    const send = async (text: string): Promise<number> => {
      const message = await session.outbox.writeText(name, text);
      return await deliver(work, message, onKeyChange);
    };
    if (text !== "-") return await send(text);
    if (!lines) return await send(await readInput(work.io.stdin));
    for await (
      const line of inputLines(work.io.stdin, (bytes) => decodeText(bytes))
    ) {
      const exit = line.trim() === "" ? 0 : await send(line);
      // A later line may depend on the one that failed.
      if (exit !== 0) return exit;
    }
    return 0;
  },
});
