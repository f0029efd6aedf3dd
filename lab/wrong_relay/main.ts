/**
 * Writes which checks of a server the faults of the wrong relay fail.
 *
 * @module
 */

import { parseArgs } from "@std/cli";
import { runProgram, UsageError, withHelp } from "../../shared/cli/program.ts";
import { selectChecks } from "../../kit/conformance/server/checks.ts";
import { type FaultName, faults } from "./faults.ts";
import { everyCheck, runMatrix } from "./matrix.ts";

const HELP =
  `Runs checks of a server against faults of the wrong relay, and writes the
faults' lists of the checks that fail.

Usage: deno task conformance:matrix [--check PATTERN] [FAULT...]

  --check PATTERN  only the checks with this name, clause or subject, with *
                   for anything (default: all checks)
  FAULT            the name of a fault (default: all faults)
`;

const FOLDER = new URL("./faults/", import.meta.url);

async function main(args: readonly string[]): Promise<number> {
  const { check, _: words } = parseArgs(args, {
    string: ["check", "_"],
    unknown: (arg) => {
      if (arg.startsWith("-")) throw new UsageError(`${arg}: no such flag`);
    },
  });
  const checked = typeof check === "string"
    ? selectChecks([check]).map(({ name }) => name)
    : undefined;
  const chosen = words.map(asFault);
  const names = chosen.length > 0 ? chosen : Object.keys(faults) as FaultName[];
  await runMatrix(
    names,
    (name) => everyCheck(name).filter((it) => checked?.includes(it) ?? true),
    async ({ name, failed }) => {
      const before: readonly string[] = faults[name].fails;
      const kept = before.filter((it) =>
        failed.includes(it) || checked !== undefined && !checked.includes(it)
      );
      const fresh = failed.filter((it) => !kept.includes(it));
      const after = [...kept, ...fresh];
      if (after.join() === before.join()) return;
      const gone = before.filter((it) => !kept.includes(it));
      console.log(
        name,
        ...fresh.map((it) => `+${it}`),
        ...gone.map((it) => `-${it}`),
      );
      await writeFails(name, after);
    },
  );
  return 0;
}

function asFault(word: string | number): FaultName {
  if (Object.hasOwn(faults, word)) return word as FaultName;
  throw new UsageError(`${word}: no fault has this name`);
}

/** Replaces a fault's `fails` in the file that declares it. */
async function writeFails(
  name: FaultName,
  fails: readonly string[],
): Promise<void> {
  const declared = new RegExp(
    `(\\n  "${RegExp.escape(name)}": \\{[^]*?\\n    fails: )\\[[^\\]]*\\],`,
  );
  for (const { name: file } of Deno.readDirSync(FOLDER)) {
    const path = new URL(file, FOLDER);
    const source = await Deno.readTextFile(path);
    if (!declared.test(source)) continue;
    const text = source.replace(
      declared,
      (_all, start) => start + listOf(fails),
    );
    await Deno.writeTextFile(path, text);
  }
}

/** An array as `deno fmt` lays it out. */
function listOf(names: readonly string[]): string {
  const quoted = names.map((name) => JSON.stringify(name));
  const line = `[${quoted.join(", ")}],`;
  return `    fails: ${line}`.length <= 80
    ? line
    : `[\n${quoted.map((name) => `      ${name},\n`).join("")}    ],`;
}

if (import.meta.main) await runProgram(withHelp(HELP, main));
