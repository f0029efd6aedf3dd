/**
 * The relay's program: flags, signals, and the sentences that it prints.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { formatAddress } from "../shared/info_server.ts";
import { runProgram } from "../shared/program.ts";
import { reasonOf } from "../shared/reason.ts";
import { examine } from "./doctor/doctor.ts";
import { HELP, readServerOptions, type ServerOptions } from "./options.ts";
import { startRelay } from "./relay.ts";
import { stopSignals } from "./stop_signals.ts";
import { openSqliteStore } from "./store/sqlite.ts";
import { StoreBrokenError } from "./store/store.ts";
import { RelayLog } from "./telemetry/log.ts";
import { Telemetry } from "./telemetry/telemetry.ts";

function listen({ hostname, port }: ServerOptions): Deno.TcpListener {
  try {
    return Deno.listen({ hostname, port });
  } catch (error) {
    const where = formatAddress({ hostname, port });
    if (error instanceof Deno.errors.AddrInUse) {
      throw new Error(
        `${where} is in use: stop the other program (if it was stopped just now, wait a minute), or take another port with --port`,
      );
    }
    const reason = reasonOf(error);
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

async function main(args: readonly string[]): Promise<number | void> {
  const options = await readServerOptions(args);
  if (options.help) return console.log(HELP.trimEnd());
  if (options.version) return console.log(config.version);
  const log = new RelayLog(options.telemetry);
  try {
    options.warnings.forEach((warning) => log.warn(warning));
    if (options.doctor) return await examine(options, console.log);
    return await serve(options, log);
  } catch (error) {
    log.error(reasonOf(error));
    return 1;
  }
}

async function serve(options: ServerOptions, log: RelayLog): Promise<void> {
  const stopped = stopSignal();
  const broken = Promise.withResolvers<never>();
  // It may come before anybody waits for it.
  broken.promise.catch(() => {});
  // Before the store: a relay that can't start must not take anything over.
  const listener = listen(options);
  const telemetry = await Telemetry.open(options.telemetry, log);
  const from = options.takeOverFrom;
  const store = await openSqliteStore(options.database, {
    takeOver: from === undefined
      ? undefined
      : { from, notice: (text) => log.info(text) },
  });
  try {
    const relay = startRelay({
      listener,
      store,
      limits: options.limits,
      report(error) {
        if (error instanceof StoreBrokenError) {
          broken.reject(new Error(`${options.database}: ${error.message}`));
        } else telemetry.report(error);
      },
      watcher: telemetry.watcher,
    });
    telemetry.show({ relay, store, limits: options.limits });
    await dropPermissions();
    const address = formatAddress(relay.address);
    log.announce(`listening on ${address}`, { address });
    try {
      await Promise.race([stopped, broken.promise]);
      log.debug("stopping");
    } finally {
      await relay.close();
      await telemetry.close();
    }
  } finally {
    await store.close();
  }
}

if (import.meta.main) await runProgram(main);
