import { openPrivateSync } from "../../shared/folder/durable_files.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { FolderError } from "../errors.ts";
import { inTime } from "../../shared/cli/in_time.ts";

/** Milliseconds between two looks at a lock that is held for moments only. */
const RETRY = 20;

/**
 * A lock among all clients in a folder: the system's own, on a file that stays,
 * so that it goes with the client that held it, however that ended.
 */
export class FolderLock implements Disposable {
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /**
   * Takes a lock at once.
   *
   * @returns undefined where another client holds it
   * @throws {FolderError} where its file can't be made
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
   * Takes a lock, waiting for who holds it.
   *
   * @param patience milliseconds to wait
   * @returns undefined where somebody holds it for longer
   */
  static async take(
    path: string,
    patience: number,
  ): Promise<FolderLock | undefined> {
    const lock = FolderLock.tryTake(path);
    if (lock !== undefined) return lock;
    const file = FolderLock.#open(path);
    // The system wakes who waits; looking again and again would starve among
    // clients that take it often.
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

  /** The same without letting anything else happen meanwhile: for what takes no time. */
  static takeNow(path: string, patience: number): FolderLock | undefined {
    const end = performance.now() + patience;
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    for (;;) {
      const lock = FolderLock.tryTake(path);
      if (lock !== undefined || performance.now() > end) return lock;
      Atomics.wait(sleeper, 0, 0, RETRY);
    }
  }

  /** Whether its file is still there: one that is removed locks nobody out. */
  isThereStill(path: string): boolean {
    try {
      return Deno.statSync(path).ino === this.#file.statSync().ino;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
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

  /** Lets the next one have it. */
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
