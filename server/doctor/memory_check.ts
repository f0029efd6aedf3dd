/**
 * Whether there is memory for what the limits allow.
 *
 * @module
 */

import process from "node:process";
import { reasonOf } from "../../shared/cli/reason.ts";
import type { Limits } from "../relay/limits/limits.ts";
import { formatBytes } from "../telemetry/figures.ts";
import type { Finding } from "./finding.ts";

const MIB = 1024 * 1024;

/** Bytes of a relay under load with nothing large under way, and of the lists that it keeps. */
const BASE = 256 * MIB;
/** Bytes of a connection with nothing under way. */
const CONNECTION = 15 * 1024;

/** A machine's memory, or a container's, in bytes. */
export interface Memory {
  /** What could be had now. */
  available: number;
  /** All of it. */
  total: number;
}

/** Looks at this machine's memory. */
export function checkMemory(limits: Limits): Finding {
  try {
    return judgeMemory(measureMemory(), limits);
  } catch (error) {
    return { verdict: "?", what: `memory unknown here: ${reasonOf(error)}` };
  }
}

/** @throws {Error} where the system or a permission doesn't tell */
function measureMemory(): Memory {
  const { available, total } = Deno.systemMemoryInfo();
  // A container's limit; 0 or something huge where there is none.
  const limit = process.constrainedMemory() || Infinity;
  return {
    available: Math.min(available, process.availableMemory()),
    total: Math.min(total, limit),
  };
}

/** What the memory means for a relay with these limits. */
export function judgeMemory(
  { available, total }: Memory,
  { maxInflight, maxConnections }: Limits,
): Finding {
  const need = BASE + maxInflight + CONNECTION * maxConnections;
  const uncounted = maxConnections === 0 ? ", connections not counted" : "";
  const what = `${formatBytes(available)} of ${
    formatBytes(total)
  } free, these limits allow ${formatBytes(need)}${uncounted}`;
  const advice = "lower --max-inflight or --max-connections";
  if (need > total) return { verdict: "bad", what, advice };
  if (need > available) {
    return {
      verdict: "warn",
      what,
      advice: `${advice}, or stop other programs`,
    };
  }
  return { verdict: "ok", what };
}
