/**
 * The programs as commands: scripts that start them from any folder, with the
 * permissions of their tasks.
 *
 * `deno install -g` would copy deno.json, so that a command kept the libraries
 * of an older clone, and would start the `deno` of PATH, which npx has none of
 * and which the relay's permission to start itself doesn't cover.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import config from "../../deno.json" with { type: "json" };
import { statIfThere } from "../../shared/folder/durable_files.ts";

/** The clone. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** The commands, and the task that each one stands for. */
export const commands = {
  "messageu": "client",
  "messageu-relay": "server",
  "messageu-admin": "admin",
} as const satisfies Record<string, keyof typeof config.tasks>;

/** A command's name. */
export type CommandName = keyof typeof commands;

/** In each script; tells it from another program's file of its name. */
export const MARK = 'Made by "deno task install".';
/** What stands for the runtime in a task. */
const RUNTIME = "$(deno eval -p 'Deno.execPath()')";

/** The modules that the commands load at some time. */
export function commandModules(): string[] {
  const entries = Object.keys(commands).map((name) =>
    taskOf(name as CommandName).entry
  );
  return [
    ...entries,
    // The launchers start these.
    ...entries.map((entry) => join(dirname(entry), "main.ts")),
    ...config.compile.include.map((path) => join(ROOT, path)),
  ].filter((path) => statIfThere(path)?.isFile === true);
}

/** The flags of a command's task, as the shell reads them, and its first module. */
function taskOf(name: CommandName): { flags: string; entry: string } {
  const { command } = config.tasks[commands[name]];
  const [, flags, entry] = /^deno run (.+) (\S+)$/.exec(command) ?? [];
  if (flags === undefined || entry === undefined) {
    throw new Error(`Expected "deno run FLAGS FILE", got "${command}"`);
  }
  return { flags, entry: join(ROOT, entry) };
}

/** The path of a command in a folder. */
export function commandPath(folder: string, name: CommandName): string {
  return join(folder, Deno.build.os === "windows" ? `${name}.cmd` : name);
}

/** The script of a command. */
export function commandScript(name: CommandName): string {
  const { flags, entry } = taskOf(name);
  const runtime = Deno.execPath();
  if (Deno.build.os === "windows") {
    const own = flags.replace(RUNTIME, runtime);
    return [
      "@rem " + MARK,
      `@"${runtime}" run --quiet ${own} "${entry}" %*`,
      "",
    ].join("\r\n");
  }
  return `#!/bin/sh
# ${MARK}
deno=${quoted(runtime)}
[ -x "$deno" ] || deno="${RUNTIME}" || exit
exec "$deno" run --quiet ${flags.replace(RUNTIME, "$deno")} \\
  ${quoted(entry)} "$@"
`;
}

/** Whether there is a file at the path that isn't a script of ours. */
export async function isForeign(path: string): Promise<boolean> {
  return statIfThere(path) !== undefined &&
    !(await Deno.readTextFile(path)).includes(MARK);
}

/** A word for the shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
