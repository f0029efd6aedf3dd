/**
 * The user's shell: where it looks for completion, and the lines that it needs
 * to find the commands.
 *
 * @module
 */

import { join } from "node:path";
import { quoted } from "./command.ts";

/** A shell that completion is there for. */
export interface Shell {
  readonly name: string;
  /** The file that its user would add lines to. */
  readonly file: string;
  /** The line that adds a folder to PATH. */
  readonly pathLine: (folder: string) => string;
  /** The file of the completion of a command. */
  readonly completion: (environment: Environment, command: string) => string;
  /** What makes the shell load that file, and where it doesn't do so by itself. */
  readonly loading?: (path: string) => { line: string; where: string };
}

/** Variables of the environment; undefined if unset. */
export type Environment = (name: string) => string | undefined;

/** The user's own folder. @throws {Error} if the environment has none */
export function homeOf(environment: Environment): string {
  const home = environment("HOME") ?? environment("USERPROFILE");
  if (home !== undefined) return home;
  throw new Error("HOME isn't set: it names your own folder");
}

function dataFolder(environment: Environment): string {
  return environment("XDG_DATA_HOME") ??
    join(homeOf(environment), ".local", "share");
}

/** In bash and zsh. */
const pathLine = (folder: string) => `export PATH=${quoted(folder)}:"$PATH"`;

/** The shells by name. */
export const shells: readonly Shell[] = [
  {
    name: "bash",
    file: "~/.bashrc",
    pathLine,
    completion: (environment, command) =>
      join(
        dataFolder(environment),
        ...["bash-completion", "completions", command],
      ),
    loading: (path) => ({
      line: `source ${quoted(path)}`,
      where: "where the package bash-completion isn't installed",
    }),
  },
  {
    name: "zsh",
    file: "~/.zshrc",
    pathLine,
    completion: (environment, command) =>
      join(
        dataFolder(environment),
        ...["zsh", "site-functions", `_${command}`],
      ),
    loading: (path) => ({
      line: `fpath=(${quoted(join(path, ".."))} $fpath)`,
      where: "above its compinit",
    }),
  },
  {
    name: "fish",
    file: "~/.config/fish/config.fish",
    pathLine: (folder) => `fish_add_path ${quoted(folder)}`,
    completion: (environment, command) =>
      join(
        environment("XDG_CONFIG_HOME") ??
          join(homeOf(environment), ".config"),
        ...["fish", "completions", `${command}.fish`],
      ),
  },
];
