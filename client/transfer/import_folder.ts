import { reasonOf } from "../../shared/reason.ts";
import { FolderError, UserError } from "../errors.ts";
import { FolderLock } from "../store/folder_lock.ts";
import { READY } from "./decided_import.ts";

/**
 * Makes the folder that something is imported into, and keeps other imports
 * away: another one would take the draft of this one for left over.
 *
 * @throws {UserError} where another import is under way
 * @throws {FolderError} where the folder can't be made
 */
export async function takeFolder(dir: string): Promise<Disposable> {
  try {
    await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new FolderError(`${dir} can't be made: ${reasonOf(cause)}`);
  }
  const path = `${dir}/${READY}.lock`;
  const lock = FolderLock.tryTake(path);
  if (lock === undefined) {
    throw new UserError(
      `Another import into ${dir} is under way`,
      "Wait for it, or end it",
    );
  }
  return {
    [Symbol.dispose]() {
      try {
        // Nobody else has it as long as this one does.
        Deno.removeSync(path);
      } catch {
        // Left behind it harms nobody, and the import is done all the same.
      }
      lock[Symbol.dispose]();
    },
  };
}
