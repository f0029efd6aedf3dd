/**
 * Room kept for a full disk: a file beside the database
 * (`db.defensive-reserve`), which shrinks where SQLite needs the room.
 * Deletions and checkpoints need some, and only they make more.
 *
 * @module
 */

import { openPrivateSync } from "../../../shared/folder/durable_files.ts";
import { DiskFullError, storeError } from "./database_errors.ts";
import { hasCode } from "../../../shared/platform/system_error.ts";

/** Bytes of one write. */
const BLOCK = 64 * 1024;

/** The open file; no permission is needed any more. */
export class Reserve {
  readonly #file: Deno.FsFile;
  #size = 0;

  /** @throws {Error} where the file can't be made */
  constructor(path: string) {
    this.#file = openPrivateSync(reservePath(path), { read: true });
    this.refresh();
  }

  /** Size in bytes. */
  get size(): number {
    return this.#size;
  }

  /** Reads the size anew: another process may have given the reserve up. */
  refresh(): void {
    // `stat` would need permission to read, which the relay has given up.
    this.#size = this.#file.seekSync(0, Deno.SeekMode.End);
  }

  /**
   * Grows to so many bytes; where the disk has no room for them, the size stays.
   *
   * @returns whether it has so many
   */
  grow(size: number): boolean {
    if (this.#size >= size) return true;
    // A file system that compresses must not make nothing of it.
    const block = crypto.getRandomValues(new Uint8Array(BLOCK));
    try {
      this.#file.seekSync(this.#size, Deno.SeekMode.Start);
      for (let at = this.#size; at < size;) {
        at += this.#file.writeSync(block.subarray(0, size - at));
      }
      this.#size = size;
      return true;
    } catch {
      this.#cut(this.#size);
      return false;
    }
  }

  /** Shrinks to so many bytes. */
  shrink(size: number): void {
    if (this.#size <= size) return;
    this.#cut(size);
  }

  /** A disk that fails here too must not end the relay, which can still read. */
  #cut(size: number): void {
    try {
      this.#file.truncateSync(size);
    } catch {
      // The size below shows the result.
    }
    this.refresh();
  }

  /** Closes the file, which stays. */
  close(): void {
    this.#file.close();
  }
}

/**
 * Does some work on a database. Where the disk is full, gives the reserve up and
 * tries once more; the next relay, or the running one, makes a new reserve.
 *
 * @param made runs between the two tries
 * @throws {Error} where `work` throws
 */
export async function withReserve<T>(
  path: string,
  work: () => T | Promise<T>,
  made: () => void = () => {},
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    giveUp(path);
    made();
    return await work();
  }
}

function isDiskFull(error: unknown): boolean {
  return storeError(error) instanceof DiskFullError ||
    error instanceof Error && error.cause !== undefined &&
      isDiskFull(error.cause);
}

function giveUp(path: string): void {
  try {
    Deno.truncateSync(reservePath(path));
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}

function reservePath(path: string): string {
  return `${path}-reserve`;
}
