import {
  nameArgument,
  onKeyChangeFlag,
  pathArgument,
} from "../verb/arguments.ts";
import { deliver } from "../verb/report.ts";
import { PIPE } from "../../../session/outgoing_file.ts";
import { sentData, skippedData } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

/** Sends a file. */
export const verb: Verb = defineVerb({
  brief: "Send a file, without its name and type",
  examples: [
    "messageu send-file bob photo.jpg",
    "tar c notes | messageu send-file bob -",
  ],
  prints: [sentData, skippedData],
  flags: { onKeyChange: onKeyChangeFlag },
  args: [nameArgument, {
    ...pathArgument,
    brief: "The file, or - for standard input",
  }],
  async task(work, { onKeyChange }, name, path) {
    const session = await work.session();
    const message = path === PIPE
      ? await session.outbox.writePiped(name, work.io.stdin)
      : await session.outbox.writeFile(name, path);
    return await deliver(work, message, onKeyChange);
  },
});
