/** The exit code of what Ctrl-C ended. */
export const INTERRUPTED = 130;

/** Is aborted with the first Ctrl-C; a second one ends the program at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  const interrupt = () => {
    Deno.removeSignalListener("SIGINT", interrupt);
    controller.abort();
  };
  Deno.addSignalListener("SIGINT", interrupt);
  return controller.signal;
}
