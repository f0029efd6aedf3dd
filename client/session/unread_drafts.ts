/**
 * Writes the messages of one response that couldn't be opened into files, one for
 * each sender.
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import {
  move,
  openPrivateSync,
  removeIfThere,
  syncFile,
  writeAll,
} from "../../shared/folder/durable_files.ts";
import { FormatError } from "../../shared/wire/format_error.ts";
import { waitingHead } from "../../shared/wire/response_framer.ts";
import { WAITING_OVERHEAD } from "../../shared/wire/protocol.ts";
import {
  type Batch,
  type BatchMessage,
  MemoryContent,
  type ReceivedContent,
} from "./batch.ts";

/** Suffix of an incomplete file. */
export const DRAFT = ".part";
/** Limit in bytes for all senders together: 256 MiB. */
export const MOST_KEPT = 256 * 1024 * 1024;
/** Least bytes that a message counts for, since each new key of its sender is tried on it. */
const LEAST_PER_MESSAGE = 16 * 1024;
/** Least bytes that a file counts for, since each listing of the folder reads its name. */
const LEAST_PER_FILE = 256 * 1024;
/** Number of senders of one response that get their own files; the others share one. */
const MOST_SENDERS = 64;
/** Bytes of a response's damaged end that are kept: 16 MiB. */
const MOST_DAMAGED = 16 * 1024 * 1024;
/** Key of the file that several senders share. */
const SHARED = "shared";

/** The files of one response while they are written. */
export class Drafts {
  readonly #base: string;
  /** By sender in hex, or {@linkcode SHARED}. */
  readonly #written = new Map<string, { messages: number; size: number }>();
  /** The file written last stays open. */
  #open: { key: string; file: Deno.FsFile } | undefined;

  /** @param base prefix of the files' paths */
  constructor(base: string) {
    this.#base = base;
  }

  /** Copies messages and the damaged end; returns the number of messages over the limit. */
  async copy(batch: Batch, unread: ReadonlySet<number>): Promise<number> {
    let [at, start, dropped] = [0, 0, 0];
    try {
      for await (const message of batch.messages()) {
        if (unread.has(at++) && !await this.#add(message)) dropped++;
        start += sizeOf(message);
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      const size = Math.min(batch.size - start, MOST_DAMAGED);
      await this.#append(SHARED, batch.part(start, size));
    }
    return dropped;
  }

  /** Renames the drafts to their final names; returns the paths. */
  async finish(): Promise<string[]> {
    this.#close();
    const paths: string[] = [];
    for (const [key, { messages }] of this.#written) {
      const draft = this.#draft(key);
      await syncFile(draft);
      const path = key === SHARED
        ? this.#base
        : `${this.#base}.${key}.${messages}`;
      await move(draft, path);
      paths.push(path);
    }
    return paths;
  }

  /** Removes the drafts. */
  async discard(): Promise<void> {
    this.#close();
    for (const key of this.#written.keys()) {
      // The error that led here matters more.
      await removeIfThere(this.#draft(key)).catch(() => {});
    }
  }

  /** @returns false where the sender is over the limit */
  async #add(message: BatchMessage): Promise<boolean> {
    const sender = encodeHex(message.sender);
    const isShared = this.#written.size >= MOST_SENDERS &&
      !this.#written.has(sender);
    const key = isShared ? SHARED : sender;
    const { messages, size } = this.#written.get(key) ??
      { messages: 0, size: 0 };
    const next = { messages: messages + 1, size: size + sizeOf(message) };
    if (weightOf(next) > MOST_KEPT) return false;
    const { content, ...head } = message;
    const bytes = waitingHead.encode({ ...head, contentSize: content.size });
    await this.#append(key, new MemoryContent(new Uint8Array(bytes)));
    await this.#append(key, content);
    this.#written.set(key, next);
    return true;
  }

  async #append(key: string, content: ReceivedContent): Promise<void> {
    const file = this.#fileOf(key);
    for await (const piece of content.pieces()) await writeAll(file, piece);
  }

  #fileOf(key: string): Deno.FsFile {
    if (this.#open?.key === key) return this.#open.file;
    this.#close();
    const known = this.#written.get(key);
    const file = openPrivateSync(
      this.#draft(key),
      // Overwrites the draft of a killed client.
      known === undefined ? { truncate: true } : { append: true },
    );
    this.#open = { key, file };
    this.#written.set(key, known ?? { messages: 0, size: 0 });
    return file;
  }

  #draft(key: string): string {
    return `${this.#base}.${key}${DRAFT}`;
  }

  #close(): void {
    this.#open?.file.close();
    this.#open = undefined;
  }
}

/** Size of a message in a response, in bytes. */
function sizeOf({ content }: BatchMessage): number {
  return WAITING_OVERHEAD + content.size;
}

/** Bytes that a file counts for towards the limit. */
export function weightOf(
  { size, messages }: { size: number; messages: number | undefined },
): number {
  const least = Math.max(LEAST_PER_FILE, (messages ?? 0) * LEAST_PER_MESSAGE);
  return Math.max(size, least);
}
