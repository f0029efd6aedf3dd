import { reasonOf } from "../../shared/cli/reason.ts";
import { UsageError } from "../../shared/cli/program.ts";
import { removeIfAllowed } from "../../shared/folder/durable_files.ts";

/** The file with the id of the process that handles signals. */
export interface PidFile extends Disposable {
  /** Writes the id of this process. */
  write(): void;
}

/**
 * Opens the file; leaves its content until {@linkcode PidFile.write}. At the end
 * it is removed, or emptied if this process lacks the permission to remove it.
 *
 * @throws {UsageError} if it isn't writable
 */
export function openPidFile(path: string): PidFile {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { write: true, create: true });
  } catch (error) {
    const reason = error instanceof Deno.errors.NotCapable
      ? "it may not be written, see --allow-write"
      : reasonOf(error);
    throw new UsageError(
      `--pid-file ${path}: ${reason}: name a file in a folder that is there and can be written`,
    );
  }
  let isWritten = false;
  return {
    write() {
      file.truncateSync();
      file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
      isWritten = true;
    },
    [Symbol.dispose]() {
      using _ = file;
      if (!isWritten) return;
      file.truncateSync();
      // An empty file names no process.
      removeIfAllowed(path);
    },
  };
}
