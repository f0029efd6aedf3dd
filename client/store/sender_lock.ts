import { FolderLock } from "./folder_lock.ts";

/**
 * A client that sends, as the others in its folder see it: alive as long as it
 * holds its lock, which the system takes from it however it ends.
 */
export class SenderLock implements Disposable {
  /** What messages that it is sending are marked with. */
  readonly token: string = crypto.randomUUID();
  readonly #path: string;
  readonly #lock: FolderLock | undefined;

  /**
   * Begins to send.
   *
   * @throws {FolderError} where its lock can't be made
   */
  constructor(folder: string) {
    this.#path = lockOf(folder, this.token);
    this.#lock = FolderLock.tryTake(this.#path);
  }

  /** Sends no more. */
  [Symbol.dispose](): void {
    remove(this.#path);
    this.#lock?.[Symbol.dispose]();
  }

  /** Whether the client that marked a message is still at it. */
  static isAlive(folder: string, token: string): boolean {
    const path = lockOf(folder, token);
    try {
      Deno.lstatSync(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
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
    // Its folder may be gone, or somebody else has found it left over.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
