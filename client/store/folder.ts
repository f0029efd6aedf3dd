/**
 * The client's folder: names of files, and locks among all clients that use it.
 *
 * @module
 */

import { reasonOf } from "../../shared/cli/reason.ts";
import { inTime } from "../../shared/cli/time.ts";
import {
  makePrivateFolder,
  move,
  openPrivateSync,
  removeIfThere,
  syncFolder,
  writeNewFile,
} from "../../shared/folder/durable_files.ts";
import { FolderError, UserError } from "../errors.ts";
import { basename, dirname } from "node:path";
import { hasCode } from "../../shared/platform/system_error.ts";

/** The folder of a decided import, within the client's folder. */
export const READY = "info.import";

/** Describes a consumer's name, for error messages. */
export const CONSUMER_NAME =
  "1 to 64 letters, digits, dots, dashes and underscores";

/** Milliseconds between two attempts to take a lock that is held briefly. */
const RETRY = 20;

/** Whether a text is a valid consumer's name, and so part of a file's name on all systems. */
export function isConsumerName(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(text);
}

/** Whether a file or folder exists; false where that can't be determined. */
export function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    // Opening it reports the reason.
    return false;
  }
}

/** The file of a secure account's identity key, within the client's folder. */
export const IDENTITY_KEY = "identity.key";

/** An empty file that marks the store of a secure account, should its key be moved away. */
const SECURE_MARK = "info.store/secure";

/** Whether a folder's account is a secure one, or is about to become one. */
export function isSecureFolder(dir: string): boolean {
  return isThere(`${dir}/${IDENTITY_KEY}`) || isThere(`${dir}/${SECURE_MARK}`);
}

/** Marks the folder's account as a secure one. The store must be there. */
export async function markSecure(dir: string): Promise<void> {
  const path = `${dir}/${SECURE_MARK}`;
  openPrivateSync(path).close();
  await syncFolder(dirname(path));
}

/** Removes the mark of a secure account. */
export async function unmarkSecure(dir: string): Promise<void> {
  await removeIfThere(`${dir}/${SECURE_MARK}`);
}

/** Whether a decided import isn't complete yet. */
export function isDecided(dir: string): boolean {
  return isThere(`${dir}/${READY}`);
}

/**
 * A lock among all clients in a folder. It is a system lock on a permanent file,
 * so it ends with the process that holds it.
 */
export class FolderLock implements Disposable {
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /**
   * Takes a lock without waiting.
   *
   * @returns undefined where another client holds it
   * @throws {FolderError} where its file can't be created
   */
  static tryTake(path: string): FolderLock | undefined {
    const file = FolderLock.#open(path);
    try {
      if (file.tryLockSync(true)) return new FolderLock(file);
      file.close();
      return undefined;
    } catch (cause) {
      file.close();
      throw cannotLock(path, cause);
    }
  }

  /**
   * Takes a lock, and waits while another client holds it.
   *
   * @param patience milliseconds to wait
   * @returns undefined where the wait takes longer
   */
  static async take(
    path: string,
    patience: number,
  ): Promise<FolderLock | undefined> {
    const lock = FolderLock.tryTake(path);
    if (lock !== undefined) return lock;
    const file = FolderLock.#open(path);
    // Waits in the system, since polling could starve among clients that take
    // the lock often.
    const locking = file.lock(true).then(() => true);
    try {
      if (await inTime(locking, patience, false)) return new FolderLock(file);
      locking.then(() => file.close(), () => file.close());
      return undefined;
    } catch (cause) {
      file.close();
      throw cannotLock(path, cause);
    }
  }

  /** Takes a lock that is held briefly, and blocks the thread for up to `patience` ms. */
  static takeNow(path: string, patience: number): FolderLock | undefined {
    const end = performance.now() + patience;
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    for (;;) {
      const lock = FolderLock.tryTake(path);
      if (lock !== undefined || performance.now() > end) return lock;
      Atomics.wait(sleeper, 0, 0, RETRY);
    }
  }

  /** Whether the lock's file still exists; a removed file doesn't exclude other clients. */
  isThereStill(path: string): boolean {
    try {
      return Deno.statSync(path).ino === this.#file.statSync().ino;
    } catch (error) {
      if (hasCode(error, "ENOENT")) return false;
      throw cannotLock(path, error);
    }
  }

