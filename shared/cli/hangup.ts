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
