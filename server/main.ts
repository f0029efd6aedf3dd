/**
 * The relay's program: flags, signals, and the sentences that it prints.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { UsageError } from "../shared/flags.ts";
import { formatAddress } from "../shared/info_server.ts";
import { HELP, readServerOptions, type ServerOptions } from "./options.ts";
import { type Relay, startRelay } from "./relay.ts";
import { stopSignals } from "./stop_signals.ts";
import { openSqliteStore } from "./store/sqlite.ts";
import type { Store } from "./store/store.ts";

const warn = (text: string) => console.error(`warning: ${text}`);
const note = (text: string) => console.error(`note: ${text}`);

function listen(options: ServerOptions, store: Store): Relay {
  const { hostname, port } = options;
  try {
    return startRelay({
      hostname,
      port,
      store,
      // The message of a failure names no client and no content.
      report: (error) =>
        console.error(
          `error: ${error instanceof Error ? error.message : error}`,
        ),
    });
  } catch (error) {
    const where = formatAddress({ hostname, port });
    if (error instanceof Deno.errors.AddrInUse) {
      throw new Error(
        `${where} is in use: stop the other program, or take another port with --port`,
      );
    }
    const reason = error instanceof Error ? error.message : error;
    throw new Error(`Can't listen on ${where}: ${reason}`);
  }
}

/** Once store and port are open nothing else is needed: what clients send can reach no file. */
async function dropPermissions(): Promise<void> {
  for (const name of ["read", "write", "net"] as const) {
    await Deno.permissions.revoke({ name });
  }
}

/** Resolves with the first signal to stop; later ones change nothing. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of stopSignals) Deno.addSignalListener(signal, resolve);
  });
}

async function main(args: readonly string[]): Promise<void> {
  const options = await readServerOptions(args);
  if (options.help) return console.log(HELP.trimEnd());
  if (options.version) return console.log(config.version);
  options.warnings.forEach(warn);
  const stopped = stopSignal();
  const from = options.takeOverFrom;
  const store = openSqliteStore(
    options.database,
    from === undefined ? undefined : { from, notice: note },
  );
  try {
    const relay = listen(options, store);
    await dropPermissions();
    console.log(`listening on ${formatAddress(relay.address)}`);
    await stopped;
    await relay.close();
  } finally {
    await store.close();
  }
}

if (import.meta.main) {
  try {
    await main(Deno.args);
    Deno.exit(0);
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : error}`);
    Deno.exit(error instanceof UsageError ? 2 : 1);
  }
}
