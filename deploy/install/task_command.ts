/**
 * The programs as their tasks start them. `deno.json` alone lists their
 * permissions: commands and binaries take them from there.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };

/** What stands for the runtime's path in a task. */
export const RUNTIME = "$(deno eval -p 'Deno.execPath()')";

/** How a task starts a program. */
export interface TaskCommand {
  /** The runtime's flags as the task's shell reads them, quotes included. */
  readonly flags: readonly string[];
  /** The path of the first module in the clone. */
  readonly entry: string;
  /** The program's arguments. */
  readonly args: readonly string[];
}

/** Splits `deno run FLAGS FILE ARGS`. @throws {Error} if the task is another command */
export function taskCommand(task: keyof typeof config.tasks): TaskCommand {
  const { command } = config.tasks[task];
  const [deno, run, ...words] = command.match(/(?:"[^"]*"|[^\s"])+/g) ?? [];
  const at = words.findIndex((word) => word.endsWith(".ts"));
  const entry = words[at];
  if (deno !== "deno" || run !== "run" || entry === undefined) {
    throw new Error(`Expected "deno run FLAGS FILE", got "${command}"`);
  }
  return { flags: words.slice(0, at), entry, args: words.slice(at + 1) };
}
