/**
 * Outcomes of checks, and their tally.
 *
 * @module
 */

import { anyClause, type AnyClauseId } from "../../any_clause.ts";
import type { Level, Party } from "../../clauses.ts";

/** Number of bytes of a frame kept for the report. */
const MOST_KEPT = 4096;
/** The largest exit code that shells don't use themselves. */
const MOST_CODE = 125;

/** Bytes on a connection, usually a frame. */
export interface Exchanged {
  /** The direction: to the server, or back. */
  readonly direction: "request" | "answer";
  /** The bytes, at most the first 4096. */
  readonly bytes: Uint8Array;
  /** The number of bytes. */
  readonly size: number;
  /** The connection's number within the check, from 1. */
  readonly connection: number;
  /** A remark on them. */
  readonly note?: string;
  /** Whether they only prepared the check. */
  readonly prepares?: boolean;
  /** The party that the check plays, whose clauses it doesn't judge. */
  readonly plays?: Party;
}

/** The frames on a check's connections, in order. */
export type Exchange = readonly Exchanged[];

/** Result of a check; `skipped` if it couldn't be made. */
export type Verdict = "pass" | "fail" | "skipped";

/** The declaration of a check. */
export interface CheckInfo {
  /** Its name, in kebab case. */
  readonly name: string;
  /** Its subject in a word, a group of the report. */
  readonly subject: string;
  /** The clause that it checks. */
  readonly clause: AnyClauseId;
  /** What it checks, in a sentence. */
  readonly about: string;
}

/** The outcome of a check. */
export interface Outcome extends CheckInfo {
  /** Level of its clause. */
  readonly level: Level;
  /** Its result. */
  readonly verdict: Verdict;
  /** Whether it wasn't tried, since the server is gone. */
  readonly untried?: true;
  /** What was observed, or why it was skipped; undefined if it passed. */
  readonly reason?: string;
  /** What was expected, if it failed. */
  readonly expected?: string;
  /** Its frames. */
  readonly exchange: Exchange;
  /** Its duration in milliseconds. */
  readonly ms: number;
}

/** Number of checks by result. */
export interface Tally {
  /** All checks. */
  readonly checks: number;
  /** Passed checks. */
  readonly passed: number;
  /** Skipped checks. */
  readonly skipped: number;
  /** Failed checks by the level of their clause. */
  readonly failed: Readonly<Record<Level, number>>;
}

/** The level of a check's clause. */
export const levelOf = ({ clause }: { clause: AnyClauseId }): Level =>
  anyClause[clause].level;

/** Copies the first bytes of a frame for the report. */
export function exchanged(
  bytes: Uint8Array,
  about: Omit<Exchanged, "bytes" | "size">,
): Exchanged {
  return { ...about, bytes: bytes.slice(0, MOST_KEPT), size: bytes.length };
}

/** Counts checks by result. */
export function tally(outcomes: readonly Outcome[]): Tally {
  const failed = { MUST: 0, SHOULD: 0, MAY: 0 };
  let [passed, skipped] = [0, 0];
  for (const { verdict, level } of outcomes) {
    if (verdict === "pass") passed++;
    else if (verdict === "skipped") skipped++;
    else failed[level]++;
  }
  return { checks: outcomes.length, passed, skipped, failed };
}

/** The number of failed MUSTs, at most 125: shells use larger codes themselves. */
export const exitCode = ({ failed }: Tally): number =>
  Math.min(failed.MUST, MOST_CODE);
