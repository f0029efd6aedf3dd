/** Commands for `--exec` that every system's shell runs. */

/**
 * A command that runs code in the runtime.
 *
 * @param code has no double quotes, and nothing that a shell replaces in them
 */
export const execCommand = (code: string): string =>
  `"${Deno.execPath()}" eval "${code}"`;

/** Code for the text of standard input. */
export const INPUT = "await new Response(Deno.stdin.readable).text()";

/** A command that prints the message. */
export const PRINTING: string = execCommand(
  "await Deno.stdin.readable.pipeTo(Deno.stdout.writable)",
);
