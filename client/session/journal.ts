/**
 * The journal: received responses are written to it before they are processed.
 * Most servers delete a message before they send it, so a response is the only
 * copy (DLV-4).
 *
 * @module
 */

import { concat } from "@std/bytes";
import { Batch, FileContent, MemoryContent } from "./batch.ts";
import type { Arriving } from "../link/connection.ts";
import {
  createPrivate,
  freeSpace,
  readableSize,
  removeIfThere,
  syncContent,
  syncFolder,
  writeAll,
} from "../../shared/folder/durable_files.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { FolderError, UserError } from "../errors.ts";

/** Prefix of the journal's files; their names sort by age. */
const WAITING = "info.inbox.";
const NAME = /^\d+\.\d{6}\.[0-9a-f-]{36}$/;
/** Largest response that is kept in memory where it can't be written: 256 MiB. */
const MAX_IN_MEMORY = 256 * 1024 * 1024;

/** Bytes that stay free on the disk beside a response too large for memory: 64 MiB. */
const LEAST_LEFT = 64 * 1024 * 1024;

/** Number of responses in a folder's journal. */
export async function countWaiting(dir: string): Promise<number> {
  let count = 0;
  for await (const { name } of Deno.readDir(dir)) {
    if (isWaiting(name)) count++;
  }
  return count;
}

function isWaiting(name: string): boolean {
  return name.startsWith(WAITING) && NAME.test(name.slice(WAITING.length));
}

/** The received responses in a client's folder that aren't processed yet. */
export class Journal {
  readonly #dir: string;
  readonly #unwritten = new Set<Batch>();
  #count = 0;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * Writes a response as it arrives, or keeps it in memory where that fails. The
   * received part of a broken response is kept. The file is synced once this
   * resolves.
   *
   * @param failed called with the reason why it can't be written
   * @returns undefined where nothing arrived; a batch with
   * {@linkcode Batch.refused} where neither the disk nor 256 MiB of memory could
   * hold all of it
   * @throws {UserError} where there is no room at all; nothing was read then
   */
  async add(
    response: Arriving,
    failed: (reason: unknown) => void,
  ): Promise<Batch | undefined> {
    if (response.size === 0) return undefined;
    if (response.size > MAX_IN_MEMORY) {
      const free = await freeSpace(this.#dir).catch(() => undefined);
      if (free !== undefined && free < response.size + LEAST_LEFT) {
        throw this.#noRoom(response.size);
      }
    }
    const order = String(this.#count++).padStart(6, "0");
    const path =
      `${this.#dir}/${WAITING}${Date.now()}.${order}.${crypto.randomUUID()}`;
    const arriving = response.pieces[Symbol.asyncIterator]();
    const file = await createPrivate(path).catch((reason) => {
      failed(reason);
    });
    if (file === undefined) {
      if (response.size > MAX_IN_MEMORY) throw this.#noRoom(response.size);
      return this.#keep(await collect(arriving));
    }
    const { written, unwritten, error } = await fill(
      file,
      arriving,
      response.size,
    );
    if (unwritten === undefined) {
      if (written === 0) {
        // An empty leftover file is harmless.
        await removeIfThere(path).catch(failed);
        return undefined;
      }
      await syncFolder(this.#dir).catch(failed);
      return new Batch(new FileContent(path, 0, written), path);
    }
    failed(error);
    const onDisk = new FileContent(path, 0, written);
    if (response.size > MAX_IN_MEMORY) {
      await syncFolder(this.#dir).catch(failed);
      return new Batch(onDisk, path, this.#noRoom(response.size));
    }
    const first = await onDisk.bytes();
    const batch = this.#keep([first, unwritten, ...await collect(arriving)]);
    // A file that can't be removed is recognized as a repeat later.
    await removeIfThere(path).catch(failed);
    return batch;
  }

  /**
   * The responses that aren't processed, of this run and earlier ones, the oldest
   * first.
   *
   * @param failed called with a file that can't be read; it stays
   */
  async *leftovers(
    failed: (path: string, reason: unknown) => void,
  ): AsyncGenerator<Batch> {
    const names: string[] = [];
    try {
      for await (const { name, isFile } of Deno.readDir(this.#dir)) {
        if (isFile && isWaiting(name)) names.push(name);
      }
    } catch (reason) {
      failed(this.#dir, reason);
    }
    for (const name of names.sort()) {
      const path = `${this.#dir}/${name}`;
      const size = await readableSize(path).catch((reason) => {
        failed(path, reason);
      });
      if (size !== undefined) {
        yield new Batch(new FileContent(path, 0, size), path);
      }
    }
    yield* [...this.#unwritten];
  }

  /**
   * Removes a processed response.
   *
   * @throws {FolderError} where its file can't be removed
   */
  async done(batch: Batch): Promise<void> {
    this.#unwritten.delete(batch);
    if (batch.path === undefined) return;
    try {
      await removeIfThere(batch.path);
    } catch (cause) {
      throw new FolderError(
        `${batch.path} can't be removed: ${reasonOf(cause)}`,
        `See that ${this.#dir} can be written`,
        { cause },
      );
    }
  }

  #keep(parts: Uint8Array<ArrayBuffer>[]): Batch | undefined {
    const payload = concat(parts);
    if (payload.length === 0) return undefined;
    const batch = new Batch(new MemoryContent(payload));
    this.#unwritten.add(batch);
    return batch;
  }

  #noRoom(size: number): UserError {
    return new UserError(
      `The server's response has ${size} bytes, more than the disk can hold; the limit in memory is ${MAX_IN_MEMORY}`,
      `Make room in ${this.#dir} and pull again`,
    );
  }
}

/** The result of {@linkcode fill}. */
interface Filled {
  /** Number of bytes written; synced where all are written. */
  written: number;
  /** The piece that couldn't be written, and why; it may be empty. */
  unwritten?: Uint8Array<ArrayBuffer>;
  error?: unknown;
}

type ArrivingPieces = AsyncIterator<Uint8Array<ArrayBuffer>>;

/** Writes the arriving pieces until their end or a failure. */
async function fill(
  file: Deno.FsFile,
  arriving: ArrivingPieces,
  size: number,
): Promise<Filled> {
  using open = file;
  let written = 0;
  let unwritten = new Uint8Array(0);
  try {
    for (;;) {
      // After the last byte is read, the relay may delete the messages even if we are killed.
      const isLast = written === size - 1;
      if (isLast) await syncContent(open);
      const piece = await nextOf(arriving);
      if (piece === undefined) break;
      unwritten = piece;
      if (isLast) open.writeSync(piece);
      else await writeAll(open, piece);
      written += piece.length;
      unwritten = new Uint8Array(0);
    }
    await syncContent(open);
    return { written };
  } catch (error) {
    return { written, unwritten, error };
  }
}

async function collect(
  arriving: ArrivingPieces,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (;;) {
    const piece = await nextOf(arriving);
    if (piece === undefined) return pieces;
    pieces.push(piece);
  }
}

/** The next piece, or undefined at the end. The connection reports a break. */
async function nextOf(
  arriving: ArrivingPieces,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const { value, done } = await arriving.next();
    return done ? undefined : value;
  } catch {
    return undefined;
  }
}
