/**
 * Starts the relay with the permissions that its flags call for and no others:
 * its folder and its port. It stays in between only to pass signals on.
 *
 * @module
 */

import { resolve } from "node:path";
import { UsageError } from "../shared/flags.ts";
import { formatAddress } from "../shared/info_server.ts";
import { readServerOptions } from "./options.ts";
import { stopSignals } from "./stop_signals.ts";

/** A signal to us alone must stop the relay too; a second one changes nothing there. */
function pass(relay: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    relay.kill(signal);
  } catch {
    // It has ended already.
  }
}

async function permissions(args: readonly string[]): Promise<string[]> {
  const options = await readServerOptions(args);
  if (options.help || options.version) return [];
  const folders = options.folders.map((folder) => resolve(folder));
  // The runtime splits its list of paths at commas.
  const split = folders.find((folder) => folder.includes(","));
  if (split !== undefined) {
    throw new UsageError(`The path ${split} holds a comma: take another one`);
  }
  return [
    `--allow-read=${folders}`,
    `--allow-write=${folders}`,
    `--allow-net=${formatAddress(options)}`,
  ];
}

if (import.meta.main) {
  try {
    const relay = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        ...await permissions(Deno.args),
        new URL("./main.ts", import.meta.url).href,
        ...Deno.args,
      ],
    }).spawn();
    for (const signal of stopSignals) {
      Deno.addSignalListener(signal, () => pass(relay, signal));
    }
    Deno.exit((await relay.status).code);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`error: ${error.message}`);
    Deno.exit(2);
  }
}
