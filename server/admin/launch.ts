/**
 * Starts the admin program with the least permissions for its command line: the
 * folders of the store and of a backup, or the address of a database.
 *
 * @module
 */

import { dirname } from "node:path";
import { runProgram, withHelp } from "../../shared/cli/program.ts";
import { permissionFlags } from "../launch/permission_flags.ts";
import { stopSignals } from "../../shared/cli/stopping.ts";
import { type Platform, thisPlatform } from "../../shared/platform/platform.ts";
import { HELP, readAdminOptions } from "./options.ts";

/**
 * The runtime's flags for the admin program with these arguments.
 *
 * @throws {UsageError} if the arguments are invalid
 */
export async function adminPermissions(
  args: readonly string[],
): Promise<string[]> {
  const options = await readAdminOptions(args);
  const folders = options.file === "" ? [] : [dirname(options.file)];
  // Measures the room for a copy.
  return await permissionFlags(options.store, { folders, sys: "statfs" });
}

/** Runs the program, and forwards signals to it. */
async function launch(
  args: readonly string[],
  platform: Platform = thisPlatform,
): Promise<number> {
  const { href } = new URL("./main.ts", import.meta.url);
  const program = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      // Leaves out what the runtime fetches.
      "--quiet",
      "--no-prompt",
      ...await adminPermissions(args),
      href,
      ...args,
    ],
  }).spawn();
  // A signal to this process alone must stop the program too. Where programs
  // send none, the console asks both.
  for (const signal of stopSignals(platform)) {
    Deno.addSignalListener(signal, () => {
      if (platform.signalsPrograms) sendSignal(program, signal);
    });
  }
  return (await program.status).code;
}

/** Sends a program a signal; does nothing if it has ended. */
function sendSignal(program: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    program.kill(signal);
  } catch {
    // It has ended.
  }
}

if (import.meta.main) {
  await runProgram(withHelp(HELP, (args) => launch(args)));
}
