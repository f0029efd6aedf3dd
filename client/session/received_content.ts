/**
 * What was received and isn't read yet: a stretch of a file or of memory, of
 * which no more is loaded than is asked for.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { gather, PIECE_SIZE } from "../../shared/crypto/pieces.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { FolderError } from "../errors.ts";

/** Bytes that were received. They can be read any number of times. */
export interface ReceivedContent {
  /** How many. */
  readonly size: number;
  /** All of them at once. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /** The last `size` of them, or all where there are fewer. */
  tail(size: number): Promise<Uint8Array<ArrayBuffer>>;
  /** All of them in pieces of 1 MiB at most. */
  pieces(): AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** Their SHA-256, 32 bytes. */
  digest(): Promise<Uint8Array>;
}

/** What every content can do that can be read in pieces. */
export abstract class StoredContent implements ReceivedContent {
  abstract readonly size: number;
  abstract pieces(): AsyncIterable<Uint8Array<ArrayBuffer>>;

  /** A stretch of it, which must lie within. */
  abstract part(start: number, size: number): StoredContent;

  /** @throws {FolderError} where the file can't be read, or has become shorter */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return await gather(this.pieces(), this.size);
  }

  /** @throws {FolderError} where the file can't be read, or has become shorter */
  async tail(size: number): Promise<Uint8Array<ArrayBuffer>> {
    const start = Math.max(0, this.size - size);
    return await this.part(start, this.size - start).bytes();
  }

  /** @throws {FolderError} where the file can't be read, or has become shorter */
  async digest(): Promise<Uint8Array> {
    const hash = createHash("sha256");
    for await (const piece of this.pieces()) hash.update(piece);
    return new Uint8Array(hash.digest());
  }
}

/** A content in memory. */
export class MemoryContent extends StoredContent {
  readonly #bytes: Uint8Array<ArrayBuffer>;

  /** The bytes aren't copied. */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    super();
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  async *pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
    for (let at = 0; at < this.size; at += PIECE_SIZE) {
      yield this.#bytes.subarray(at, at + PIECE_SIZE);
    }
  }

  part(start: number, size: number): MemoryContent {
    return new MemoryContent(this.#bytes.subarray(start, start + size));
  }
}

/** A content in a file, which is open only while it is read. */
export class FileContent extends StoredContent {
  readonly size: number;
  readonly #path: string;
  readonly #start: number;

  /** `size` bytes of the file from `start` on. */
  constructor(path: string, start: number, size: number) {
    super();
    this.#path = path;
    this.#start = start;
    this.size = size;
  }

  /** @throws {FolderError} where the file can't be read, or has become shorter */
  async *pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
    if (this.size === 0) return;
    using file = await this.#explained(() => Deno.open(this.#path));
    await file.seek(this.#start, Deno.SeekMode.Start);
    for (let left = this.size; left > 0;) {
      const piece = new Uint8Array(Math.min(left, PIECE_SIZE));
      const count = await this.#explained(() => file.read(piece));
      if (count === null) {
        throw new FolderError(
          `Expected ${left} more bytes in ${this.#path}, got its end`,
        );
      }
      left -= count;
      yield piece.subarray(0, count);
    }
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw new FolderError(
        `${this.#path} can't be read: ${reasonOf(cause)}`,
        "The messages in it are left where they are",
        { cause },
      );
    }
  }

  part(start: number, size: number): FileContent {
    return new FileContent(this.#path, this.#start + start, size);
  }
}
