/** Runs the admin program, in this process where nothing else is tested. */

import { adminPermissions } from "../../../server/admin/launch.ts";
import { main } from "../../../server/admin/main.ts";
import { exitCodeOf } from "../../../shared/cli/program.ts";
import { Program, ROOT } from "../../../lab/harness/program.ts";

/** Verbs that have run as a process, by the kind of store; undefined in most files. */
let shown: Set<string> | undefined;

/** Has the file's tests run each verb as a process once, which shows that the launcher's permissions suffice. */
export function showVerbsAsProcesses(): void {
  shown = new Set();
}

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

/** Runs it to its end, in this process unless it asks or is to be shown as a process. */
export async function admin(
  place: string,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const line = lineOf(place, args);
  const asks = /^(remove|restore)$/.test(args[0] ?? "") &&
    !args.includes("--yes");
  const verb = `${line[0]} ${args[0]}`;
  const isDue = shown !== undefined && !shown.has(verb);
  if (!isDue && !asks) return await inProcess(line);
  shown?.add(verb);
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
