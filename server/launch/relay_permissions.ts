import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { formatAddress } from "../../shared/folder/info_server.ts";
import { databaseAddresses } from "../store/postgres/connection/database_addresses.ts";
import { folderPermissions } from "./launcher.ts";
import { readServerOptions } from "../options.ts";
import { STORE_VARIABLES, storeFiles } from "../store/store_flags.ts";

/** What a relay may ask of the system, and what the doctor may. */
const RELAY_SYS = "statfs";
const DOCTOR_SYS = "statfs,systemMemoryInfo";

/**
 * The runtime's flags for a relay that is started with these arguments: its
 * folder, its own modules and its ports.
 *
 * @throws {UsageError} where the arguments can't be obeyed
 */
export async function relayPermissions(
  args: readonly string[],
): Promise<string[]> {
  const options = await readServerOptions(args);
  // The store's writer is a thread, and a thread reads its modules anew.
  const top = new URL("../../", import.meta.url);
  const source = top.protocol === "file:" ? [resolve(fileURLToPath(top))] : [];
  const { storeUrl, storeFile, telemetry: { metrics } } = options;
  const files = storeUrl === undefined ? [] : storeFiles(storeUrl, storeFile);
  const database = storeUrl === undefined
    ? []
    : await databaseAddresses(storeUrl);
  const addresses = metrics === undefined ? [options] : [options, metrics];
  return [
    ...await folderPermissions(options.folders, [...source, ...files]),
    `--allow-net=${[...addresses.map(formatAddress), ...database]}`,
    `--allow-sys=${options.doctor ? DOCTOR_SYS : RELAY_SYS}`,
    ...storeUrl === undefined ? [] : [`--allow-env=${STORE_VARIABLES}`],
  ];
}

/** The runtime's arguments that run a relay's program with these permissions. */
export async function relayCommand(
  program: string,
  args: readonly string[],
): Promise<string[]> {
  return [
    "run",
    "--no-prompt",
    // For a port that two relays have open.
    "--unstable-net",
    ...await relayPermissions(args),
    program,
    ...args,
  ];
}
