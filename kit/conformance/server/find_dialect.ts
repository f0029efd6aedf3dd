/**
 * Finds out the dialect of a server, and the version that it accepts.
 *
 * @module
 */

import { defaultDialect, type Dialect } from "../../../shared/wire/dialects.ts";
import { PROTOCOL_VERSION } from "../../../shared/wire/protocol.ts";
import { responseCode } from "../../../shared/wire/requests.ts";
import {
  type Address,
  formatAddress,
} from "../../../shared/folder/info_files.ts";
import { UsageError } from "../../../shared/cli/program.ts";
import { UserPool } from "./user_pool.ts";
import { CheckFailure } from "./check.ts";
import { randomName, registration } from "./frames.ts";
import { type ServerDialect, serverDialects } from "./server_dialect.ts";
import { Probe } from "./probe.ts";
import { NoConnection, Target } from "./target.ts";

/** Versions to try: some servers accept 1 alone. */
const VERSIONS = [PROTOCOL_VERSION, 1];

/** Factor of the time-out before a server counts as silent. */
const LONG = 5;

/** Result of a registration. */
type Ending =
  | "taken"
  | "refused"
  | "silent"
  | "stopped"
  | { readonly noConnection: NoConnection };

/** Options of {@linkcode findDialect}. */
export interface Finding {
  /** Dialects to try. Default: all. */
  readonly among?: readonly Dialect[];
  /** Stops the search. */
  readonly signal?: AbortSignal;
}

/**
 * Registers a user in one dialect after another until the server accepts: first
 * with version 2 in all of them, then with version 1. A server that is silent may
 * expect a header of another size, so the next dialect is tried; if it is silent
 * in all, it is asked again with five times the time-out.
 *
 * @param timeout milliseconds that a response may take
 * @returns the first dialect tried and version 2, if the server accepts none
 * @throws {UsageError} if nothing listens, the server is too slow for `timeout`,
 * or it stops to accept connections meanwhile
 */
export async function findDialect(
  address: Address,
  timeout: number,
  { among = serverDialects, signal }: Finding = {},
): Promise<ServerDialect> {
  const [first = defaultDialect] = among;
  const silent = new Set<Dialect>();
  let last: Dialect | undefined;
  for (const version of VERSIONS) {
    for (const dialect of among) {
      if (silent.has(dialect)) continue;
      const serverDialect = { dialect, version };
      const target = new Target(address, timeout, serverDialect);
      const ending = await register(target, signal);
      if (ending === "taken" || ending === "stopped") return serverDialect;
      if (ending === "silent") silent.add(dialect);
      if (typeof ending === "string") last = dialect;
      else if (last === undefined) {
        throw new UsageError(notThere(address, ending.noConnection));
      } else if (among.length > 1) {
        throw new UsageError(wentAway(address, last));
      }
    }
  }
  return await lateResponse(address, timeout, [...silent], signal) ??
    { dialect: first, version: PROTOCOL_VERSION };
}

/**
 * Registers in all these dialects at once, with a long time-out.
 *
 * @returns undefined if no response comes
 * @throws {UsageError} if one comes after the time-out, with a sufficient one
 */
async function lateResponse(
  address: Address,
  timeout: number,
  silent: readonly Dialect[],
  signal?: AbortSignal,
): Promise<ServerDialect | undefined> {
  const start = performance.now();
  const enough = new AbortController();
  const signals = [enough.signal, ...signal ? [signal] : []];
  const asking = silent.map(async (dialect) => {
    const serverDialect = { dialect, version: PROTOCOL_VERSION };
    const target = new Target(address, LONG * timeout, serverDialect);
    const ending = await register(target, AbortSignal.any(signals));
    if (ending !== "taken") throw new Error("It wasn't");
    return { serverDialect, took: performance.now() - start };
  });
  try {
    const { serverDialect, took } = await Promise.any(asking);
    if (took > timeout) throw new UsageError(tooSlow(address, timeout, took));
    // It was busy for a moment, and is quick by now.
    return serverDialect;
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    return undefined;
  } finally {
    enough.abort();
    await Promise.allSettled(asking);
  }
}

async function register(
  target: Target,
  signal?: AbortSignal,
): Promise<Ending> {
  if (signal?.aborted) return "stopped";
  const start = performance.now();
  const probe = new Probe(target, new UserPool());
  // A connection that is closed here ends the wait for its response.
  const stop = () => probe.close();
  signal?.addEventListener("abort", stop);
  try {
    const { code } = await probe.ask(registration(randomName()));
    return code === responseCode.register ? "taken" : "refused";
  } catch (error) {
    if (!(error instanceof CheckFailure)) throw error;
    if (signal?.aborted) return "stopped";
    if (error instanceof NoConnection) return { noConnection: error };
    return performance.now() - start < target.timeout ? "refused" : "silent";
  } finally {
    signal?.removeEventListener("abort", stop);
    probe.close();
  }
}

/** What to tell a user whose server can't be reached. */
export const notThere = (address: Address, { got }: NoConnection) =>
  /refused/i.test(got)
    ? `nothing listens at ${formatAddress(address)}: start the server first`
    : `no connection to ${formatAddress(address)}: ${got}`;

const tooSlow = (address: Address, timeout: number, took: number) =>
  `${formatAddress(address)} took ${(took / 1000).toFixed(1)} s to answer a ` +
  `registration, and ${timeout / 1000} s were given: give it more with ` +
  `--timeout ${roundUp(2 * took)}`;

/** The next of 1000, 2000, 5000, 10000 and so on. */
function roundUp(ms: number): number {
  const power = 10 ** Math.floor(Math.log10(ms));
  return power * ([1, 2, 5].find((step) => step * power >= ms) ?? 10);
}

const wentAway = (address: Address, { name }: Dialect) =>
  `${formatAddress(address)} takes no connections since it was asked to ` +
  `register in dialect ${name}: start it again, and say which one it ` +
  "speaks with --dialect";
