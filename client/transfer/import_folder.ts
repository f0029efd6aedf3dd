import { makePrivateFolder } from "../../shared/folder/durable_files.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { FolderError, UserError } from "../errors.ts";
import { FolderLock, READY } from "../store/folder.ts";

/**
 * Makes the folder that gets an identity, by a registration or an import, and
 * keeps others from giving it one meanwhile.
 *
 * @param patience milliseconds to wait for another client that does
 * @throws {UserError} where one goes on for longer
 * @throws {FolderError} where the folder can't be made
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
    // The one that had it has removed the file.
    if (lock.isThereStill(path)) return removing(path, lock);
    lock[Symbol.dispose]();
  }
}

function removing(path: string, lock: FolderLock): Disposable {
  return {
    [Symbol.dispose]() {
      try {
        // No other client has it as long as this one does.
        Deno.removeSync(path);
      } catch {
        // Left behind it harms nobody, and the work is done all the same.
      }
      lock[Symbol.dispose]();
    },
  };
}
