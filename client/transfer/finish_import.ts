/**
 * The last steps of an import. After an interruption, the next client in the
 * folder completes them. An import and a registration create the identity's file
 * in the same way, so only one of them succeeds.
 *
 * @module
 */

import { basename, dirname } from "node:path";
import { findFile, infoFiles } from "../../shared/folder/info_files.ts";
import {
  move,
  moveNew,
  removeIfThere,
  syncFolder,
} from "../../shared/folder/durable_files.ts";
import { FolderError } from "../errors.ts";
import { STORE_FOLDER } from "../store/database.ts";
import { isDecided, READY } from "../store/folder.ts";
import { hasCode } from "../../shared/platform/system_error.ts";

/** The name of the identity's file, in the folder and in a prepared import. */
export const IDENTITY: string = infoFiles.me[0];

/**
 * Completes a decided import, if any.
 *
 * @throws {FolderError} where the folder has another identity or store; the
 * import is set aside then
 */
export async function finishImport(dir: string): Promise<void> {
  if (!isDecided(dir)) return;
  const ready = `${dir}/${READY}`;
  if (!await takeIdentity(`${ready}/${IDENTITY}`, `${dir}/${IDENTITY}`)) {
    return await giveUp(dir, IDENTITY);
  }
  if (!await takeStore(`${ready}/${STORE_FOLDER}`, `${dir}/${STORE_FOLDER}`)) {
    return await giveUp(dir, STORE_FOLDER);
  }
  await syncFolder(dir);
  await removeIfThere(ready);
}

/** Moves the identity into the folder; returns false where another one is there. */
async function takeIdentity(from: string, to: string): Promise<boolean> {
  try {
    await unlessDone(() => moveNew(from, to));
    return true;
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
  let isOurs = true;
  await unlessDone(async () => {
    const [wanted, found] = [
      await Deno.readTextFile(from),
      await Deno.readTextFile(to),
    ];
    // On a file system without links, an empty file reserves the name.
    if (found === "") await move(from, to);
    else isOurs = found === wanted;
  });
  return isOurs;
}

/** Moves the store into the folder; returns false where another one is there. */
async function takeStore(from: string, to: string): Promise<boolean> {
  try {
    await unlessDone(() => move(from, to));
    return true;
  } catch (error) {
    if (await findFile(dirname(to), [basename(to)]) === undefined) throw error;
    return false;
  }
}

async function giveUp(dir: string, name: string): Promise<never> {
  const aside = `${dir}/${READY}.${crypto.randomUUID()}.aside`;
  await move(`${dir}/${READY}`, aside);
  throw new FolderError(
    `The import wasn't finished: another ${dir}/${name} is there now, and was left alone`,
    `Import into another folder with --dir, and remove ${aside}: a private key is in it`,
  );
}

/** Runs a step that another client may have completed. */
async function unlessDone(step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}
