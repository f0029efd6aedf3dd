/**
 * What stops a program in good order: signals and the end of standard input.
 *
 * @module
 */

/**
 * Whether SIGHUP was ignored when this program was started, as `nohup` has it:
 * a listener for the signal would undo that. The runtime can't tell, so another
 * program is started, which inherits it, and gets the signal at once.
 *
 * @returns false also where no program may be started
 */
export async function isHangupIgnored(): Promise<boolean> {
  if (Deno.build.os === "windows") return false;
  const program = [Deno.execPath(), "sh"].find((command) =>
    Deno.permissions.querySync({ name: "run", command }).state === "granted"
  );
  if (program === undefined) return false;
  const child = new Deno.Command(program, {
    // Both wait for what they are to run.
    args: program === "sh" ? ["-s"] : ["run", "-"],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  child.kill("SIGHUP");
  await child.stdin.close().catch(() => {});
  return (await child.status).signal !== "SIGHUP";
}

/** Exit codes of the signals that end a program in good order: 128 and the signal's number. */
export const stopCodes: Readonly<Partial<Record<Deno.Signal, number>>> =
  Deno.build.os === "windows"
    ? { SIGINT: 130 }
    : { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** The signals that stop a relay in good order, as far as the system has them. */
export const stopSignals: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Calls back for each of them that comes. SIGHUP then does nothing, where it
 * isn't to stop this process.
 */
export function onStopSignal(
  stop: (signal: Deno.Signal) => void,
  stopsOnHangup: boolean,
): void {
  for (const signal of stopSignals) {
    const listens = stopsOnHangup || signal !== "SIGHUP";
    Deno.addSignalListener(signal, () => listens && stop(signal));
  }
}

/** The signal on which a launcher puts a new relay in the old one's place, where the system has one. */
export const replaceSignal: Deno.Signal | undefined =
  Deno.build.os === "windows" ? undefined : "SIGUSR2";

/**
 * Resolves once standard input has ended, whatever it held. The other end of a
 * pipe is closed when the program that holds it ends, also by SIGKILL.
 */
export async function inputEnds(): Promise<void> {
  const buffer = new Uint8Array(256);
  try {
    while (await Deno.stdin.read(buffer) !== null) continue;
  } catch {
    // What can't be read brings nothing more.
  }
}
