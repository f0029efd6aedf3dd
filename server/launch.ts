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

async function permissions(args: readonly string[]): Promise<string[]> {
  const options = await readServerOptions(args);
  if (options.help || options.version) return [];
  const folders = options.folders.map((folder) =>
    // In a list of paths a comma stands twice.
    resolve(folder).replaceAll(",", ",,")
  );
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
    // A terminal's Ctrl-C reaches the relay by itself.
    Deno.addSignalListener("SIGINT", () => {});
    if (Deno.build.os !== "windows") {
      Deno.addSignalListener("SIGTERM", () => relay.kill("SIGTERM"));
    }
    Deno.exit((await relay.status).code);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`error: ${error.message}`);
    Deno.exit(2);
  }
}
