import { reasonOf } from "../../shared/cli/reason.ts";
import { UsageError } from "../../shared/cli/program.ts";

/** The file with the id of the process that handles signals. */
export class PidFile implements Disposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  #written = false;

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  /**
   * Opens the file; leaves its content until {@linkcode PidFile.write}.
   *
   * @throws {UsageError} if it isn't writable
   */
  static open(path: string): PidFile {
    try {
      const file = Deno.openSync(path, { write: true, create: true });
      return new PidFile(path, file);
    } catch (error) {
      const reason = error instanceof Deno.errors.NotCapable
        ? "it may not be written, see --allow-write"
        : reasonOf(error);
      throw new UsageError(
        `--pid-file ${path}: ${reason}: name a file in a folder that is there and can be written`,
      );
    }
  }

  /** Writes the id of this process. */
  write(): void {
    this.#file.truncateSync();
    this.#file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
    this.#written = true;
  }

  /** Removes the file, or empties it if this process lacks the permission to remove it. */
  [Symbol.dispose](): void {
    using file = this.#file;
    if (!this.#written) return;
    file.truncateSync();
    try {
      Deno.removeSync(this.#path);
    } catch {
      // An empty file names no process.
    }
  }
}
