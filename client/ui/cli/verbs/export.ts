import { removeIfThere } from "../../../../shared/folder/durable_files.ts";
import { PIECE_SIZE } from "../../../../shared/wire/buffers.ts";
import { formatThings } from "../../../../shared/cli/figures.ts";
import { UsageError } from "../../../../shared/cli/program.ts";
import { contactFlag, pathArgument } from "../verb/arguments.ts";
import { dataKind, type Output } from "../verb/output.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";
import { PIPE } from "../../../session/outgoing_file.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";
import type { Session } from "../../../session/session.ts";
import {
  exportArchive,
  type ExportedArchive,
} from "../../../transfer/export_archive.ts";

const exportData = dataKind("export", ["path", "messages", "files", "missing"]);

/** Exports everything to an archive, or conversations to a folder. */
export const verb: Verb = defineVerb({
  brief: "Write identity, keys, history and received files to one file",
  about:
    "Writes all that another machine needs to one new file, for import. With --format jsonl or text it writes each conversation to a file of its own in a folder, with the files of the conversation beside it. Overwrites nothing.",
  examples: [
    "messageu export messageu.archive",
    "messageu export --format text --with bob conversations",
    "messageu export - | ssh home 'messageu --dir alice import -'",
  ],
  prints: [exportData],
  flags: {
    format: {
      kind: "enum",
      values: ["archive", "jsonl", "text"],
      default: "archive",
      brief: "One file for import, or conversations to read",
    },
    with: contactFlag("With jsonl or text: only with this contact"),
  },
  args: [{
    ...pathArgument,
    brief: "The file, or - for standard output; with jsonl or text the folder",
  }],
  isOffline: true,
  async task(work, { format, with: name }, path) {
    const { output } = work;
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
      output.say(
        "The file will hold your private key and all messages: keep it secret",
      );
      const { dir } = work;
      const archived = path === PIPE
        ? await exportToOutput(dir, session, output)
        : await exportArchive(dir, session.store.database, path);
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

/** Makes the archive in a temporary folder and writes it to standard output. */
async function exportToOutput(
  dir: string,
  session: Session,
  output: Output,
): Promise<ExportedArchive> {
  const temporary = await Deno.makeTempDir({ prefix: "messageu-" });
  try {
    const path = `${temporary}/archive`;
    const exported = await exportArchive(dir, session.store.database, path);
    using file = await Deno.open(path);
    // Leaves no key behind, whatever ends the program from here on.
    if (Deno.build.os !== "windows") await removeIfThere(temporary);
    const piece = new Uint8Array(PIECE_SIZE);
    for (let size; (size = await file.read(piece)) !== null;) {
      await output.bytes(piece.subarray(0, size));
    }
    return exported;
  } finally {
    await removeIfThere(temporary);
  }
}
