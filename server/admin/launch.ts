/**
 * Starts the admin program with the permissions that its command line calls
 * for and no others: the folders of the store and of a backup, or the way to a
 * database.
 *
 * @module
 */

import { dirname } from "node:path";
import { withHelp } from "../../shared/cli/help.ts";
import { runProgram } from "../../shared/cli/program.ts";
import { folderPermissions, launch } from "../launch/launcher.ts";
import { permissionsOf } from "../launch/store_permissions.ts";
import { HELP, readAdminOptions } from "./options.ts";

/**
 * The runtime's flags for what these arguments ask for.
 *
 * @throws {UsageError} where they can't be obeyed
 */
export async function adminPermissions(
  args: readonly string[],
): Promise<string[]> {
  const options = await readAdminOptions(args);
  const { folders, files, net, env } = await permissionsOf(options.store);
  const backup = options.file === "" ? [] : [dirname(options.file)];
  return [
    ...await folderPermissions([...folders, ...backup], files),
    ...net.length === 0 ? [] : [`--allow-net=${net}`],
    ...env.length === 0 ? [] : [`--allow-env=${env}`],
    // Is there room for a copy?
    "--allow-sys=statfs",
  ];
}

if (import.meta.main) {
  await runProgram(withHelp(HELP, async (args) =>
    await launch(
      new URL("./main.ts", import.meta.url),
      await adminPermissions(args),
      args,
    )));
}
