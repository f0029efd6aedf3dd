/**
 * Deletes messages that were taken: what many connections have to delete goes
 * into one statement and its commit.
 *
 * @module
 */

import { concat } from "@std/bytes";
import {
  CLIENT_ID_SIZE,
  type ClientId,
} from "../../../shared/wire/protocol.ts";
import type { CommitFigures } from "../commit_figures.ts";
import type { IdRun } from "../id_runs.ts";
import { InboxQueue } from "./inbox_queue.ts";
import { type Query, sql } from "./connection/statement.ts";

/** Runs of ids that are deleted at once, about. */
const MOST_RUNS = 2000;

const RUNS = `(
    SELECT substring($1::bytea FROM (owner - 1) * ${CLIENT_ID_SIZE} + 1 FOR ${CLIENT_ID_SIZE}) AS owner, first, last
    FROM unnest($2::int[], $3::bigint[], $4::bigint[]) AS u (owner, first, last)
  ) AS r`;

const DELETE = sql(`WITH pieces AS (
    DELETE FROM parts AS p USING ${RUNS}
    WHERE p.ToClient = r.owner AND p.ID BETWEEN r.first AND r.last
  ), gone AS (
    DELETE FROM messages AS m USING ${RUNS}
    WHERE m.ToClient = r.owner AND m.ID BETWEEN r.first AND r.last
    RETURNING 1
  )
  SELECT count(*) FROM gone`);

/** Messages of one inbox. */
export interface Deletion {
  recipient: ClientId;
  runs: readonly IdRun[];
}

/** Makes a queue of deletions. @param commits counts each commit, with the deletions in it */
export function deletionQueue(
  query: Query,
  commits: CommitFigures,
): InboxQueue<Deletion, void> {
  return new InboxQueue({
    async write(group) {
      const jobs = group.flatMap(({ jobs }) => jobs);
      try {
        const begin = performance.now();
        await deleteMessages(query, jobs);
        commits.record(jobs.length, performance.now() - begin);
        for (const { resolve } of jobs) resolve();
      } catch (error) {
        for (const { reject } of jobs) reject(error);
      }
    },
    groups: 1,
    sizeOf: ({ runs }) => ({ rows: runs.length, bytes: 0 }),
    enough: { rows: MOST_RUNS, bytes: Infinity },
    isAlone: () => false,
  });
}

/**
 * Deletes messages with their parts.
 *
 * @returns how many there were
 */
export async function deleteMessages(
  query: Query,
  deletions: readonly Deletion[],
): Promise<number> {
  const owners = concat(deletions.map(({ recipient }) => recipient));
  const rows = deletions.flatMap(({ runs }, i) =>
    runs.map(([first, last]) => ({ owner: i + 1, first, last }))
  );
  const [row] = await query<[number]>(DELETE, [
    owners,
    rows.map(({ owner }) => owner),
    rows.map(({ first }) => first),
    rows.map(({ last }) => last),
  ]);
  return row?.[0] ?? 0;
}
