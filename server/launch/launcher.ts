/**
 * Starts a program with the permissions that its flags require, and forwards
 * signals to it.
 *
 * @module
 */

import { resolve } from "node:path";
import { UsageError } from "../../shared/cli/program.ts";
import { stopSignals } from "../../shared/cli/stopping.ts";

/**
 * The runtime's flags for access to folders.
 *
 * @param folders folders to read and write
 * @param read further folders and files, to read only
 * @throws {UsageError} if a path contains a comma
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
  // The runtime refuses an empty list.
  return [
    ...all.length > 0 ? [`--allow-read=${all}`] : [],
    ...written.length > 0 ? [`--allow-write=${written}`] : [],
  ];
}

/** Absolute paths of folders, and of their targets if they are links. */
async function withTheirTargets(folders: readonly string[]): Promise<string[]> {
  const targets = await Promise.all(
    // The relay reports a missing folder.
    folders.map((folder) => Deno.realPath(folder).catch(() => folder)),
  );
  return [
    ...new Set([...folders, ...targets].map((folder) => resolve(folder))),
  ];
}

/**
 * Runs a program with no other permissions than these.
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
  // A signal to this process alone must stop the program too.
  for (const signal of stopSignals) {
    Deno.addSignalListener(signal, () => sendSignal(program, signal));
  }
  return (await program.status).code;
}

/** Sends a program a signal; does nothing if it has ended. */
export function sendSignal(
  program: Deno.ChildProcess,
  signal: Deno.Signal,
): void {
  try {
    program.kill(signal);
  } catch {
    // It has ended.
  }
}
