/**
 * Finds out which generation a server speaks, and which version it takes.
 *
 * @module
 */

import { defaultDialect, type Dialect } from "../../../shared/dialects.ts";
import { type Address, formatAddress } from "../../../shared/info_server.ts";
import { PROTOCOL_VERSION, ResponseCode } from "../../../shared/protocol.ts";
import { UsageError } from "../../../shared/usage_error.ts";
import { Cast } from "./cast.ts";
import { CheckFailure } from "./check_failure.ts";
import { randomName, registration } from "./frames.ts";
import { generations, type Spoken } from "./generation.ts";
import { Probe } from "./probe.ts";
import { NoConnection, Target } from "./target.ts";

/** Versions that requests are tried with: some servers know 1 alone. */
const VERSIONS = [PROTOCOL_VERSION, 1];

/** How a registration went. */
type Ending = "taken" | "refused" | "silent" | "nobody there" | "stopped";

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
 *
 * @param timeout milliseconds that an answer may take
 * @returns the first generation tried, and version 2, where none is taken
 * @throws {UsageError} where the server goes away over that: it has to be told then
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
      if (ending !== "nobody there") last = dialect;
      else if (last === undefined || among.length === 1) break;
      else throw new UsageError(wentAway(address, last));
    }
  }
  return { dialect: first, version: PROTOCOL_VERSION };
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
    return code === ResponseCode.Registered ? "taken" : "refused";
  } catch (error) {
    if (!(error instanceof CheckFailure)) throw error;
    if (signal?.aborted) return "stopped";
    if (error instanceof NoConnection) return "nobody there";
    return performance.now() - start < target.timeout ? "refused" : "silent";
  } finally {
    signal?.removeEventListener("abort", stop);
    probe.close();
  }
}

const wentAway = (address: Address, { name }: Dialect) =>
  `${formatAddress(address)} takes no connections since it was asked to ` +
  `register in generation ${name}: start it again, and say which one it ` +
  "speaks with --dialect";
