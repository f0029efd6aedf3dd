import {
  namesArgument,
  onKeyChangeFlag,
  pathArgument,
} from "../verb/arguments.ts";
import { sendToAll } from "../verb/recipients.ts";
import { PIPE } from "../../../session/outgoing_file.ts";
import { sentData, skippedData } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Sends a file. */
export const verb: Verb = defineVerb({
  brief: "Send a file to one or more, without its name and type",
  examples: [
    "messageu send-file bob photo.jpg",
    "messageu send-file bob,carol photo.jpg",
    "tar c notes | messageu send-file bob -",
  ],
  prints: [sentData, skippedData],
  flags: { onKeyChange: onKeyChangeFlag },
  args: [namesArgument, {
    ...pathArgument,
    brief: "The file, or - for standard input",
  }],
  async task(work, { onKeyChange }, names, path) {
    const { outbox } = await work.session();
    let piped: string | undefined;
    return await sendToAll(work, names, onKeyChange, async (name) => {
      if (path !== PIPE) return await outbox.writeFile(name, path);
      // Each message has a file of its own, which goes once it is sent.
      const input = piped === undefined
        ? work.io.stdin
        : (await Deno.open(piped)).readable;
      const message = await outbox.writePiped(name, input);
      piped ??= message.path;
      return message;
    });
  },
});
