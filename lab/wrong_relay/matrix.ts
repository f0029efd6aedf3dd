/** Runs the checks of a server against the wrong relay: each fault fails exactly its own. */

import { allChecks } from "../../kit/conformance/server/checks.ts";
import {
  checkServer,
  type ServerChecks,
} from "../../kit/conformance/server/check_server.ts";
import type { Fault, Seams } from "./fault.ts";
import { type FaultName, faults } from "./faults.ts";
import { startWrongRelay } from "./wrong_relay.ts";

/** Milliseconds that a response may take: long enough for a busy machine. */
const TIMEOUT = 10_000;
/** Milliseconds where a fault leaves requests without a response: checks wait for all of them. */
const SHORT_TIMEOUT = 1500;
/** Relays at once: checks mostly wait. */
const AT_ONCE = 16;

/** Which checks a fault failed. */
export interface Found {
  readonly name: FaultName;
  /** Names, in the order of the report. */
  readonly failed: readonly string[];
}

/**
 * Runs checks against every fault, several at once.
 *
 * @param names the faults
 * @param checksOf the names of the checks to run for a fault
 */
export async function runMatrix(
  names: readonly FaultName[],
  checksOf: (name: FaultName) => readonly string[],
  found: (found: Found) => Promise<void> | void,
): Promise<void> {
  // Faults that checks wait for take longest.
  const left = names.toSorted((a, b) => weight(faults[b]) - weight(faults[a]));
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let name; (name = left.shift()) !== undefined;) {
      const only = checksOf(name);
      const failed = only.length === 0
        ? {}
        : await failedChecks([name], { only });
      await found({ name, failed: Object.keys(failed) });
    }
  }));
}

/** Every check in which the fault could cause a false accusation, and those that it declares. */
export function everyCheck(name: FaultName): string[] {
  const { fails, only }: Fault = faults[name];
  return allChecks.filter((check) =>
    only === undefined || only.includes(check.subject) ||
    only.includes(check.name) || fails.includes(check.name)
  ).map((check) => check.name);
}

/** The checks that the fault declares, and of the others a fixed sample: one in so many. */
export function sampledChecks(name: FaultName, oneIn: number): string[] {
  const { fails }: Fault = faults[name];
  return everyCheck(name).filter((check) =>
    fails.includes(check) || hash(`${name} ${check}`) % oneIn === 0
  );
}

/**
 * Starts the relay with faults and runs checks.
 *
 * @param chosen which checks, all by default, and milliseconds that a response may take
 * @param more what the relay has beside the faults
 * @returns the failed checks by name, each with its reason
 */
export async function failedChecks(
  names: readonly FaultName[],
  chosen: Pick<ServerChecks, "only" | "timeout"> = {},
  ...more: Seams[]
): Promise<Record<string, string | undefined>> {
  await using relay = await startWrongRelay(names, ...more);
  const isSilent = names.some((name) => (faults[name] as Fault).isSilent);
  const timeout = isSilent ? SHORT_TIMEOUT : TIMEOUT;
  const failed: Record<string, string | undefined> = {};
  const { address } = relay;
  for await (
    const { name, verdict, reason } of checkServer({
      timeout,
      ...chosen,
      address,
    })
  ) {
    if (verdict === "fail") failed[name] = reason;
  }
  return failed;
}

const weight = ({ isSilent, fails }: Fault) =>
  (isSilent ? allChecks.length : 0) + fails.length;

/** FNV-1a over UTF-16 units: the same in every run. */
function hash(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}
