/**
 * Installs the programs of this clone as commands, with completion for the
 * user's shell, and removes them again.
 *
 * @module
 */

import { delimiter, dirname, join, relative, resolve } from "node:path";
import { completionScript } from "../../client/ui/cli/completion.ts";
import { readCommandLine } from "../../shared/cli/command_line.ts";
import {
  choiceFlag,
  flagsHelp,
  nonEmpty,
  switchFlag,
  valueFlag,
} from "../../shared/cli/flags.ts";
import { runProgram, withHelp } from "../../shared/cli/program.ts";
import {
  removeIfThere,
  statIfThere,
} from "../../shared/folder/durable_files.ts";
import {
  commandModules,
  type CommandName,
  commandPath,
  commands,
  commandScript,
  isForeign,
  MARK,
  ROOT,
} from "./command.ts";
import {
  type Environment,
  findShell,
  homeOf,
  type Shell,
  shells,
} from "./shell.ts";

/** The command that completion is for. */
const COMPLETED: CommandName = "messageu";

const flags = {
  root: valueFlag(
    "DIR",
    "where the folder bin with the commands goes\n(default: DENO_INSTALL_ROOT, or .deno in your own folder)",
    nonEmpty,
  ),
  shell: choiceFlag(
    undefined,
    "whose completion is set up: bash, zsh or fish, or\nwhich line is printed: powershell (default: yours)",
    shells.map(({ name }) => name),
  ),
  remove: switchFlag("remove the commands and the completion"),
  help: switchFlag("print this"),
  version: switchFlag("print the version"),
};

const HELP =
  `Installs this clone's programs as commands, again after each move of the clone.

Usage: deno task install [flags], deno task uninstall [--root DIR]

${flagsHelp(flags, 15)}`;

const environment: Environment = (name) => Deno.env.get(name) || undefined;

/** The commands and their paths in a folder. @throws {Error} if another program has such a path */
async function ownPaths(folder: string): Promise<[CommandName, string][]> {
  const paths = Object.keys(commands).map((name): [CommandName, string] => [
    name as CommandName,
    commandPath(folder, name as CommandName),
  ]);
  for (const [, path] of paths) {
    if (!await isForeign(path)) continue;
    throw new Error(
      `${path} is another program: remove it, or name another folder with --root`,
    );
  }
  return paths;
}

/** Fetches the libraries that the commands load, so that they start without a network. */
async function fetchLibraries(): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["cache", "--quiet", ...commandModules()],
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) {
    throw new Error("The libraries can't be fetched: nothing was installed");
  }
}

async function install(folder: string, shell: Shell | undefined) {
  const paths = await ownPaths(folder);
  await fetchLibraries();
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, path] of paths) {
    await Deno.writeTextFile(path, commandScript(name), { mode: 0o755 });
    console.log(`installed ${path}`);
  }
  const advice = shell?.completion === undefined
    ? []
    : await setUpCompletion(shell, shell.completion(environment, COMPLETED));
  if (!isInPath(folder)) advice.unshift(...pathAdvice(folder, shell));
  for (const line of advice) console.log(line);
}

/** Writes the completion's file; resolves to what is left to the user. */
async function setUpCompletion(shell: Shell, path: string): Promise<string[]> {
  if (await isForeign(path)) {
    return ["", `${path} isn't from here, and stays: remove it for completion`];
  }
  await Deno.mkdir(dirname(path), { recursive: true });
  const script = completionScript(shell.name, COMPLETED);
  await Deno.writeTextFile(path, `${script}\n# ${MARK}\n`);
  console.log(`installed ${path}`);
  const loading = shell.loading?.(path);
  if (loading === undefined) return [];
  return [
    "",
    `For completion, ${loading.where}, ${shell.place}:`,
    `  ${loading.line}`,
  ];
}

function isInPath(folder: string): boolean {
  const folders = environment("PATH")?.split(delimiter) ?? [];
  // Ignores case where the system does.
  return folders.some((each) => each !== "" && relative(each, folder) === "");
}

function pathAdvice(folder: string, shell: Shell | undefined): string[] {
  if (shell === undefined) return ["", `Add ${folder} to PATH`];
  return [
    "",
    `${folder} isn't in PATH yet; ${shell.place}:`,
    `  ${shell.pathLine(folder)}`,
  ];
}

async function remove(folder: string) {
  const completions = shells.flatMap(({ completion }) =>
    completion?.(environment, COMPLETED) ?? []
  );
  const paths = (await ownPaths(folder)).map(([, path]) => path);
  const installed: string[] = [];
  for (const path of [...paths, ...completions]) {
    if (statIfThere(path) === undefined || await isForeign(path)) continue;
    installed.push(path);
    await removeIfThere(path);
    console.log(`removed ${path}`);
  }
  if (installed.length === 0) console.log(`Nothing is installed in ${folder}`);
}

async function main(args: readonly string[]): Promise<void> {
  const { values } = await readCommandLine(args, flags);
  const root = values.root ?? environment("DENO_INSTALL_ROOT") ??
    join(homeOf(environment), ".deno");
  const folder = resolve(root, "bin");
  if (values.remove) return await remove(folder);
  await install(folder, findShell(environment, values.shell));
}

if (import.meta.main) await runProgram(withHelp(HELP, main));
