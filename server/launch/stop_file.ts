import { basename, dirname } from "node:path";
import { UsageError } from "../../shared/cli/program.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { statIfThere } from "../../shared/folder/durable_files.ts";

/** Waits for the file of `--stop-with-file`. */
export interface StopFile extends Disposable {
  /** Resolves once the file is there. */
  appears: Promise<void>;
}

/**
 * Watches the folder of a file that isn't there yet. The watch outlives the
 * permission to read.
 *
 * @throws {UsageError} if the file exists, or its folder can't be watched
 */
export function watchStopFile(path: string): StopFile {
  let watcher: Deno.FsWatcher;
  let exists: boolean;
  try {
    watcher = Deno.watchFs(dirname(path), { recursive: false });
    exists = statIfThere(path) !== undefined;
  } catch (error) {
    throw new UsageError(
      `--stop-with-file ${path}: ${
        reasonOf(error)
      }: name a file in a folder that is there and can be read`,
      { cause: error },
    );
  }
  if (exists) {
    watcher.close();
    throw new UsageError(
      `--stop-with-file ${path}: it is there already: remove it to start`,
    );
  }
  return {
    appears: firstEvent(watcher, basename(path)),
    [Symbol.dispose]: () => watcher.close(),
  };
}

/** Resolves at the first event of a file; never once the watcher is closed. */
async function firstEvent(
  watcher: Deno.FsWatcher,
  name: string,
): Promise<void> {
  for await (const { paths } of watcher) {
    if (paths.some((path) => basename(path) === name)) return;
  }
  await new Promise(() => {});
}
