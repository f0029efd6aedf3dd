/** Runs the admin program, in this process where nothing else is tested. */

import { adminPermissions } from "../../../server/admin/launch.ts";
import { main } from "../../../server/admin/main.ts";
import { exitCodeOf } from "../../../shared/cli/program.ts";
import { Program, ROOT } from "../../../lab/harness/program.ts";

/** Verbs that have run as a process, by the kind of store. */
const shown = new Set<string>();

/** The whole command line on a store: the folder of a file, or a database's URL. */
const lineOf = (place: string, args: readonly string[]) => [
  place.startsWith("postgres:") ? "--store" : "--dir",
  place,
  ...args,
];

/** Starts it as a process, with the permissions that its launcher gives it. */
export async function startAdmin(
  place: string,
  ...args: string[]
): Promise<Program> {
  const line = lineOf(place, args);
  return Program.deno([
    "run",
    "--no-prompt",
    ...await adminPermissions(line),
    `${ROOT}server/admin/main.ts`,
    ...line,
  ]);
}

/**
 * Runs it to its end: each verb once as a process, which shows that the
 * launcher's permissions suffice, then in this process.
 */
export async function admin(
  place: string,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const [flag] = lineOf(place, args);
  const asks = /^(remove|restore)$/.test(args[0] ?? "") &&
    !args.includes("--yes");
  const isShown = shown.has(`${flag} ${args[0]}`);
  if (isShown && !asks) return await inProcess(lineOf(place, args));
  shown.add(`${flag} ${args[0]}`);
  await using program = await startAdmin(place, ...args);
  return await program.end();
}

/** The standard output of one that must end with 0. */
export async function adminPrints(
  place: string,
  ...args: string[]
): Promise<string> {
  const { code, stdout, stderr } = await admin(place, ...args);
  if (code === 0) return stdout;
  throw new Error(`Expected 0 of ${args.join(" ")}, got ${code}: ${stderr}`);
}

async function inProcess(line: readonly string[]) {
  const { log, error } = console;
  let stdout = "";
  let stderr = "";
  console.log = (text) => void (stdout += `${text}\n`);
  console.error = (text) => void (stderr += `${text}\n`);
  try {
    const code = await exitCodeOf(main, line);
    return { code, stdout, stderr };
  } finally {
    Object.assign(console, { log, error });
  }
}
