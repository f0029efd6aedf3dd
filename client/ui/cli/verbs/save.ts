import { printableLine } from "../../../../shared/cli/printable.ts";
import { copyReceivedFile } from "../../../session/received_files.ts";
import { idArgument, pathArgument } from "../verb/arguments.ts";
import { dataKind } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";

const savedData = dataKind("saved", ["id", "path"]);

/** Copies a received file. */
export const verb: Verb = defineVerb({
  brief: "Save a received file under a name or in a folder",
  about:
    'Copies a received file, and overwrites nothing. Received files go to the temporary folder, which the system empties; "config files FOLDER" chooses another one.',
  examples: [
    "messageu save 12 photo.jpg",
    "messageu save 12 Downloads",
  ],
  prints: [savedData],
  args: [idArgument, {
    ...pathArgument,
    brief: "The new file, or a folder that exists",
  }],
  isOffline: true,
  async task(work, _, id, to) {
    const session = await work.session();
    const path = await copyReceivedFile(session.messages.explain(id), to);
    await work.output.data(savedData, { id, path }, printableLine(path));
  },
});
