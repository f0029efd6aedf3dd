/**
 * Starts the relay with the permissions that its flags call for and no others:
 * its folder, its own modules and its ports. It stays in between to pass signals
 * on, and to put a new relay in the old one's place.
 *
 * @module
 */

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { formatAddress } from "../shared/info_server.ts";
import { runProgram } from "../shared/program.ts";
import { folderPermissions } from "./launcher.ts";
import { readServerOptions } from "./options.ts";
import { RelayGroup } from "./relay_group.ts";
import { replaceSignal, stopSignals } from "./signals.ts";
import { RelayLog } from "./telemetry/log.ts";
import { STORE_VARIABLES, storeAddresses, storeFiles } from "./store_flags.ts";

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
  const { storeUrl, storeFile, telemetry: { metrics } } = options;
  const files = storeUrl === undefined ? [] : storeFiles(storeUrl, storeFile);
  const database = storeUrl === undefined ? [] : storeAddresses(storeUrl);
  const addresses = metrics === undefined ? [options] : [options, metrics];
  return [
    ...await folderPermissions(options.folders, [...source, ...files]),
    `--allow-net=${[...addresses.map(formatAddress), ...database]}`,
    `--allow-sys=${options.doctor ? DOCTOR_SYS : RELAY_SYS}`,
    ...storeUrl === undefined ? [] : [`--allow-env=${STORE_VARIABLES}`],
  ];
}

async function launch(args: readonly string[]): Promise<number> {
  const { workers, telemetry } = await readServerOptions(args);
  const { metrics } = telemetry;
  const log = new RelayLog(telemetry);
  const relays = new RelayGroup({
    module: new URL("./main.ts", import.meta.url),
    // Each shows its own metrics: the ports follow the first one's.
    args: (index) =>
      metrics === undefined || metrics.port === 0 ? args : [
        ...args,
        "--metrics",
        formatAddress({ ...metrics, port: metrics.port + index }),
      ],
    permissions: relayPermissions,
    say: (level, text) => log[level](text),
  });
  for (const signal of stopSignals) {
    Deno.addSignalListener(signal, () => relays.signal(signal));
  }
  if (replaceSignal !== undefined) {
    Deno.addSignalListener(replaceSignal, () => relays.replace());
  }
  return await relays.run(workers);
}

if (import.meta.main) await runProgram(launch);
