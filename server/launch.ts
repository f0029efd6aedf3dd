/**
 * Starts the relay with the permissions that its flags call for and no others:
 * its folder, its own modules and its ports. It stays in between only to pass signals on.
 *
 * @module
 */

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../shared/usage_error.ts";
import { formatAddress } from "../shared/info_server.ts";
import { runProgram } from "../shared/program.ts";
import { readServerOptions } from "./options.ts";
import { stopSignals } from "./stop_signals.ts";

/** What the doctor may ask of the system beyond what a relay may. */
const DOCTOR_SYS = "statfs,systemMemoryInfo";

/** A signal to us alone must stop the relay too; a second one changes nothing there. */
function pass(relay: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    relay.kill(signal);
  } catch {
    // It has ended already.
  }
}

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
  const folders = await withTheirTargets(options.folders);
  // The store's writer is a thread, and a thread reads its modules anew.
  const top = new URL("../", import.meta.url);
  const source = top.protocol === "file:" ? [resolve(fileURLToPath(top))] : [];
  // The runtime splits its list of paths at commas.
  const split = [...folders, ...source].find((folder) => folder.includes(","));
  if (split !== undefined) {
    throw new UsageError(`The path ${split} holds a comma: take another one`);
  }
  const { metrics } = options.telemetry;
  const addresses = metrics === undefined ? [options] : [options, metrics];
  return [
    `--allow-read=${[...folders, ...source]}`,
    `--allow-write=${folders}`,
    `--allow-net=${addresses.map(formatAddress)}`,
    ...options.doctor ? [`--allow-sys=${DOCTOR_SYS}`] : [],
  ];
}

/** Whole paths of folders, and where they lead to: both must be allowed. */
async function withTheirTargets(folders: readonly string[]): Promise<string[]> {
  const targets = await Promise.all(
    // One that isn't there is named by the relay.
    folders.map((folder) => Deno.realPath(folder).catch(() => folder)),
  );
  return [
    ...new Set([...folders, ...targets].map((folder) => resolve(folder))),
  ];
}

async function launch(args: readonly string[]): Promise<number> {
  const relay = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      ...await relayPermissions(args),
      new URL("./main.ts", import.meta.url).href,
      ...args,
    ],
  }).spawn();
  for (const signal of stopSignals) {
    Deno.addSignalListener(signal, () => pass(relay, signal));
  }
  return (await relay.status).code;
}

if (import.meta.main) await runProgram(launch);
