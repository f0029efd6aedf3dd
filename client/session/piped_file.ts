/**
 * Files that come in on standard input.
 *
 * @module
 */

import { dirname } from "node:path";
import {
  createPrivate,
  removeIfThere,
} from "../../shared/folder/durable_files.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { writeAll } from "../../shared/cli/write_all.ts";
import { UserError } from "../errors.ts";
import { MAX_FILE_SIZE } from "./outgoing_file.ts";

/** What stands for standard input, or output, in place of a path. */
export const PIPE = "-";

/**
 * Writes all of standard input into a new file with mode 0600, down to the
 * disk.
 *
 * @throws {UserError} where it can't be written, or has more bytes than a
 * message holds; nothing of it is left then
 */
export async function savePiped(
  path: string,
  stdin: ReadableStream<Uint8Array>,
): Promise<void> {
  try {
    using file = await createPrivate(path);
    let size = 0;
    for await (const chunk of stdin) {
      size += chunk.length;
      if (size > MAX_FILE_SIZE) {
        throw new UserError(
          `Standard input has more than ${MAX_FILE_SIZE} bytes, which is what a message holds`,
        );
      }
      await writeAll(file, chunk);
    }
    await file.sync();
  } catch (cause) {
    await removeIfThere(path);
    if (cause instanceof UserError) throw cause;
    throw new UserError(
      `Standard input can't be kept in ${path}: ${reasonOf(cause)}`,
      "See that its folder can be written and has room",
      { cause },
    );
  }
}

/** What was piped in to be sent, and waits in the client's folder until it was. */
export class PipedFiles {
  readonly #folder: string;

  /** @param store the folder of the client's store */
  constructor(store: string) {
    this.#folder = `${store}/piped`;
  }

  /** Keeps standard input, and returns its path. @throws {UserError} where it can't be kept */
  async keep(stdin: ReadableStream<Uint8Array>): Promise<string> {
    await Deno.mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = `${this.#folder}/${crypto.randomUUID()}`;
    await savePiped(path, stdin);
    return path;
  }

  /** Removes what was sent; whether it was one of these. */
  async remove(path: string): Promise<boolean> {
    const folder = await Deno.realPath(this.#folder).catch(() => undefined);
    if (dirname(path) !== folder) return false;
    await removeIfThere(path);
    return true;
  }
}
