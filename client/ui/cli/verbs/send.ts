import { UsageError } from "../../../../shared/cli/program.ts";
import { namesArgument, onKeyChangeFlag } from "../verb/arguments.ts";
import { sendToAll } from "../verb/recipients.ts";
import { decodeText, inputLines, readInput } from "../../terminal.ts";
import { sentData, skippedData } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";
import { switchFlag } from "../../../../shared/cli/flags.ts";

/** Sends a text. */
export const verb: Verb = defineVerb({
  brief: "Send a text to one or more; - reads it from standard input",
  about:
    "Sends a text to one contact, or to each of several. With - it sends standard input up to its end, without the last newline; with --lines it sends each line as a text of its own, as it arrives. If there is no symmetric key yet, it makes and sends one first.",
  examples: [
    'messageu send bob "On my way"',
    'messageu send bob,carol "On my way"',
    "tail -f notes.txt | messageu send bob - --lines",
  ],
  prints: [sentData, skippedData],
  flags: {
    onKeyChange: onKeyChangeFlag,
    lines: switchFlag("With -: send each line as a text"),
  },
  args: [namesArgument, {
    brief: "The text, or - for standard input",
    placeholder: "TEXT",
    parse: String,
  }],
  async task(work, { onKeyChange, lines }, names, text) {
    if (lines && text !== "-") {
      throw new UsageError(
        "--lines needs - in place of the text",
      );
    }
    const { outbox } = await work.session();
    const send = (text: string): Promise<number> =>
      sendToAll(
        work,
        names,
        onKeyChange,
        (name) => outbox.writeText(name, text),
      );
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
