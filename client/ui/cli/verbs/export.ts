import { removeIfThere } from "../../../../shared/folder/durable_files.ts";
import { PIECE_SIZE } from "../../../../shared/crypto/pieces.ts";
import { UsageError } from "../../../../shared/cli/usage_error.ts";
import { contactFlag, pathArgument } from "../verb/arguments.ts";
import type { Output } from "../verb/output.ts";
import { dataKind } from "../verb/data.ts";
import { defineVerb, type Verb } from "../verb/verb.ts";
import { PIPE } from "../../../session/outgoing_file.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";
import type { Session } from "../../../session/session.ts";
import {
  exportArchive,
  type ExportedArchive,
} from "../../../transfer/export_archive.ts";

const exportData = dataKind("export", ["path", "messages", "files", "missing"]);

/** Writes everything into one file, or the conversations into a folder. */
export const verb: Verb = defineVerb({
  brief: "Write identity, keys, history and received files into one file",
  about:
    "Writes all that another machine needs into one new file, which import takes. With --format jsonl or text it writes each conversation into a file of its own in a folder, with the files of the conversation beside it. Nothing is written over.",
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
        "--with goes with --format jsonl or text: an archive holds everything",
      );
    }
    if (path === PIPE && format !== "archive") {
      throw new UsageError("--format jsonl or text writes into a folder");
    }
    if (path === PIPE && work.io.stdout.isTerminal()) {
      throw new UsageError(
        "export - writes bytes that no terminal shows: put a file or a pipe behind it",
      );
    }
    const session = await work.session();
    let exported;
    if (format === "archive") {
      output.say(
        "The file will hold your private key and all that was said: keep it to yourself",
      );
      const { dir } = work;
      const archived = path === PIPE
        ? await exportToOutput(dir, session, output)
        : await exportArchive(dir, session.store.database, path);
      if (archived.unread > 0) {
        output.say(
          `What couldn't be decrypted (${archived.unread} files) isn't in it: move info.unread.* along, in case the keys come`,
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
      : `; ${missing} files can't be read where they were any more`;
    const values = { path, messages, files, missing };
    const counts = `${messages} messages, ${files} files${lost}`;
    if (path !== PIPE) {
      const text = `${printableLine(path)}: ${counts}`;
      return await output.data(exportData, values, text);
    }
    output.tell({ type: exportData.type, ...values }, `Exported ${counts}`);
  },
});

/** Makes the archive in the temporary folder, and writes it to standard output. */
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
    // Whatever ends the program from here on, no key is left behind.
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
