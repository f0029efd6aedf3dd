/**
 * The last steps of an import. The next client in the folder does those that are
 * left. The identity's name decides: a registration creates it in the same way,
 * so one of the two gets it.
 *
 * @module
 */

import { basename, dirname } from "node:path";
import { findFile, infoFiles } from "../../shared/folder/info_files.ts";
import { moveNew, syncFolder } from "../../shared/folder/durable_files.ts";
import { FolderError } from "../errors.ts";
import { STORE_FOLDER } from "../store/database.ts";
import { isDecided, READY } from "../store/folder.ts";

/** The identity, in the folder and within what is ready. */
export const IDENTITY: string = infoFiles.me[0];

/**
 * Finishes a decided import, where there is one.
 *
 * @throws {FolderError} where another identity has taken the folder; the import
 * is set aside then
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
  await unlessDone(() => Deno.remove(ready, { recursive: true }));
}

/** Whether the identity in the folder is the imported one. */
async function takeIdentity(from: string, to: string): Promise<boolean> {
  try {
    await unlessDone(() => moveNew(from, to));
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  let isOurs = true;
  await unlessDone(async () => {
    const [wanted, found] = [
      await Deno.readTextFile(from),
      await Deno.readTextFile(to),
    ];
    // Without links an empty file has taken the name.
    if (found === "") await Deno.rename(from, to);
    else isOurs = found === wanted;
  });
  return isOurs;
}

/** Whether the store in the folder is the imported one. */
async function takeStore(from: string, to: string): Promise<boolean> {
  try {
    await unlessDone(() => Deno.rename(from, to));
    return true;
  } catch (error) {
    if (await findFile(dirname(to), [basename(to)]) === undefined) throw error;
    return false;
  }
}

async function giveUp(dir: string, name: string): Promise<never> {
  const aside = `${dir}/${READY}.${crypto.randomUUID()}.aside`;
  await Deno.rename(`${dir}/${READY}`, aside);
  throw new FolderError(
    `The import wasn't finished: somebody else's ${dir}/${name} is there now, and was left alone`,
    `Import into another folder with --dir, and remove ${aside}: a private key is in it`,
  );
}

/** Another client may have been faster with this step, or an earlier one was killed behind it. */
async function unlessDone(step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
