/**
 * What a check of somebody's program came to, and what all of them came to.
 *
 * @module
 */

import {
  type ClauseId,
  clauses,
  type Level,
  type Party,
} from "../../clauses.ts";

/** Bytes of a message that are kept for the report. */
const MOST_KEPT = 4096;
/** The largest exit code that no shell uses for something else. */
const MOST_CODE = 125;

/** Bytes that went over a connection, a whole frame where they are one. */
export interface Exchanged {
  /** Which way: from the client to the server, or back. */
  readonly direction: "request" | "answer";
  /** The bytes, or the first 4096 of more. */
  readonly bytes: Uint8Array;
  /** How many they were. */
  readonly size: number;
  /** The connection's number, from 1 within the check. */
  readonly connection: number;
  /** How they went, or what was odd about them. */
  readonly note?: string;
  /** Whether they only made what the check needs, such as a user. */
  readonly prepares?: boolean;
  /** Whom the check plays: the clauses of that party alone aren't what it looks for. */
  readonly plays?: Party;
}

/** What happened on the check's connections, in its order. */
export type Exchange = readonly Exchanged[];

/** How a check ended; one that couldn't be made is skipped. */
export type Verdict = "pass" | "fail" | "skipped";

/** What a check is, before it is made. */
export interface CheckInfo {
  /** Its name, in kebab case. */
  readonly name: string;
  /** What it is about, in a word: the report's group. */
  readonly subject: string;
  /** The clause that it holds somebody to. */
  readonly clause: ClauseId;
  /** What it looks for, in a sentence. */
  readonly about: string;
}

/** What a check came to. */
export interface Outcome extends CheckInfo {
  /** How strictly its clause binds. */
  readonly level: Level;
  /** How it ended. */
  readonly verdict: Verdict;
  /** Whether it wasn't even tried, since nobody is there to be checked. */
  readonly untried?: true;
  /** What was seen instead, or why it was skipped; not where it passed. */
  readonly reason?: string;
  /** What should have been seen, where it failed. */
  readonly expected?: string;
  /** What was sent and what came back. */
  readonly exchange: Exchange;
  /** Milliseconds that it took. */
  readonly ms: number;
}

/** How many checks ended how. */
export interface Tally {
  /** All that were made or skipped. */
  readonly checks: number;
  /** Those that passed. */
  readonly passed: number;
  /** Those that couldn't be made. */
  readonly skipped: number;
  /** Those that failed, by their clause's level. */
  readonly failed: Readonly<Record<Level, number>>;
}

/** How strictly a check's clause binds. */
export const levelOf = ({ clause }: { clause: ClauseId }): Level =>
  clauses[clause].level;

/** Notes bytes for the report, in a copy and without what is too much. */
export function exchanged(
  bytes: Uint8Array,
  about: Omit<Exchanged, "bytes" | "size">,
): Exchanged {
  return { ...about, bytes: bytes.slice(0, MOST_KEPT), size: bytes.length };
}

/** Counts how checks ended. */
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

/** The failed checks of MUSTs, 125 at most: shells use larger codes themselves. */
export const exitCode = ({ failed }: Tally): number =>
  Math.min(failed.MUST, MOST_CODE);
