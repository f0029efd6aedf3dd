/**
 * Whether a database's commits are durable, and how long one takes.
 *
 * @module
 */

import { formatCount, formatDuration } from "../../../../shared/cli/figures.ts";
import { type Database, isSafeCommit } from "../connection/database.ts";
import { databaseError, isFromServer } from "../connection/database_errors.ts";
import { checkSettings } from "../schema.ts";
import { StoreError } from "../../store.ts";
import {
  bad,
  type Finding,
  ok,
  unknown,
  warning,
} from "../../../../shared/cli/finding.ts";
import {
  type Query,
  quickSql,
  sql,
  type Statement,
} from "../connection/statement.ts";

/** Commits, and trips there and back, that are measured at most. */
const ROUNDS = 50;
/** Milliseconds after which a slow database isn't measured on. */
const ENOUGH = 3000;
/** Milliseconds above which clients that send one by one notice. */
const SLOW = 50;

const TRIP = sql("SELECT 1");

// It writes into the database's log and nowhere else, as a part of its
// transaction: the commit waits for the log's sync as a message's does, and
// nothing of it stays.
const COMMIT = quickSql(
  "SELECT pg_logical_emit_message(true, 'messageu', repeat('x', 1024))::text",
);

// A connection that a pooler hands on begins with the other one.
const SETTING = sql(`SELECT setting, reset_val FROM pg_settings
    WHERE name = 'synchronous_commit'`);

/** Looks at the settings, and measures some commits. */
export async function checkCommit(
  { query, syncWait }: Pick<Database, "query" | "syncWait">,
): Promise<Finding> {
  let trip: number;
  let commit: number | undefined;
  try {
    await checkSettings(query);
    trip = await measure(query, TRIP);
    commit = await measureCommit(query);
  } catch (error) {
    await syncWait.look();
    const { message } = syncWait.obstacle ?? databaseError(error);
    return bad(message);
  }
  if (commit === undefined) {
    return unknown("this database has no function to measure it with");
  }
  const [row] = await query<[string, string]>(SETTING);
  const [setting = "", reset = ""] = row ?? [];
  return judgeCommit(commit, trip, setting, reset);
}

/**
 * What the medians of a commit and of a trip there and back mean, in milliseconds.
 *
 * @param setting the connection's `synchronous_commit`
 * @param reset what connections begin with
 */
export function judgeCommit(
  commit: number,
  trip: number,
  setting: string,
  reset: string = setting,
): Finding {
  const what = `synced (synchronous_commit = ${setting}); one takes ${
    formatDuration(commit)
  }, ${formatDuration(trip)} of it for the way there and back`;
  if (reset !== setting && !isSafeCommit(reset)) {
    return warning(
      `${what}; but connections begin with ${reset}, so one that a pooler hands on may lose what is acknowledged`,
      "ALTER ROLE … SET synchronous_commit = on",
    );
  }
  if (commit <= SLOW) return ok(what);
  const rate = formatCount(Math.max(1, 1000 / commit));
  return warning(
    `${what}, so a client that waits for each response sends no more than ${rate} messages/s`,
    "bring it nearer or use a faster disk, where that isn't enough",
  );
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
