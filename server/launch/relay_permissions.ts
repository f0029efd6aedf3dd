import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Platform, thisPlatform } from "../../shared/platform/platform.ts";
import { readServerOptions } from "../options.ts";
import { permissionFlags } from "./permission_flags.ts";

/** Value of `--allow-sys` for the relay: the disk's free space. */
const RELAY_SYS = "statfs";
/** Value of `--allow-sys` for its doctor, which also compares with the memory. */
export const DOCTOR_SYS = "statfs,systemMemoryInfo";

/**
 * The runtime's flags for a relay with these arguments: access to its folder,
 * its own modules and its ports.
 *
 * @throws {UsageError} if the arguments are invalid
 */
export async function relayPermissions(
  args: readonly string[],
  platform: Platform = thisPlatform,
): Promise<string[]> {
  const options = await readServerOptions(args, platform);
  // The store's writer is a thread, which loads its modules itself.
  const top = new URL("../../", import.meta.url);
  const { dir, store, secure, telemetry: { metrics } } = options;
  const { hostname } = options;
  return await permissionFlags(store, {
    folders: [dir],
    files: top.protocol === "file:" ? [resolve(fileURLToPath(top))] : [],
    hosts: [
      options,
      ...secure === undefined ? [] : [{ hostname, port: secure.port }],
      ...metrics === undefined ? [] : [metrics],
    ],
    environment: options.doctor && !platform.hasModes
      ? [platform.homeVariable]
      : [],
    sys: options.doctor ? DOCTOR_SYS : RELAY_SYS,
  });
}

/** The runtime's arguments that run a relay's program with {@linkcode relayPermissions}. */
export async function relayCommand(
  program: string,
  args: readonly string[],
): Promise<string[]> {
  return [
    "run",
    // Leaves out what the runtime fetches.
    "--quiet",
    "--no-prompt",
    // Required to share a port between relays.
    "--unstable-net",
    ...await relayPermissions(args),
    program,
    ...args,
  ];
}
