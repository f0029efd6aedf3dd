import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { formatAddress } from "../../shared/folder/info_server.ts";
import { folderPermissions } from "./launcher.ts";
import { readServerOptions } from "../options.ts";
import { permissionsOf } from "./store_permissions.ts";

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
  const { dir, telemetry: { metrics } } = options;
  const { folders, files, net, env } = await permissionsOf(options.store);
  const addresses = metrics === undefined ? [options] : [options, metrics];
  return [
    ...await folderPermissions([dir, ...folders], [...source, ...files]),
    `--allow-net=${[...addresses.map(formatAddress), ...net]}`,
    `--allow-sys=${options.doctor ? DOCTOR_SYS : RELAY_SYS}`,
    ...env.length === 0 ? [] : [`--allow-env=${env}`],
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
