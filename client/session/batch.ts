/**
 * One received response with waiting messages, and the messages in it.
 *
 * @module
 */

import { readWaitingHead } from "../../shared/wire/response_framer.ts";
import { WAITING_OVERHEAD } from "../../shared/wire/protocol.ts";
import type { WaitingMessage } from "../../shared/wire/requests.ts";
import { FolderError, type UserError } from "../errors.ts";
import { createHash } from "node:crypto";
import { gather, PIECE_SIZE } from "../../shared/wire/buffers.ts";
import { reasonOf } from "../../shared/cli/reason.ts";

/** Bytes that are read at once, since small messages are many. */
const WINDOW_SIZE = 64 * 1024;

/** A message of a batch; a long content isn't loaded yet. */
export interface BatchMessage extends Omit<WaitingMessage, "content"> {
  /** The encrypted content, which can be read until the batch is removed. */
  content: ReceivedContent;
}

/** One response's payload, in a file or in memory. */
export class Batch {
  /** Path of its file; undefined where it is in memory. */
  readonly path: string | undefined;
  /** Why the response wasn't kept completely; undefined where it was. */
  readonly refused: UserError | undefined;
  readonly #payload: StoredContent;

  /**
   * @param payload the bytes that arrived
   * @param path the payload's file
   * @param refused why the payload is incomplete
   */
  constructor(payload: StoredContent, path?: string, refused?: UserError) {
    this.#payload = payload;
    this.path = path;
    this.refused = refused;
  }

  /** Size of the payload in bytes. */
  get size(): number {
    return this.#payload.size;
  }

  /** A part of the payload; the range must be valid. */
  part(start: number, size: number): StoredContent {
    return this.#payload.part(start, size);
  }

  /**
   * The messages, oldest first.
   *
   * @throws {FormatError} after the last complete message, where bytes are left
   */
  async *messages(): AsyncGenerator<BatchMessage, void, void> {
    let window = new Uint8Array(0);
    let windowStart = 0;
    const load = async (start: number, size: number) => {
      const end = windowStart + window.length;
      if (start >= windowStart && start + size <= end) return;
      const most = Math.min(WINDOW_SIZE, this.size - start);
      window = await this.#payload.part(start, most).bytes();
      windowStart = start;
    };
    for (let at = 0, index = 0; at < this.size; index++) {
      const left = this.size - at;
      await load(at, Math.min(left, WAITING_OVERHEAD));
      const head = window.subarray(at - windowStart);
      const { contentSize, ...start } = readWaitingHead(head, left, index);
      at += WAITING_OVERHEAD;
      let content: StoredContent;
      if (contentSize <= WINDOW_SIZE) {
        await load(at, contentSize);
        const offset = at - windowStart;
        content = new MemoryContent(
          window.slice(offset, offset + contentSize),
        );
      } else {
        content = this.#payload.part(at, contentSize);
      }
      yield { ...start, content };
      at += contentSize;
    }
  }
}

/** Received bytes, which can be read repeatedly. */
export interface ReceivedContent {
  /** Number of bytes. */
  readonly size: number;
  /** All bytes at once. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /** The last `size` bytes, or all where there are fewer. */
  tail(size: number): Promise<Uint8Array<ArrayBuffer>>;
  /** All bytes in pieces of 1 MiB at most. */
  pieces(): AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** The SHA-256 of all bytes. */
  digest(): Promise<Uint8Array>;
}

/** A content that can be read in pieces. */
export abstract class StoredContent implements ReceivedContent {
  abstract readonly size: number;
  abstract pieces(): AsyncIterable<Uint8Array<ArrayBuffer>>;

  /** A part of it; the range must be valid. */
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

/** A content in a file. The file is open only while it is read. */
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
