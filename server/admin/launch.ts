/**
 * Starts the admin program with the permissions that its command line calls
 * for and no others: the folders of the store and of a backup.
 *
 * @module
 */

import { runProgram } from "../../shared/program.ts";
import { folderPermissions, launch } from "../launcher.ts";
import { readAdminOptions } from "./options.ts";

/**
 * The runtime's flags for what these arguments ask for.
 *
 * @throws {UsageError} where they can't be obeyed
 */
export async function adminPermissions(
  args: readonly string[],
): Promise<string[]> {
  const options = await readAdminOptions(args);
  if (typeof options === "string") return [];
  return [
    ...await folderPermissions(options.folders),
    // Is there room for a copy?
    "--allow-sys=statfs",
  ];
}

if (import.meta.main) {
  await runProgram(async (args) =>
    await launch(
      new URL("./main.ts", import.meta.url),
      await adminPermissions(args),
      args,
    )
  );
}
