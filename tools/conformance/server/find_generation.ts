/**
 * Finds out which generation a server speaks.
 *
 * @module
 */

import type { Dialect } from "../../../shared/dialects.ts";
import type { Address } from "../../../shared/info_server.ts";
import { ResponseCode } from "../../../shared/protocol.ts";
import { Cast } from "./cast.ts";
import { CheckFailure } from "./check.ts";
import { randomName, registration } from "./frames.ts";
import { generations } from "./generation.ts";
import { Probe } from "./probe.ts";
import { Target } from "./target.ts";

/**
 * Registers somebody in one generation after the other, until that is taken. A
 * server that lets the time pass is asked on: it may wait for what the header
 * of another generation seems to claim.
 *
 * @param timeout milliseconds that an answer may take
 * @param signal ends it early
 * @returns the first one where the server takes no registration of any
 */
export async function findGeneration(
  address: Address,
  timeout: number,
  signal?: AbortSignal,
): Promise<Dialect> {
  const [first] = generations as readonly [Dialect];
  const stopped = Promise.withResolvers<undefined>();
  signal?.addEventListener("abort", () => stopped.resolve(undefined));
  for (const dialect of generations) {
    if (signal?.aborted) break;
    const probe = new Probe(new Target(address, timeout, dialect), new Cast());
    const asked = probe.ask(registration(randomName()));
    try {
      const answer = await Promise.race([asked, stopped.promise]);
      if (answer?.code === ResponseCode.Registered) return dialect;
    } catch (error) {
      if (!(error instanceof CheckFailure)) throw error;
      // Nothing was asked where there was no connection.
      if (probe.exchange.length === 0) break;
    } finally {
      probe.close();
    }
  }
  return first;
}
