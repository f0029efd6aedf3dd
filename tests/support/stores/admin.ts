/** Runs the admin program as a process of its own, with the permissions that its launcher gives it. */

import { adminPermissions } from "../../../server/admin/launch.ts";
import { Program, ROOT } from "../../../lab/harness/program.ts";

/** Starts it on a store: the folder of a file, or a database's URL. */
export async function startAdmin(
  place: string,
  ...args: string[]
): Promise<Program> {
  const flag = place.startsWith("postgres:") ? "--store" : "--dir";
  const all = [flag, place, ...args];
  return Program.deno([
    "run",
    "--no-prompt",
    ...await adminPermissions(all),
    `${ROOT}server/admin/main.ts`,
    ...all,
  ]);
}

/** Runs it to its end. */
export async function admin(
  place: string,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
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
