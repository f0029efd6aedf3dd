/**
 * The two programs as single files and as binaries. A binary holds what
 * `deno bundle` makes of the program, one file, and nothing else.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { taskCommand } from "../../deploy/install/task_command.ts";
import { DOCTOR_SYS } from "../../server/launch/relay_permissions.ts";
import { STORE_VARIABLE } from "../../server/store/store_kind.ts";
import { storeKinds } from "../../server/store/store_kinds.ts";

/** A program that is made into a binary. */
export interface Program {
  /** What its file is called. */
  name: string;
  /** Its first module. */
  entry: string;
  /** The runtime's flags that are part of it. */
  flags: readonly string[];
}

/** The programs, by the word that names them. */
export const programs: Readonly<Record<"server" | "client", Program>> = {
  server: {
    name: "messageu-server",
    entry: "server/main.ts",
    // Its task starts it through the launcher, which names folders and ports.
    // A binary can't be bound to them: it drops what it doesn't need itself.
    flags: [
      "--no-prompt",
      // For a port that two relays have open.
      "--unstable-net",
      ...["--allow-net", "--allow-read", "--allow-write"],
      // For --workers: it starts itself.
      "--allow-run",
      `--allow-sys=${DOCTOR_SYS}`,
      `--allow-env=${[
        STORE_VARIABLE,
        ...storeKinds.flatMap(({ environment = [] }) => environment),
      ]}`,
    ],
  },
  client: { name: "messageu-client", ...taskCommand("client") },
};

/**
 * Writes the program as a single file into a folder.
 *
 * @returns the file's path
 * @throws {Error} where it can't be made
 */
export async function bundle(
  { name, entry }: Program,
  folder: string,
): Promise<string> {
  const path = `${folder}/${name}.js`;
  const { success, text } = await deno("bundle", "--output", path, entry);
  if (success) return path;
  throw new Error(
    `${entry} can't be bundled (${
      causeIn(text)
    }). Deno fetches its bundler from npm ` +
      "once and keeps it: run this first where it can",
  );
}

/**
 * Makes a binary of a bundle.
 *
 * @param target the system that it is for, as `deno compile` names it; this
 * one where it is undefined
 * @returns what `deno compile` says: the files that the binary holds, and their sizes
 * @throws {Error} where it can't be made
 */
export async function compile(
  { flags }: Program,
  bundle: string,
  output: string,
  target: string | undefined,
): Promise<string> {
  const { success, text } = await deno(
    "compile",
    // The bundle needs no other module.
    ...["--no-config", "--no-lock", "--no-check", "--no-npm", "--no-remote"],
    ...flags,
    ...target === undefined ? [] : ["--target", target],
    ...["--output", output, bundle],
  );
  if (success) return text;
  throw new Error(
    `${output} wasn't made: its base, ${
      target ?? "for this system"
    }, can't be ` +
      `fetched or used (${
        causeIn(text)
      }). Deno fetches one for each system and keeps it: ` +
      "run this once where it can, or name one in DENORT_BIN",
  );
}

/** The innermost cause in what the runtime says of a failure. */
function causeIn(text: string): string {
  const lines = text.split("\n").map((line) => line.trim());
  const end = lines.findIndex((line) => line.startsWith("Stack backtrace"));
  const [, cause] = lines.slice(0, end < 0 ? undefined : end)
    .flatMap((line) => [/^(?:\d+|error): (.+)$/.exec(line) ?? []])
    .findLast(([found]) => found !== undefined) ?? [];
  return cause ?? "the runtime doesn't say why";
}

async function deno(
  ...args: string[]
): Promise<{ success: boolean; text: string }> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  const text = stripVTControlCharacters(new TextDecoder().decode(stderr));
  return { success, text: text.trim() };
}
