import { formatThings } from "../../../../shared/cli/figures.ts";
import { switchFlag } from "../../../../shared/cli/flags.ts";
import { UsageError } from "../../../../shared/cli/program.ts";
import { contactFlag, pathArgument } from "../verb/arguments.ts";
import { dataKind, type Io } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";
import { PIPE } from "../../../session/outgoing_file.ts";
import { isSecureFolder } from "../../../store/folder.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";
import {
  exportArchive,
  exportToStream,
} from "../../../transfer/export_archive.ts";
import {
  askPassphrase,
  passphraseFlag,
  readPassphrase,
  readsByProgram,
} from "../../passphrase.ts";

const exportData = dataKind("export", ["path", "messages", "files", "missing"]);

/** Exports everything to an archive, or conversations to a folder. */
export const verb: Verb = defineVerb({
  brief: "Write identity, keys, history and received files to one file",
  about:
    "Writes all that another machine needs to one new file, for import, encrypted by a passphrase that it asks for at the terminal. With --format jsonl or text it writes each conversation to a file of its own in a folder, with the files of the conversation beside it. Overwrites nothing.",
  examples: [
    "messageu export messageu.archive",
    "messageu export messageu.archive --passphrase-fd 3 3< passphrase",
    "messageu export --format text --with bob conversations",
    "messageu export --unencrypted - | ssh home 'messageu --dir alice import -'",
  ],
  prints: [exportData],
  flags: {
    format: {
      kind: "enum",
      values: ["archive", "jsonl", "text"],
      default: "archive",
      brief: "One file for import, or conversations to read",
    },
    passphraseFd: passphraseFlag,
    unencrypted: switchFlag("Write a readable archive, without a passphrase"),
    with: contactFlag("With jsonl or text: only with this contact"),
  },
  args: [{
    ...pathArgument,
    brief: "The file, or - for standard output; with jsonl or text the folder",
  }],
  isOffline: true,
  startsPrograms: ({ passphraseFd }) => readsByProgram(passphraseFd),
  async task(work, flags, path) {
    const { format, with: name } = flags;
    const { output } = work;
    if (flags.unencrypted && flags.passphraseFd !== undefined) {
      throw new UsageError(
        "--unencrypted and --passphrase-fd exclude each other",
      );
    }
    if (format !== "archive" && flags.passphraseFd !== undefined) {
      throw new UsageError(
        "--passphrase-fd needs an archive: --format jsonl or text writes readable files",
      );
    }
    if (format === "archive" && name !== undefined) {
      throw new UsageError(
        "--with needs --format jsonl or text: an archive holds everything",
      );
    }
    if (path === PIPE && format !== "archive") {
      throw new UsageError(
        "--format jsonl or text writes to a folder, not to standard output",
      );
    }
    if (path === PIPE && work.io.stdout.isTerminal()) {
      throw new UsageError(
        "export - writes binary data, which a terminal can't show: redirect it to a file or a pipe",
      );
    }
    const session = await work.session();
    let exported;
    if (format === "archive") {
      const { passphraseFd, unencrypted = false } = flags;
      const passphrase = unencrypted
        ? undefined
        : () => newPassphrase(work.io, passphraseFd);
      const { dir } = work;
      const archived = path === PIPE
        ? await exportToStream(
          dir,
          session.store,
          (bytes) => output.bytes(bytes),
          { passphrase },
        )
        : await exportArchive(dir, session.store, path, { passphrase });
      output.say(
        unencrypted
          ? "The archive holds your private key and all messages: keep it secret"
          : "The archive holds your private key and all messages: without the passphrase no one can open it",
      );
      if (isSecureFolder(dir)) {
        output.say(
          "Your secure account isn't in it, and only this folder has it: go on with this folder",
        );
      }
      if (archived.unread > 0) {
        output.say(
          `Messages that couldn't be decrypted (${
            formatThings(archived.unread, "file")
          }) aren't in it: copy info.unread.* too, in case the keys arrive`,
        );
      }
      exported = archived;
    } else {
      const { exportConversations } = await import(
        "../../../transfer/export_conversations.ts"
      );
      exported = await exportConversations(session, path, format, name);
    }
    const { messages, files, missing } = exported;
    const lost = missing === 0
      ? ""
      : `; missing or unreadable: ${formatThings(missing, "file")}`;
    const values = { path, messages, files, missing };
    const counts = `${formatThings(messages, "message")}, ${
      formatThings(files, "file")
    }${lost}`;
    if (path !== PIPE) {
      const text = `${printableLine(path)}: ${counts}`;
      return await output.data(exportData, values, text);
    }
    output.tell({ type: exportData.type, ...values }, `Exported ${counts}`);
  },
});

/** Reads or asks for the passphrase of an archive in the making. */
async function newPassphrase(
  io: Io,
  fd: number | undefined,
): Promise<string> {
  if (fd !== undefined) return await readPassphrase(io, fd);
  return await askPassphrase(
    io,
    ["Passphrase for the archive: ", "The same again: "],
    "give --passphrase-fd N, or --unencrypted",
  );
}
