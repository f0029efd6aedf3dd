/**
 * The user's shell: where it looks for completion, and the lines that it needs
 * to find the commands.
 *
 * @module
 */

import { basename, join } from "node:path";
import {
  type Platform,
  platforms,
  thisPlatform,
} from "../../shared/platform/platform.ts";

const { quote } = platforms.linux;

/** A shell that users have. */
export interface Shell {
  readonly name: string;
  /** What to do with the lines that its user needs. */
  readonly place: string;
  /** The line that adds a folder to PATH. */
  readonly pathLine: (folder: string) => string;
  /** The file of the completion of a command, if there is one for the shell. */
  readonly completion?: (environment: Environment, command: string) => string;
  /** What makes the shell load that file, and where it doesn't do so by itself. */
  readonly loading?: (path: string) => { line: string; where: string };
}

/** Variables of the environment; undefined if unset. */
export type Environment = (name: string) => string | undefined;

/** The user's own folder. @throws {Error} if the environment has none */
export function homeOf(
  environment: Environment,
  { homeVariable }: Platform = thisPlatform,
): string {
  const home = environment(homeVariable);
  if (home !== undefined) return home;
  throw new Error(`${homeVariable} isn't set: it names your own folder`);
}

function dataFolder(environment: Environment): string {
  return environment("XDG_DATA_HOME") ??
    join(homeOf(environment), ".local", "share");
}

/** In bash and zsh. */
const pathLine = (folder: string) => `export PATH=${quote(folder)}:"$PATH"`;

/** The shells by name. */
export const shells: readonly Shell[] = [
  {
    name: "bash",
    place: "add to ~/.bashrc",
    pathLine,
    completion: (environment, command) =>
      join(
        dataFolder(environment),
        ...["bash-completion", "completions", command],
      ),
    loading: (path) => ({
      line: `source ${quote(path)}`,
      where: "where the package bash-completion isn't installed",
    }),
  },
  {
    name: "zsh",
    place: "add to ~/.zshrc",
    pathLine,
    completion: (environment, command) =>
      join(
        dataFolder(environment),
        ...["zsh", "site-functions", `_${command}`],
      ),
    loading: (path) => ({
      line: `fpath=(${quote(join(path, ".."))} $fpath)`,
      where: "above its compinit",
    }),
  },
  {
    name: "fish",
    place: "add to ~/.config/fish/config.fish",
    pathLine: (folder) => `fish_add_path ${quote(folder)}`,
    completion: (environment, command) =>
      join(
        environment("XDG_CONFIG_HOME") ??
          join(homeOf(environment), ".config"),
        ...["fish", "completions", `${command}.fish`],
      ),
  },
  {
    name: "powershell",
    place: "run in PowerShell, and open a new terminal",
    // "setx" would copy the system's part of PATH, and cut it at 1024 characters.
    pathLine: (folder) =>
      "[Environment]::SetEnvironmentVariable('Path', " +
      "[Environment]::GetEnvironmentVariable('Path', 'User') + " +
      `';${folder.replaceAll("'", "''")}', 'User')`,
  },
];

/** The user's shell: the one with this name, the platform's, or the one that SHELL names. */
export function findShell(
  environment: Environment,
  name: string | undefined,
  { userShell }: Platform = thisPlatform,
): Shell | undefined {
  const wanted = name ?? userShell ?? basename(environment("SHELL") ?? "");
  return shells.find(({ name }) => name === wanted);
}
