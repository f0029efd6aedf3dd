/**
 * Starts the admin program with the permissions that its command line calls
 * for and no others: the folders of the store and of a backup, or the way to a
 * database.
 *
 * @module
 */

import { runProgram } from "../../shared/cli/program.ts";
import { databaseAddresses } from "../store/postgres/connection/database_addresses.ts";
import { folderPermissions, launch } from "../launch/launcher.ts";
import { STORE_VARIABLES, storeFiles } from "../store/store_flags.ts";
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
  const { place } = options;
  const isUrl = place.kind === "url";
  return [
    ...await folderPermissions(
      options.folders,
      isUrl ? storeFiles(place.url, place.file) : [],
    ),
    ...isUrl
      ? [
        `--allow-net=${await databaseAddresses(place.url)}`,
        `--allow-env=${STORE_VARIABLES}`,
      ]
      : [],
    // Is there room for a copy?
    "--allow-sys=statfs",
  ];
}

if (import.meta.main) {
  await runProgram(
    async (args) =>
      await launch(
        new URL("./main.ts", import.meta.url),
        await adminPermissions(args),
        args,
      ),
    HELP,
  );
}
