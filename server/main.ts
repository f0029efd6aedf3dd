/**
 * The relay's program: flags, signals, and the sentences that it prints.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { formatAddress } from "../shared/info_server.ts";
import { runProgram } from "../shared/program.ts";
import { UsageError } from "../shared/usage_error.ts";
import { examine } from "./doctor/doctor.ts";
import { FailurePrinter } from "./failure_printer.ts";
import { openStore } from "./open_store.ts";
import { listen } from "./listen.ts";
import { HELP, readServerOptions, type ServerOptions } from "./options.ts";
import { startRelay } from "./relay.ts";
import { Retention } from "./retention.ts";
import { stopSignals } from "./signals.ts";
import { StoreBrokenError } from "./store/store.ts";

const warn = (text: string) => console.error(`warning: ${text}`);
const note = (text: string) => console.error(`note: ${text}`);

/**
 * Once store and port are open nothing else is needed, but for the way to a
 * database: what clients send can reach no file.
 */
async function dropPermissions({ storeUrl }: ServerOptions): Promise<void> {
  for (const name of ["read", "write", "sys"] as const) {
    await Deno.permissions.revoke({ name });
  }
  if (storeUrl === undefined) await Deno.permissions.revoke({ name: "net" });
}

/** Resolves with the first signal to stop; later ones change nothing. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of stopSignals) Deno.addSignalListener(signal, resolve);
  });
}

async function main(args: readonly string[]): Promise<number | void> {
  const options = await readServerOptions(args);
  if (options.help) return console.log(HELP.trimEnd());
  if (options.version) return console.log(config.version);
  options.warnings.forEach(warn);
  if (options.doctor) return await examine(options, console.log);
  if (options.workers > 1) {
    throw new UsageError(
      "--workers: a single relay was started; deno task server starts several",
    );
  }
  const stopped = stopSignal();
  const failures = new FailurePrinter();
  const broken = Promise.withResolvers<never>();
  // It may come before anybody waits for it.
  broken.promise.catch(() => {});
  // Before the store: a relay that can't start must not take anything over.
  const listener = listen(options);
  const { store, name } = await openStore(options, note, () => {
    // Clients wait at the port until the other relay has given its store up.
    console.log(`taking over ${formatAddress(listener.addr)}`);
  });
  const report = (error: unknown) => {
    if (error instanceof StoreBrokenError) {
      broken.reject(new Error(`${name}: ${error.message}`));
    } else failures.print(error);
  };
  try {
    const relay = startRelay({
      listener,
      store,
      limits: options.limits,
      drainTimeout: options.drain,
      report,
    });
    const retention = options.keep === undefined
      ? undefined
      : new Retention(store, options.keep, report);
    await dropPermissions(options);
    console.log(`listening on ${formatAddress(relay.address)}`);
    try {
      await Promise.race([stopped, broken.promise]);
    } finally {
      await relay.close();
      await retention?.stop();
    }
  } finally {
    await store.close();
  }
}

if (import.meta.main) await runProgram(main);
