import { formatThings } from "../../../../shared/cli/figures.ts";
import { pathArgument } from "../verb/arguments.ts";
import { dataKind } from "../verb/output.ts";
import { keepAddresses } from "../verb/registration.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";
import { PIPE } from "../../../session/outgoing_file.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";

const importData = dataKind("import", ["name", "id", "messages", "files"]);

/** Imports an archive. */
export const verb: Verb = defineVerb({
  brief: "Import an archive of export into a folder without an identity",
  examples: [
    "messageu --dir alice import messageu.archive",
    "ssh home 'messageu --dir alice export -' | messageu import -",
  ],
  prints: [importData],
  args: [{ ...pathArgument, brief: "The file, or - for standard input" }],
  async task(work, _, path) {
    const { importArchive, importPiped } = await import(
      "../../../transfer/import_archive.ts"
    );
    const { name, id, messages, files } = path === PIPE
      ? await importPiped(work.dir, work.io.stdin)
      : await importArchive(work.dir, path);
    work.output.say(
      "Stop using the old folder: two clients that pull take each other's messages",
    );
    await keepAddresses(work);
    await work.output.data(
      importData,
      { name, id, messages, files },
      `${printableLine(name)} ${id}: ${formatThings(messages, "message")}, ${
        formatThings(files, "file")
      }`,
    );
  },
});
