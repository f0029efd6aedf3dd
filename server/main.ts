/**
 * The relay program.
 *
 * @module
 */

import { formatAddress } from "../shared/folder/info_files.ts";
import { isHangupIgnored } from "../shared/cli/stopping.ts";
import { runProgram, UsageError, withHelp } from "../shared/cli/program.ts";
import { reasonOf } from "../shared/cli/reason.ts";
import { examine } from "./doctor/doctor.ts";
import { listen } from "./relay/listen.ts";
import { openPidFile } from "./launch/pid_file.ts";
import { HELP, readServerOptions, type ServerOptions } from "./options.ts";
import { type Relay, startRelay } from "./relay.ts";
import { relayCommand } from "./launch/relay_permissions.ts";
import { onStopRequest } from "./launch/stop_request.ts";
import { startRetention } from "./relay/retention.ts";
import { runGroup } from "./launch/run_group.ts";
// In a bundle the store's threads load this program, and find their work here.
import "./store/sqlite/sqlite.ts";
import { StoreBrokenError } from "./store/store.ts";
import { lineToPassOn } from "./secure/port/printed_line.ts";
import { hasRelayKey } from "./secure/port/relay_key.ts";
import { openSecurePort, type SecurePort } from "./secure/port/secure_port.ts";
import { kindOf } from "./store/store_kinds.ts";
import { RelayLog } from "./telemetry/log.ts";
import { openTelemetry } from "./telemetry/telemetry.ts";

/** Milliseconds for which mail waits where no flag says so: 30 days. */
const SECURE_RETENTION = 30 * 24 * 3600 * 1000;

/**
 * Drops the permissions that a relay no longer needs once its store and its
 * ports are open, so that no request can reach a file.
 */
async function dropPermissions({ store }: ServerOptions): Promise<void> {
  const { hosts = [] } = await kindOf(store).permissions(store);
  for (const name of ["read", "write", "sys", "run"] as const) {
    await Deno.permissions.revoke({ name });
  }
  if (hosts.length === 0) await Deno.permissions.revoke({ name: "net" });
}

async function main(args: readonly string[]): Promise<number | void> {
  const options = await readServerOptions(args);
  const log = new RelayLog(options.telemetry);
  try {
    options.warnings.forEach((warning) => log.warn(warning));
    options.notes.forEach((note) => log.info(note));
    if (options.doctor) return await examine(options, console.log);
    if (options.workers > 1) return await startSeveral(options, args, log);
    return await serve(options, log);
  } catch (error) {
    log.error(reasonOf(error));
    return error instanceof UsageError ? 2 : 1;
  } finally {
    await log.flush();
  }
}

/** Starts this program once for each worker. */
async function startSeveral(
  options: ServerOptions,
  args: readonly string[],
  log: RelayLog,
): Promise<number> {
  const { state } = await Deno.permissions.query({
    name: "run",
    command: Deno.execPath(),
  });
  if (state !== "granted") {
    throw new UsageError(
      "--workers: this relay may not start others; messageu-relay may",
    );
  }
  return await runGroup(
    options,
    args,
    async (args) =>
      Deno.build.standalone ? args : await relayCommand(Deno.mainModule, args),
    log,
  );
}

/** Opens the secure port; undefined for a relay without one. */
async function openSecure(
  { hostname, takeOver, dir, secure }: ServerOptions,
  log: RelayLog,
): Promise<SecurePort | undefined> {
  if (secure === undefined) return undefined;
  return await openSecurePort(
    { hostname, takeOver, dir, ...secure },
    (text) => log.warn(text),
  );
}

/** Prints where a relay serves, and the line for its users. */
function announce(
  relay: Relay,
  port: SecurePort | undefined,
  { hostname, secure }: ServerOptions,
  log: RelayLog,
): void {
  const address = formatAddress(relay.address);
  log.announce(`listening on ${address}`, { address });
  if (port === undefined || relay.secureAddress === undefined) return;
  const listening = { ...relay.secureAddress, hostname, key: port.relayKey };
  const { line, advice } = lineToPassOn(listening, secure?.name);
  const secureAddress = formatAddress(relay.secureAddress);
  const logged = "listening for the secure protocol";
  log.announce(line, { address: secureAddress }, logged);
  if (advice !== undefined) log.info(advice);
  if (port.newKey === undefined) return;
  log.info(`made ${port.newKey}, the key of that line: keep a copy of it`);
}

async function serve(options: ServerOptions, log: RelayLog): Promise<void> {
  const { pidFile } = options;
  using file = pidFile === undefined ? undefined : openPidFile(pidFile);
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  // With a launcher, that one gets SIGHUP too and decides.
  const stopsOnHangup = !options.stopWithInput && !await isHangupIgnored();
  using _ = onStopRequest(options, stopsOnHangup, stop);
  const broken = Promise.withResolvers<never>();
  // May have no awaiter yet; avoids an unhandled rejection.
  broken.promise.catch(() => {});
  // An exclusive store must not be taken over by a relay that can't listen. A
  // shared store opens first, so that no client waits for a missing database.
  const kind = kindOf(options.store);
  const isEarly = !kind.sharedByRelays;
  let listener = isEarly ? listen(options) : undefined;
  // Where the store can't be opened, the folder stays without a first key.
  const isKeyEarly = isEarly && hasRelayKey(options.dir);
  let secure = isKeyEarly ? await openSecure(options, log) : undefined;
  const telemetry = await openTelemetry(options, log);
  const notice = (text: string) => log.info(text);
  const opening = kind.open(options.store, {
    notice,
    ...options.takeOver && {
      waiting() {
        // Clients wait at the port until the other relay closes the store.
        const address = formatAddress(options);
        log.announce(`taking over ${address}`, { address });
      },
    },
  });
  // May have no awaiter any more; avoids an unhandled rejection.
  opening.catch(() => {});
  const store = await Promise.race([opening, stopped]);
  if (store === undefined) return;
  const report = (error: unknown) => {
    if (error instanceof StoreBrokenError) {
      const name = kind.name(options.store);
      broken.reject(new Error(`${name}: ${error.message}`));
    } else telemetry.report(error);
  };
  try {
    listener ??= listen(options);
    if (!isKeyEarly) secure = await openSecure(options, log);
    const retention = options.keep ?? SECURE_RETENTION;
    const relay = startRelay({
      listener,
      secure: secure && { ...secure, retention },
      store,
      limits: options.limits,
      drainTimeout: options.drain,
      report,
      watcher: telemetry.watcher,
    });
    const stopRetention = startRetention(
      store,
      { inboxes: options.keep, mailboxes: retention },
      notice,
      report,
    );
    telemetry.show({ relay, store, limits: options.limits });
    file?.write();
    await dropPermissions(options);
    announce(relay, secure, options, log);
    try {
      await Promise.race([stopped, broken.promise]);
      log.debug("stopping");
    } finally {
      await relay.close();
      await stopRetention();
      await telemetry.close();
    }
  } finally {
    await store.close();
  }
}

if (import.meta.main) await runProgram(withHelp(HELP, main));
