/** The signals that stop a relay in good order, as far as the system has them. */
export const stopSignals: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** The signal on which a launcher puts a new relay in the old one's place, where the system has one. */
export const replaceSignal: Deno.Signal | undefined =
  Deno.build.os === "windows" ? undefined : "SIGUSR2";
