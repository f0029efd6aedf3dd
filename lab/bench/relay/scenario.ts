/**
 * What a scenario is: work that the relay does, and what it is held against.
 *
 * @module
 */

import type { RunResult } from "./run.ts";

/** What the relay has to reach. */
export interface Target {
  /** The work, as the table names it. */
  work: string;
  /** What it is held against. */
  yardstick: string;
  /** The ratio of both. */
  ratio: number;
  /** Whether the ratio is to be this at least or at most. */
  is: "at least" | "at most";
  /** What is measured. */
  unit: "/s" | "ms";
}

/** One round of a target. */
export interface Round {
  /** The relay's figure. */
  relay: number;
  /** The yardstick's. */
  yardstick: number;
  /** Writes of one of the relay's commits. */
  group?: number;
  /** Share of one processor that the load used against the relay. */
  loadCpu: number;
}

/** Something to measure. */
export interface Scenario {
  /** What `--only` calls it. */
  name: string;
  /** What it shows. */
  targets: readonly Target[];
  /** Measures once, each target's round in their order. */
  measure: (seconds: number) => Promise<Round[]>;
  /** What the same load reaches against a relay that does nothing; where that isn't the yardstick. */
  ceiling?: (seconds: number) => Promise<RunResult>;
}
