/**
 * Received messages that couldn't be opened, kept until a key that opens them
 * arrives. A stranger can send any number of them, so each sender has files of
 * its own, and the total size is limited.
 *
 * @module
 */

import { decodeHex, encodeHex } from "@std/encoding";
import {
  move,
  readableSize,
  removeIfThere,
  syncFolder,
} from "../../shared/folder/durable_files.ts";
import type { ClientId } from "../../shared/wire/protocol.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { Batch, FileContent } from "./batch.ts";
import { FolderError } from "../errors.ts";
import { DRAFT, Drafts, MOST_KEPT, weightOf } from "./unread_drafts.ts";

/** Prefix of the files' names. */
const UNREAD = "info.unread.";
/** Time and number of the response; then, for one sender, its id and the number of messages. */
const NAME =
  /^info\.unread\.(\d+)\.\d{6}\.[0-9a-f-]{36}(?:\.([0-9a-f]{32})\.(\d{1,9}))?$/;
/** The part of a response's name that its files share. */
const RESPONSE = /info\.(?:inbox|unread)\.(\d+\.\d{6}\.[0-9a-f-]{36})[^/\\]*$/;

/** Milliseconds after which a file is removed, see {@linkcode UnreadMessages.tidy}. */
const MOST_AGE = 30 * 24 * 3_600_000;
/** The facts in a file's name. */
interface UnreadName {
  path: string;
  /** When the response arrived, in milliseconds since 1970. */
  time: number;
  /** The sender in hex; undefined where there may be several senders. */
  sender: string | undefined;
  /** Number of messages; undefined where the name lacks it. */
  messages: number | undefined;
}

interface UnreadFile extends UnreadName {
  /** Bytes. */
  size: number;
  /** When it was written or its time was extended, in milliseconds since 1970. */
  modified: number;
}

/** A file's messages. */
export interface UnreadBatch {
  batch: Batch;
  /** Whether it may be a complete response with opened messages, as earlier versions kept it. */
  isWhole: boolean;
}

/** A summary of the unread messages. */
export interface UnreadSummary {
  files: number;
  bytes: number;
  /** Number of messages, by the files' names. */
  messages: number;
  /** Senders, by the files' names. */
  senders: ClientId[];
}

/** The result of keeping messages that couldn't be opened. */
export interface Kept {
  /** Path of the file with the damaged end of the response, or all of it. */
  rest: string | undefined;
  /** Number of messages that were removed to make room, earlier ones included. */
  dropped: number;
}

/** The messages in a client's folder that couldn't be opened yet. */
export class UnreadMessages {
  readonly #dir: string;
  #isTidy = false;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * The files that may hold messages of these senders, the oldest first. Skips
   * unreadable files.
   *
   * @throws {FolderError} where the folder can't be read
   */
  async *of(
    senders: readonly ClientId[],
  ): AsyncGenerator<UnreadBatch, void, void> {
    const wanted = new Set(senders.map((sender) => encodeHex(sender)));
    for (const { path, sender } of await this.#explained(() => this.#names())) {
      if (sender !== undefined && !wanted.has(sender)) continue;
      const size = await readableSize(path).catch(() => undefined);
      if (size === undefined) continue;
      const batch = new Batch(new FileContent(path, 0, size), path);
      yield { batch, isWhole: sender === undefined };
    }
  }

  /**
   * Counts the unread messages without opening a file.
   *
   * @throws {FolderError} where the folder can't be read
   */
  async summary(): Promise<UnreadSummary> {
    const files = await this.#explained(() => this.#files());
    const senders = new Set(files.flatMap(({ sender }) => sender ?? []));
    return {
      files: files.length,
      bytes: sum(files.map(({ size }) => size)),
      messages: sum(files.map(({ messages }) => messages ?? 0)),
      senders: [...senders].map((hex) => decodeHex(hex) as ClientId),
    };
  }