  static #open(path: string): Deno.FsFile {
    try {
      return openPrivateSync(path);
    } catch (cause) {
      throw cannotLock(path, cause);
    }
  }

  /** Releases the lock. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function cannotLock(path: string, cause: unknown): FolderError {
  return new FolderError(
    `${path} can't be locked: ${reasonOf(cause)}`,
    "See that its folder can be written",
    { cause },
  );
}

/**
 * Shows other clients in the folder that a client is sending. The client counts
 * as alive while it holds the lock, which the system releases when it ends.
 */
export class SenderLock implements Disposable {
  /** The token that marks messages while this client sends them. */
  readonly token: string = crypto.randomUUID();
  readonly #path: string;
  readonly #lock: FolderLock | undefined;

  /** @throws {FolderError} where the lock's file can't be created */
  constructor(folder: string) {
    this.#path = lockOf(folder, this.token);
    this.#lock = FolderLock.tryTake(this.#path);
  }

  /** Removes the lock's file and releases the lock. */
  [Symbol.dispose](): void {
    remove(this.#path);
    this.#lock?.[Symbol.dispose]();
  }

  /** Whether the client with this token is still running. */
  static isAlive(folder: string, token: string): boolean {
    const path = lockOf(folder, token);
    try {
      Deno.lstatSync(path);
    } catch (error) {
      if (hasCode(error, "ENOENT")) return false;
      throw error;
    }
    using lock = FolderLock.tryTake(path);
    if (lock === undefined) return true;
    remove(path);
    return false;
  }
}

function lockOf(folder: string, token: string): string {
  return `${folder}/sender.${token}.lock`;
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    // The folder may be gone, or another client has removed the file.
    if (!hasCode(error, "ENOENT")) throw error;
  }
}

/** Suffix of a draft's name. */
const ENDING = /^\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.part$/;

/** Whether `name` is that of a draft of the file or folder `stem`. */
export function isDraftOf(stem: string, name: string): boolean {
  return name.startsWith(stem) && ENDING.test(name.slice(stem.length));
}

/** A new path for a draft of a file or folder. */
export function draftOf(path: string): string {
  return `${path}.${crypto.randomUUID()}.part`;
}

/** Removes the drafts that killed clients have left; they may hold private keys. */
export async function removeDraftsOf(path: string): Promise<void> {
  const folder = dirname(path);
  const stem = basename(path);
  for await (const { name } of Deno.readDir(folder)) {
    if (!isDraftOf(stem, name)) continue;
    await removeIfThere(`${folder}/${name}`);
  }
}

/**
 * Replaces a file, or creates it with mode 0600, atomically.
 *
 * @throws {Error} where it can't be written; the file is unchanged then
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const draft = draftOf(path);
  try {
    await removeDraftsOf(path);
    await writeNewFile(draft, new TextEncoder().encode(text));
    await move(draft, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await removeIfThere(draft);
    throw error;
  }
}

/**
 * Creates the folder for an identity, for a registration or an import, and locks
 * it against other clients.
 *
 * @param patience milliseconds to wait for another client
 * @throws {UserError} where the wait takes longer
 * @throws {FolderError} where the folder can't be created
 */
export async function takeFolder(
  dir: string,
  patience = 0,
): Promise<Disposable> {
  try {
    await makePrivateFolder(dir);
  } catch (cause) {
    throw new FolderError(`${dir} can't be made: ${reasonOf(cause)}`);
  }
  const path = `${dir}/${READY}.lock`;
  for (;;) {
    const lock = patience === 0
      ? FolderLock.tryTake(path)
      : await FolderLock.take(path, patience);
    if (lock === undefined) {
      throw new UserError(
        `Another import into ${dir}, or a registration, is under way`,
        "Wait for it, or end it",
      );
    }
    // Otherwise the client that held the lock has removed its file.
    if (lock.isThereStill(path)) return removing(path, lock);
    lock[Symbol.dispose]();
  }
}

function removing(path: string, lock: FolderLock): Disposable {
  return {
    [Symbol.dispose]() {
      try {
        Deno.removeSync(path);
      } catch {
        // A file that stays is harmless.
      }
      lock[Symbol.dispose]();
    },
  };
}

/** A new file that the user has named can't be written. */
export function cannotWrite(path: string, cause: unknown): UserError {
  if (hasCode(cause, "EEXIST")) return nameTaken(path, { cause });
  return new UserError(
    `${path} can't be written: ${reasonOf(cause)}`,
    "See that its folder is there and has room",
    { cause },
  );
}

/** A file is there under the name that the user has given to a new one. */
export function nameTaken(path: string, options?: ErrorOptions): UserError {
  return new UserError(
    `${path} can't be written: it exists`,
    "Take another name: nothing is written over",
    options,
  );
}
