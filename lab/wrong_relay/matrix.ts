/** Holds the checks of a server against the wrong relay: each fault fails exactly its own. */

import { assertEquals } from "@std/assert";
import {
  checkServer,
  type ServerChecks,
} from "../../kit/conformance/server/check_server.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../tests/support/test_with.ts";
import type { Faults, Seams } from "./fault.ts";
import type { FaultName } from "./faults.ts";
import { startWrongRelay } from "./wrong_relay.ts";

/** Milliseconds that an answer may take: a busy machine is no fault. */
const TIMEOUT = 3000;
/** Relays at once: where a check fails, it mostly waits. */
const AT_ONCE = 8;

/** Registers a test for a file of faults, with a step for each of them. */
export function testFaults(subject: string, faults: Faults): void {
  testWith(
    LOOPBACK_AND_FILES,
    `each fault of ${subject} fails the checks that it should, and no others`,
    async (t) => {
      // What fails much takes long: it goes first.
      const left = Object.entries(faults)
        .sort(([, a], [, b]) => b.fails.length - a.fails.length);
      const work = async () => {
        for (let next; (next = left.shift()) !== undefined;) {
          const [name, { about, fails, only }] = next;
          const chosen = only === undefined ? {} : { only };
          await t.step({
            name: `${name}: ${about}`,
            // They run side by side.
            sanitizeOps: false,
            sanitizeResources: false,
            sanitizeExit: false,
            fn: async () =>
              assertEquals(
                Object.keys(await failedChecks([name as FaultName], chosen))
                  .sort(),
                fails.toSorted(),
              ),
          });
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    },
  );
}

/**
 * Starts the relay with faults, makes checks and returns why those failed that did.
 *
 * @param chosen which checks; all of them where it doesn't say, and how long an answer may take
 * @param more what the relay has beside the faults
 */
export async function failedChecks(
  faults: readonly FaultName[],
  chosen: Pick<ServerChecks, "only" | "timeout"> = {},
  ...more: Seams[]
): Promise<Record<string, string | undefined>> {
  await using relay = await startWrongRelay(faults, ...more);
  const failed: Record<string, string | undefined> = {};
  const { address } = relay;
  for await (
    const outcome of checkServer({ timeout: TIMEOUT, ...chosen, address })
  ) {
    const { name, verdict, reason } = outcome;
    if (verdict === "fail") failed[name] = reason;
  }
  return failed;
}
