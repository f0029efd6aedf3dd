/**
 * Finds out which generation a server speaks, and which version it takes.
 *
 * @module
 */

import { defaultDialect, type Dialect } from "../../../shared/wire/dialects.ts";
import { PROTOCOL_VERSION } from "../../../shared/wire/protocol.ts";
import { responseCode } from "../../../shared/wire/requests.ts";
import {
  type Address,
  formatAddress,
} from "../../../shared/folder/info_server.ts";
import { UsageError } from "../../../shared/cli/program.ts";
import { Cast } from "./cast.ts";
import { CheckFailure } from "./check_failure.ts";
import { randomName, registration } from "./frames.ts";
import { generations, type Spoken } from "./generation.ts";
import { Probe } from "./probe.ts";
import { NoConnection, Target } from "./target.ts";

/** Versions that requests are tried with: some servers know 1 alone. */
const VERSIONS = [PROTOCOL_VERSION, 1];

/** How many times as long a silent server gets, before it is taken for one. */
const LONG = 5;

/** How a registration went. */
type Ending =
  | "taken"
  | "refused"
  | "silent"
  | "stopped"
  | { readonly noConnection: NoConnection };

/** How it is found out. */
export interface Finding {
  /** The generations that are tried. Default: all. */
  readonly among?: readonly Dialect[];
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

/**
 * Registers somebody in one generation after the other, until that is taken;
 * first with version 2 in all of them, and then with 1. A server that waits for
 * more may have taken the header for one of another size, so others are tried.
 * One that answers none of them is asked again, and gets five times as long.
 *
 * @param timeout milliseconds that an answer may take
 * @returns the first generation tried, and version 2, where none is taken
 * @throws {UsageError} where nothing listens, where the server is too slow for
 * `timeout`, or where it goes away over that: it has to be told what it speaks then
 */
export async function findSpoken(
  address: Address,
  timeout: number,
  { among = generations, signal }: Finding = {},
): Promise<Spoken> {
  const [first = defaultDialect] = among;
  const silent = new Set<Dialect>();
  let last: Dialect | undefined;
  for (const version of VERSIONS) {
    for (const dialect of among) {
      if (silent.has(dialect)) continue;
      const spoken = { dialect, version };
      const target = new Target(address, timeout, spoken);
      const ending = await register(target, signal);
      if (ending === "taken" || ending === "stopped") return spoken;
      if (ending === "silent") silent.add(dialect);
      if (typeof ending === "string") last = dialect;
      else if (last === undefined) {
        throw new UsageError(notThere(address, ending.noConnection));
      } else if (among.length > 1) {
        throw new UsageError(wentAway(address, last));
      }
    }
  }
  return await lateAnswer(address, timeout, [...silent], signal) ??
    { dialect: first, version: PROTOCOL_VERSION };
}

/**
 * Asks in all these generations at once, and waits for long.
 *
 * @returns undefined where no answer comes
 * @throws {UsageError} where an answer comes then: with how much time it would do
 */
async function lateAnswer(
  address: Address,
  timeout: number,
  silent: readonly Dialect[],
  signal?: AbortSignal,
): Promise<Spoken | undefined> {
  const start = performance.now();
  const enough = new AbortController();
  const signals = [enough.signal, ...signal ? [signal] : []];
  const asking = silent.map(async (dialect) => {
    const spoken = { dialect, version: PROTOCOL_VERSION };
    const target = new Target(address, LONG * timeout, spoken);
    const ending = await register(target, AbortSignal.any(signals));
    if (ending !== "taken") throw new Error("It wasn't");
    return { spoken, took: performance.now() - start };
  });
  try {
    const { spoken, took } = await Promise.any(asking);
    if (took > timeout) throw new UsageError(tooSlow(address, timeout, took));
    // It was busy for a moment, and is quick by now.
    return spoken;
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
  const probe = new Probe(target, new Cast());
  // A connection that is closed here ends the wait for its answer.
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

const notThere = (address: Address, { got }: NoConnection) =>
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
  `register in generation ${name}: start it again, and say which one it ` +
  "speaks with --dialect";
