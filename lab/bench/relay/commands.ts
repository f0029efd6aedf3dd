/**
 * What the processes of a bench have in common: each takes commands on its
 * standard input, one line each, a word and maybe an argument in JSON, and
 * answers each with one line of JSON.
 *
 * @module
 */

import process from "node:process";
import { reasonOf } from "../../../shared/cli/reason.ts";
import { lines } from "../../../shared/cli/lines.ts";

/** What a process can be asked for, by word. */
export type Commands = Readonly<
  Record<string, (argument: unknown) => unknown>
>;

/** What a process has used so far. */
export interface Usage {
  /** Resident memory in bytes. */
  rss: number;
  /** Time on the processors in milliseconds, of all threads. */
  cpu: number;
}

/** What this process has used so far. */
export function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { rss: Deno.memoryUsage().rss, cpu: (user + system) / 1000 };
}

/**
 * Answers commands until the end of the input. What a command throws is
 * answered as `{"error": …}`.
 */
export async function serveCommands(commands: Commands): Promise<void> {
  for await (const line of lines(Deno.stdin.readable)) {
    console.log(JSON.stringify(await answer(commands, line)));
  }
}

async function answer(commands: Commands, line: string): Promise<unknown> {
  const [word = "", ...rest] = line.split(" ");
  try {
    const command = commands[word];
    if (command === undefined) {
      const known = Object.keys(commands).join(", ");
      throw new RangeError(`Expected one of ${known}, got "${word}"`);
    }
    const argument = rest.join(" ");
    const parsed: unknown = argument === "" ? undefined : JSON.parse(argument);
    return await command(parsed) ?? null;
  } catch (error) {
    return { error: reasonOf(error) };
  }
}
