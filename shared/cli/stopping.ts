/**
 * What stops a program in good order: signals and the end of standard input.
 *
 * @module
 */

import { type Platform, thisPlatform } from "../platform/platform.ts";

/**
 * Whether SIGHUP was ignored when this program started, as with `nohup`. A
 * listener for the signal would undo that. The runtime can't tell, so this
 * starts a child, which inherits the setting, and sends it SIGHUP. Half a second
 * after its start the runtime itself listens for the signal: ask before.
 *
 * @returns false if no program may be started
 */
export async function isHangupIgnored(
  platform: Platform = thisPlatform,
): Promise<boolean> {
  if (platform.stopCodes.SIGHUP === undefined) return false;
  const program = [Deno.execPath(), "sh"].find((command) =>
    Deno.permissions.querySync({ name: "run", command }).state === "granted"
  );
  if (program === undefined) return false;
  const child = new Deno.Command(program, {
    // Both wait for input.
    args: program === "sh" ? ["-s"] : ["run", "-"],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  child.kill("SIGHUP");
  await child.stdin.close().catch(() => {});
  return (await child.status).signal !== "SIGHUP";
}

/** The signals that stop a program in good order. */
export function stopSignals(
  { stopCodes }: Platform = thisPlatform,
): Deno.Signal[] {
  return Object.keys(stopCodes) as Deno.Signal[];
}

/**
 * Calls `stop` for each of {@linkcode stopSignals}.
 *
 * @param stopsOnHangup whether SIGHUP stops this process; it is ignored otherwise
 */
export function onStopSignal(
  stop: (signal: Deno.Signal) => void,
  stopsOnHangup: boolean,
  platform: Platform = thisPlatform,
): void {
  for (const signal of stopSignals(platform)) {
    const listens = stopsOnHangup || signal !== "SIGHUP";
    Deno.addSignalListener(signal, () => listens && stop(signal));
  }
}

/**
 * Resolves once standard input has ended; ignores its content. A pipe ends
 * when the program at its other end does, by SIGKILL too.
 */
export async function inputEnds(): Promise<void> {
  const buffer = new Uint8Array(256);
  try {
    while (await Deno.stdin.read(buffer) !== null) continue;
  } catch {
    // An unreadable input counts as ended.
  }
}
