/**
 * What stops a program in good order: signals and the end of standard input.
 *
 * @module
 */

/**
 * Whether SIGHUP was ignored when this program started, as with `nohup`. A
 * listener for the signal would undo that. The runtime can't tell, so this
 * starts a child, which inherits the setting, and sends it SIGHUP.
 *
 * @returns false if no program may be started
 */
export async function isHangupIgnored(): Promise<boolean> {
  if (Deno.build.os === "windows") return false;
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

/** Exit codes of the signals that end a program in good order: 128 plus the signal's number. */
export const stopCodes: Readonly<Partial<Record<Deno.Signal, number>>> =
  Deno.build.os === "windows"
    ? { SIGINT: 130 }
    : { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** The signals on which a relay stops in good order, by system. */
export const stopSignals: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Calls `stop` for each of {@linkcode stopSignals}.
 *
 * @param stopsOnHangup whether SIGHUP stops this process; it is ignored otherwise
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

/** The signal on which a launcher replaces its relay; undefined on Windows. */
export const replaceSignal: Deno.Signal | undefined =
  Deno.build.os === "windows" ? undefined : "SIGUSR2";

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
