/**
 * Whether a database's commits are durable, and how long one takes.
 *
 * @module
 */

import { formatCount, formatDuration } from "../figures.ts";
import type { Query, Statement } from "../store/postgres/database.ts";
import {
  databaseError,
  isFromServer,
} from "../store/postgres/database_errors.ts";
import { checkSettings } from "../store/postgres/schema.ts";
import { StoreError } from "../store/store.ts";
import type { Finding } from "./finding.ts";

/** Commits, and trips there and back, that are measured at most. */
const ROUNDS = 50;
/** Milliseconds after which a slow database isn't measured on. */
const ENOUGH = 3000;
/** Milliseconds above which clients that send one by one notice. */
const SLOW = 50;

const TRIP: Statement = { name: "doctor-trip", text: "SELECT 1" };

// It writes into the database's log and nowhere else, as a part of its
// transaction: the commit waits for the log's sync as a message's does, and
// nothing of it stays.
const COMMIT: Statement = {
  name: "doctor-commit",
  text:
    "SELECT pg_logical_emit_message(true, 'messageu', repeat('x', 1024))::text",
};

const SETTING: Statement = {
  name: "doctor-setting",
  text: "SELECT current_setting('synchronous_commit')",
};

/** Looks at the settings, and measures some commits. */
export async function checkCommit(query: Query): Promise<Finding> {
  try {
    await checkSettings(query);
  } catch (error) {
    return { verdict: "bad", what: databaseError(error).message };
  }
  const trip = await measure(query, TRIP);
  const commit = await measureCommit(query);
  if (commit === undefined) {
    const what = "this database has no function to measure it with";
    return { verdict: "?", what };
  }
  const [row] = await query<[string]>(SETTING);
  return judgeCommit(commit, trip, row?.[0] ?? "");
}

/** What the medians of a commit and of a trip there and back mean, in milliseconds. */
export function judgeCommit(
  commit: number,
  trip: number,
  setting: string,
): Finding {
  const what = `synced (synchronous_commit = ${setting}); one takes ${
    formatDuration(commit)
  }, ${formatDuration(trip)} of it for the way there and back`;
  if (commit <= SLOW) return { verdict: "ok", what };
  const rate = formatCount(Math.max(1, 1000 / commit));
  return {
    verdict: "warn",
    what:
      `${what}, so who waits for each answer sends no more than ${rate} messages/s`,
    advice: "bring it nearer or use a faster disk, where that isn't enough",
  };
}

/** Undefined where the server refuses it: not every kind of server has it. */
async function measureCommit(query: Query): Promise<number | undefined> {
  try {
    return await measure(query, COMMIT);
  } catch (error) {
    if (error instanceof StoreError && isFromServer(error.cause)) return;
    throw error;
  }
}

/** The median of what a statement takes, in milliseconds. */
async function measure(query: Query, statement: Statement): Promise<number> {
  // The first time it is prepared, too.
  await query(statement);
  const times: number[] = [];
  const start = performance.now();
  while (times.length < ROUNDS && performance.now() - start < ENOUGH) {
    const begin = performance.now();
    await query(statement);
    times.push(performance.now() - begin);
  }
  times.sort((a, b) => a - b);
  return times[times.length >> 1] ?? 0;
}
