import { reasonOf } from "../../shared/reason.ts";
import { FolderError } from "../errors.ts";

/** Milliseconds between two looks at a lock that somebody holds. */
const RETRY = 20;
/** Milliseconds after which a client that holds a lock is named as the problem. */
const PATIENCE = 120_000;

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
  static async tryTake(path: string): Promise<FolderLock | undefined> {
    try {
      const file = await Deno.open(path, {
        write: true,
        create: true,
        mode: 0o600,
      });
      if (await file.tryLock(true)) return new FolderLock(file);
      file.close();
      return undefined;
    } catch (cause) {
      throw new FolderError(
        `${path} can't be locked: ${reasonOf(cause)}`,
        "See that its folder can be written",
        { cause },
      );
    }
  }

  /**
   * Takes a lock, waiting for who holds it.
   *
   * @throws {FolderError} where somebody holds it for two minutes
   */
  static async take(path: string): Promise<FolderLock> {
    const end = performance.now() + PATIENCE;
    for (;;) {
      const lock = await FolderLock.tryTake(path);
      if (lock !== undefined) return lock;
      if (performance.now() > end) {
        throw new FolderError(
          `Another client holds ${path} and doesn't get on`,
          "Is one stopped or stuck? End it, and try again",
        );
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY));
    }
  }

  /** Lets the next one have it. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
