import { formatThings } from "../../../../shared/cli/figures.ts";
import { UsageError } from "../../../../shared/cli/program.ts";
import { pathArgument } from "../verb/arguments.ts";
import { dataKind } from "../verb/output.ts";
import { keepAddresses } from "../verb/registration.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";
import {
  askPassphrase,
  passphraseFlag,
  readPassphrase,
  readsByProgram,
} from "../../passphrase.ts";
import { PIPE } from "../../../session/outgoing_file.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";

const importData = dataKind("import", ["name", "id", "messages", "files"]);

/** Imports an archive. */
export const verb: Verb = defineVerb({
  brief: "Import an archive of export into a folder without an identity",
  examples: [
    "messageu --dir alice import messageu.archive",
    "ssh home 'messageu --dir alice export --unencrypted -' | messageu import -",
  ],
  prints: [importData],
  flags: { passphraseFd: passphraseFlag },
  args: [{ ...pathArgument, brief: "The file, or - for standard input" }],
  startsPrograms: ({ passphraseFd }) => readsByProgram(passphraseFd),
  async task(work, { passphraseFd: fd }, path) {
    if (path === PIPE && fd === 0) {
      throw new UsageError(
        "Standard input can't be both the archive and its passphrase: give --passphrase-fd 3, say",
      );
    }
    const unlocking = {
      passphrase: async () =>
        fd === undefined
          ? await askPassphrase(
            work.io,
            ["Passphrase of the archive: "],
            "the archive is encrypted, give --passphrase-fd N",
          )
          : await readPassphrase(work.io, fd),
      isExpected: fd !== undefined,
    };
    const { importArchive, importPiped } = await import(
      "../../../transfer/import_archive.ts"
    );
    const { name, id, messages, files } = path === PIPE
      ? await importPiped(work.dir, work.io.stdin, unlocking)
      : await importArchive(work.dir, path, unlocking);
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
