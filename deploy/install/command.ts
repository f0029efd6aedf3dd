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
import {
  type Platform,
  platforms,
  thisPlatform,
} from "../../shared/platform/platform.ts";
import { RUNTIME, type TaskCommand, taskCommand } from "./task_command.ts";

const { quote } = platforms.linux;

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

/** The modules that the commands load at some time. */
export function commandModules(): string[] {
  const entries = Object.values(commands).map((task) =>
    join(ROOT, taskCommand(task).entry)
  );
  return [
    ...entries,
    // The launchers start these.
    ...entries.map((entry) => join(dirname(entry), "main.ts")),
    ...config.compile.include.map((path) => join(ROOT, path)),
  ].filter((path) => statIfThere(path)?.isFile === true);
}

/** The path of a command in a folder. */
export function commandPath(
  folder: string,
  name: CommandName,
  platform: Platform = thisPlatform,
): string {
  return join(folder, `${name}${platform.scriptExtension}`);
}

/**
 * The script of a command.
 *
 * @throws {Error} if a batch file can't hold the runtime's path
 */
export function commandScript(
  name: CommandName,
  platform: Platform = thisPlatform,
  runtime: string = Deno.execPath(),
): string {
  const command = taskCommand(commands[name]);
  return platform.scriptExtension === ".cmd"
    ? batchFile(command, runtime)
    : shellScript(command, runtime);
}

function shellScript({ flags, entry }: TaskCommand, runtime: string): string {
  return `#!/bin/sh
# ${MARK}
deno=${quote(runtime)}
[ -x "$deno" ] || deno="${RUNTIME}" || exit
exec "$deno" run --quiet ${flags.join(" ").replace(RUNTIME, "$deno")} \\
  ${quote(join(ROOT, entry))} "$@"
`;
}

function batchFile({ flags, entry }: TaskCommand, runtime: string): string {
  const deno = inBatchFile(runtime);
  // The command prompt reads a batch file in the system's own encoding; a URL
  // is ASCII.
  const { href } = new URL(`../../${entry}`, import.meta.url);
  const own = flags.join(" ").replace(RUNTIME, () => deno);
  return [
    `@rem ${MARK}`,
    `@"${deno}" run --quiet ${own} "${href.replaceAll("%", "%%")}" %*`,
    "",
  ].join("\r\n");
}

/** A path in a batch file; the user's profile, whose name may be in any script, by its variable. */
function inBatchFile(path: string): string {
  const { homeVariable } = platforms.windows;
  const home = Deno.env.get(homeVariable);
  const isAtHome = home !== undefined && path.startsWith(`${home}\\`);
  const rest = isAtHome ? path.slice(home.length) : path;
  // deno-lint-ignore no-control-regex -- ASCII begins with controls
  if (/[^\x00-\x7f]/.test(rest)) {
    throw new Error(
      `A batch file can't name ${path}: move Deno to a folder with a name of ASCII characters`,
    );
  }
  return `${isAtHome ? `%${homeVariable}%` : ""}${rest.replaceAll("%", "%%")}`;
}

/** Whether there is a file at the path that isn't a script of ours. */
export async function isForeign(path: string): Promise<boolean> {
  return statIfThere(path) !== undefined &&
    !(await Deno.readTextFile(path)).includes(MARK);
}
