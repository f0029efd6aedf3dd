/**
 * Starts the admin program with the least permissions for its command line: the
 * folders of the store and of a backup, or the address of a database.
 *
 * @module
 */

import { dirname } from "node:path";
import { runProgram, withHelp } from "../../shared/cli/program.ts";
import { launch } from "../launch/launcher.ts";
import { permissionFlags } from "../launch/permission_flags.ts";
import { HELP, readAdminOptions } from "./options.ts";

/**
 * The runtime's flags for the admin program with these arguments.
 *
 * @throws {UsageError} if the arguments are invalid
 */
export async function adminPermissions(
  args: readonly string[],
): Promise<string[]> {
  const options = await readAdminOptions(args);
  const folders = options.file === "" ? [] : [dirname(options.file)];
  // Measures the room for a copy.
  return await permissionFlags(options.store, { folders, sys: "statfs" });
}

if (import.meta.main) {
  await runProgram(withHelp(HELP, async (args) =>
    await launch(
      new URL("./main.ts", import.meta.url),
      await adminPermissions(args),
      args,
    )));
}
