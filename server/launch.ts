/**
 * Starts the relay with the permissions that its flags call for and no others:
 * its folder, its own modules and its port. It stays in between only to pass signals on.
 *
 * @module
 */

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { formatAddress } from "../shared/info_server.ts";
import { runProgram } from "../shared/program.ts";
import { folderPermissions, launch } from "./launcher.ts";
import { readServerOptions } from "./options.ts";
import { STORE_VARIABLES, storeAddress, storeFiles } from "./store_flags.ts";

/** What a relay may ask of the system, and what the doctor may. */
const RELAY_SYS = "statfs";
const DOCTOR_SYS = "statfs,systemMemoryInfo";

/**
 * The runtime's flags for a relay that is started with these arguments.
 *
 * @throws {UsageError} where the arguments can't be obeyed
 */
export async function relayPermissions(
  args: readonly string[],
): Promise<string[]> {
  const options = await readServerOptions(args);
  if (options.help || options.version) return [];
  // The store's writer is a thread, and a thread reads its modules anew.
  const top = new URL("../", import.meta.url);
  const source = top.protocol === "file:" ? [resolve(fileURLToPath(top))] : [];
  const { storeUrl, storeFile } = options;
  const files = storeUrl === undefined ? [] : storeFiles(storeUrl, storeFile);
  const database = storeUrl === undefined ? [] : [storeAddress(storeUrl)];
  return [
    ...await folderPermissions(options.folders, [...source, ...files]),
    `--allow-net=${[formatAddress(options), ...database]}`,
    `--allow-sys=${options.doctor ? DOCTOR_SYS : RELAY_SYS}`,
    ...storeUrl === undefined ? [] : [`--allow-env=${STORE_VARIABLES}`],
  ];
}

if (import.meta.main) {
  await runProgram(async (args) =>
    await launch(
      new URL("./main.ts", import.meta.url),
      await relayPermissions(args),
      args,
    )
  );
}