  /**
   * Keeps the messages of a batch that couldn't be opened, in files that replace
   * the batch's file. Where there is no room for that, the batch's file is kept
   * under another name.
   *
   * @param unread positions of the messages that couldn't be opened
   * @throws {FolderError} where the messages can't be kept
   */
  async keep(batch: Batch, unread: ReadonlySet<number>): Promise<Kept> {
    const name = RESPONSE.exec(batch.path ?? "")?.[1] ??
      `${Date.now()}.000000.${crypto.randomUUID()}`;
    const base = `${this.#dir}/${UNREAD}${name}`;
    const drafts = new Drafts(base);
    let [rest, dropped]: [string | undefined, number] = [undefined, 0];
    try {
      dropped = await drafts.copy(batch, unread);
      const paths = await drafts.finish();
      await syncFolder(this.#dir);
      if (batch.path !== undefined && !paths.includes(batch.path)) {
        await removeIfThere(batch.path);
      }
      if (paths.includes(base)) rest = base;
    } catch (cause) {
      await drafts.discard();
      await this.#moveWhole(batch, base, cause);
      rest = base;
    }
    dropped += await this.#explained(() => this.#makeRoom());
    return { rest, dropped };
  }

  /**
   * Removes a sender's messages.
   *
   * @throws {FolderError} where the folder can't be read or written
   */
  async remove(of: ClientId): Promise<void> {
    await this.#explained(async () => {
      for (const { path, sender } of await this.#names()) {
        if (sender === encodeHex(of)) await removeIfThere(path);
      }
    });
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw new FolderError(
        `What couldn't be decrypted (${this.#dir}/${UNREAD}*) can't be looked after: ${
          reasonOf(cause)
        }`,
        `See that ${this.#dir} can be read and written`,
        { cause },
      );
    }
  }

  async #moveWhole(batch: Batch, to: string, cause: unknown): Promise<void> {
    try {
      if (batch.path === undefined) throw cause;
      if (!batch.path.startsWith(to)) await move(batch.path, to);
    } catch {
      throw new FolderError(
        `What couldn't be decrypted can't be kept: ${reasonOf(cause)}`,
        `See that ${this.#dir} can be written and has room`,
        { cause },
      );
    }
  }

  /**
   * Removes expired files on the first call. The time of an expired file is
   * extended once, since the clock may have been wrong when it was written, or be
   * wrong now.
   *
   * @returns the number of removed files
   * @throws {FolderError} where the folder can't be read or written
   */
  async tidy(): Promise<number> {
    if (this.#isTidy) return 0;
    this.#isTidy = true;
    return await this.#explained(() => this.#tidy());
  }

  async #tidy(): Promise<number> {
    for await (const { name } of Deno.readDir(this.#dir)) {
      // Left by a killed client; the response's own file still exists.
      const isDraft = name.startsWith(UNREAD) && name.endsWith(DRAFT);
      if (isDraft) await removeIfThere(`${this.#dir}/${name}`);
    }
    let removed = 0;
    const now = Date.now();
    for (const { path, time, modified } of await this.#files()) {
      if (now - modified <= MOST_AGE) continue;
      if (modified - time > MOST_AGE) {
        await removeIfThere(path);
        removed++;
      } else await Deno.utime(path, new Date(now), new Date(now));
    }
    return removed;
  }

  /** Removes files of the largest senders; returns the number of removed messages. */
  async #makeRoom(): Promise<number> {
    let files = await this.#files();
    let dropped = 0;
    while (sum(files.map(weightOf)) > MOST_KEPT) {
      const victim = oldestOfLargest(files);
      if (victim === undefined) break;
      await removeIfThere(victim.path);
      files = files.filter((file) => file !== victim);
      dropped += victim.messages ?? 1;
    }
    return dropped;
  }

  async #files(): Promise<UnreadFile[]> {
    const files: UnreadFile[] = [];
    for (const file of await this.#names()) {
      const info = await Deno.stat(file.path).catch(() => undefined);
      if (info === undefined) continue;
      const modified = info.mtime?.getTime() ?? file.time;
      files.push({ ...file, size: info.size, modified });
    }
    return files;
  }

  /** The files, the oldest first. */
  async #names(): Promise<UnreadName[]> {
    const found: UnreadName[] = [];
    for await (const { name, isFile } of Deno.readDir(this.#dir)) {
      if (!isFile) continue;
      const match = NAME.exec(name);
      if (match === null) continue;
      const [, time, sender, messages] = match;
      found.push({
        path: `${this.#dir}/${name}`,
        time: Number(time),
        sender,
        messages: messages === undefined ? undefined : Number(messages),
      });
    }
    return found.sort((a, b) => a.path < b.path ? -1 : 1);
  }
}

/** The oldest file of the sender with the most bytes. */
function oldestOfLargest(
  files: readonly UnreadFile[],
): UnreadFile | undefined {
  const weights = new Map<string | undefined, number>();
  for (const file of files) {
    const before = weights.get(file.sender) ?? 0;
    weights.set(file.sender, before + weightOf(file));
  }
  const most = Math.max(...weights.values());
  return files.find(({ sender }) => weights.get(sender) === most);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
