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
 * Registers somebody in one generation after the other, until that is taken.
 *
 * @param timeout milliseconds that an answer may take; a server that lets it
 * pass isn't asked again
 * @returns the first one where the server takes no registration of any
 */
export async function findGeneration(
  address: Address,
  timeout: number,
): Promise<Dialect> {
  const [first] = generations as readonly [Dialect];
  for (const dialect of generations) {
    const start = performance.now();
    const probe = new Probe(new Target(address, timeout, dialect), new Cast());
    try {
      const { code } = await probe.ask(registration(randomName()));
      if (code === ResponseCode.Registered) return dialect;
    } catch (error) {
      if (!(error instanceof CheckFailure)) throw error;
      if (performance.now() - start >= timeout) break;
    } finally {
      probe.close();
    }
  }
  return first;
}
