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
