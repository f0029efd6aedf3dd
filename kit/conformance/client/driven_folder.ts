/**
 * The working directory of a driven client.
 *
 * @module
 */

import {
  findFile,
  formatAddress,
  infoFiles,
} from "../../../shared/folder/info_files.ts";
import { hasCode } from "../../../shared/platform/system_error.ts";

/** Name of the file to send. */
const SAMPLE = "sample.bin";

/** Size in bytes of the largest identity file that is read. */
const MOST_IDENTITY = 1024 * 1024;

/** A temporary folder with the files that a client needs. */
export class DrivenFolder implements AsyncDisposable {
  /** Its path. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Creates a folder with the file to send and, if given, the server's address
   * in `info.server`.
   */
  static async create(
    sample: Uint8Array,
    server?: { hostname: string; port: number },
  ): Promise<DrivenFolder> {
    const path = await Deno.makeTempDir({ prefix: "messageu-conformance-" });
    const folder = new DrivenFolder(path);
    await Deno.writeFile(folder.sample, sample);
    if (server === undefined) return folder;
    await Deno.mkdir(folder.temporary);
    for (const name of infoFiles.server) {
      await Deno.writeTextFile(`${path}/${name}`, `${formatAddress(server)}\n`);
    }
    return folder;
  }

  /** Creates the folder again if it was removed. */
  restore(): void {
    Deno.mkdirSync(this.path, { recursive: true, mode: 0o700 });
  }

  /** Path of the file to send. */
  get sample(): string {
    return `${this.path}/${SAMPLE}`;
  }

  /** Path of the client's temporary directory. */
  get temporary(): string {
    return `${this.path}/tmp`;
  }

  /** Text of the identity file: empty if it is unreadable, undefined if there is none. */
  async identity(): Promise<string | undefined> {
    const file = await findFile(this.path, infoFiles.me);
    if (file === undefined) return undefined;
    try {
      const { isFile, size } = await Deno.stat(file);
      return isFile && size <= MOST_IDENTITY
        ? await Deno.readTextFile(file)
        : "";
    } catch {
      // A folder, or a dangling link.
      return "";
    }
  }

  /** Whether a file in the folder, or one of the named ones, holds exactly these bytes. */
  async holds(bytes: Uint8Array, named: readonly string[]): Promise<boolean> {
    const paths = [...named];
    for await (const path of filesIn(this.path)) paths.push(path);
    for (const path of paths) {
      if (path !== this.sample && await isCopy(path, bytes)) return true;
    }
    return false;
  }

  /** Removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await Deno.remove(this.path, { recursive: true });
    } catch (error) {
      // The client may have removed it.
      if (!hasCode(error, "ENOENT")) throw error;
    }
  }
}

async function* filesIn(path: string): AsyncGenerator<string> {
  try {
    for await (const entry of Deno.readDir(path)) {
      const inner = `${path}/${entry.name}`;
      if (entry.isDirectory) yield* filesIn(inner);
      else if (entry.isFile) yield inner;
    }
  } catch {
    // Unreadable or removed meanwhile.
  }
}

async function isCopy(path: string, bytes: Uint8Array): Promise<boolean> {
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile || size !== bytes.length) return false;
    const found = await Deno.readFile(path);
    return found.every((byte, index) => byte === bytes[index]);
  } catch {
    // The client may print what is no path, and its files come and go.
    return false;
  }
}
