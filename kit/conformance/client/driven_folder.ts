/**
 * The folder in which a driven client runs.
 *
 * @module
 */

import { findFile, infoFiles } from "../../../shared/folder/info_files.ts";
import { formatAddress } from "../../../shared/folder/info_server.ts";

/** The name of the file that the client is to send. */
const SAMPLE = "sample.bin";

/** Bytes of the largest identity file that is read. */
const MOST_IDENTITY = 1024 * 1024;

/** A temporary folder with what a client needs. */
export class DrivenFolder implements AsyncDisposable {
  /** Where it is. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes one with a file to send and, where the client is to find it there,
   * the server's address.
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

  /** Makes it again where it is gone. */
  restore(): void {
    Deno.mkdirSync(this.path, { recursive: true, mode: 0o700 });
  }

  /** The file that the client is to send. */
  get sample(): string {
    return `${this.path}/${SAMPLE}`;
  }

  /** What the client gets as its temporary directory. */
  get temporary(): string {
    return `${this.path}/tmp`;
  }

  /** The text of the identity file, none where it can't be read; undefined where there is no file. */
  async identity(): Promise<string | undefined> {
    const file = await findFile(this.path, infoFiles.me);
    if (file === undefined) return undefined;
    try {
      const { isFile, size } = await Deno.stat(file);
      return isFile && size <= MOST_IDENTITY
        ? await Deno.readTextFile(file)
        : "";
    } catch {
      // A folder, or a link to nowhere.
      return "";
    }
  }

  /** Whether a file holds exactly these bytes: one of its own, or one named. */
  async holds(bytes: Uint8Array, named: readonly string[]): Promise<boolean> {
    const paths = [...named];
    for await (const path of filesIn(this.path)) paths.push(path);
    for (const path of paths) {
      if (path !== this.sample && await isCopy(path, bytes)) return true;
    }
    return false;
  }

  /** Removes it with all that is in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await Deno.remove(this.path, { recursive: true });
    } catch (error) {
      // Whose folder it was may have removed it.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
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
    // What can't be read, or is gone meanwhile, holds nothing for us.
  }
}

async function isCopy(path: string, bytes: Uint8Array): Promise<boolean> {
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile || size !== bytes.length) return false;
    const found = await Deno.readFile(path);
    return found.every((byte, index) => byte === bytes[index]);
  } catch {
    // What the client printed needn't be a path, and its files come and go.
    return false;
  }
}
