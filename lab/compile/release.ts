/**
 * Makes binaries of both programs for all systems, with their SHA-256 sums.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { removeIfThere } from "../../shared/folder/durable_files.ts";
import { readCommandLine } from "../../shared/cli/command_line.ts";
import {
  choiceFlag,
  flagsHelp,
  nonEmpty,
  valueFlag,
} from "../../shared/cli/flags.ts";
import { runProgram, withHelp } from "../../shared/cli/program.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { bundle, compile, type Program, programs } from "./program.ts";

/** The systems: how a file's name ends, and what `deno compile` calls them. */
const systems: Readonly<Record<string, string>> = {
  "linux-x64": "x86_64-unknown-linux-gnu",
  "linux-arm64": "aarch64-unknown-linux-gnu",
  "macos-x64": "x86_64-apple-darwin",
  "macos-arm64": "aarch64-apple-darwin",
  "windows-x64.exe": "x86_64-pc-windows-msvc",
};

/** The file of sums, as `sha256sum --check` reads it. */
const SUMS = "SHA256SUMS";

const flags = {
  output: valueFlag(
    "DIR",
    "where they are written (default: dist/release)",
    nonEmpty,
  ),
  only: choiceFlag(
    "SYSTEM",
    `for this system alone: ${Object.keys(systems).join(", ")}`,
    Object.keys(systems),
  ),
};

const HELP = `Makes binaries of the relay and of the client for Linux, macOS and
Windows, and ${SUMS} beside them.

Usage: deno task release [flags]

${flagsHelp(flags, 17)}`;

async function main(args: readonly string[]): Promise<number | void> {
  const { values } = await readCommandLine(args, flags);
  const { only } = values;
  const output = resolve(values.output ?? "dist/release");
  await Deno.mkdir(output, { recursive: true });
  const folder = await Deno.makeTempDir({ prefix: "messageu-" });
  try {
    const wanted = Object.entries(systems)
      .filter(([system]) => only === undefined || system === only);
    return await release(wanted, folder, output);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** @returns the exit code: 1 where a system's couldn't be made */
async function release(
  wanted: readonly (readonly [string, string])[],
  folder: string,
  output: string,
): Promise<number> {
  const bundles: (readonly [Program, string])[] = [];
  for (const program of Object.values(programs)) {
    bundles.push([program, await bundle(program, folder)]);
  }
  const sums: string[] = [];
  let code = 0;
  for (const [system, target] of wanted) {
    try {
      for (const [program, file] of bundles) {
        const name = `${program.name}-${system}`;
        const path = `${output}/${name}`;
        // One of an earlier release would pass for this one's.
        await removeIfThere(path);
        await compile(program, file, path, target);
        sums.push(`${await sha256(path)}  ${name}\n`);
        console.log(path);
      }
    } catch (error) {
      console.error(`error: ${reasonOf(error)}`);
      code = 1;
    }
  }
  await Deno.writeTextFile(`${output}/${SUMS}`, sums.join(""));
  return code;
}

async function sha256(path: string): Promise<string> {
  using file = await Deno.open(path);
  const hash = createHash("sha256");
  for await (const chunk of file.readable) hash.update(chunk);
  return hash.digest("hex");
}

if (import.meta.main) await runProgram(withHelp(HELP, main));
