/**
 * Starts a program with given permissions, and forwards signals to it.
 *
 * @module
 */

import { stopSignals } from "../../shared/cli/stopping.ts";

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
