/**
 * Starts one of the programs with permissions that are known only once its
 * flags are read. It stays in between only to pass signals on.
 *
 * @module
 */

import { resolve } from "node:path";
import { UsageError } from "../../shared/cli/usage_error.ts";
import { stopSignals } from "../../shared/cli/stopping.ts";

/**
 * The runtime's flags for a program that reads and writes folders, and reads
 * others besides.
 *
 * @throws {UsageError} where one of them can't be named to the runtime
 */
export async function folderPermissions(
  folders: readonly string[],
  read: readonly string[] = [],
): Promise<string[]> {
  const written = await withTheirTargets(folders);
  const all = [...written, ...read];
  // The runtime splits its list of paths at commas.
  const split = all.find((folder) => folder.includes(","));
  if (split !== undefined) {
    throw new UsageError(`The path ${split} holds a comma: take another one`);
  }
  // An empty list would be none that the runtime takes.
  return [
    ...all.length > 0 ? [`--allow-read=${all}`] : [],
    ...written.length > 0 ? [`--allow-write=${written}`] : [],
  ];
}

/** Whole paths of folders, and where they lead to: both must be allowed. */
async function withTheirTargets(folders: readonly string[]): Promise<string[]> {
  const targets = await Promise.all(
    // One that isn't there is named by the relay.
    folders.map((folder) => Deno.realPath(folder).catch(() => folder)),
  );
  return [
    ...new Set([...folders, ...targets].map((folder) => resolve(folder))),
  ];
}

/**
 * Runs a program with these permissions, and no others.
 *
 * @returns its exit code
 */
export async function launch(
  module: URL,
  permissions: readonly string[],
  args: readonly string[],
): Promise<number> {
  const program = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...permissions, module.href, ...args],
  }).spawn();
  // A signal to us alone must stop the program too.
  for (const signal of stopSignals) {
    Deno.addSignalListener(signal, () => sendSignal(program, signal));
  }
  return (await program.status).code;
}

/** Sends a program a signal, which changes nothing where it has ended. */
export function sendSignal(
  program: Deno.ChildProcess,
  signal: Deno.Signal,
): void {
  try {
    program.kill(signal);
  } catch {
    // It has ended already.
  }
}
