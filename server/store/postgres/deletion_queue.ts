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
import type { Query, Statement } from "./connection/database.ts";

/** Runs of ids that are deleted at once, about. */
const MOST_RUNS = 2000;

const RUNS = `(
    SELECT substring($1::bytea FROM (owner - 1) * ${CLIENT_ID_SIZE} + 1 FOR ${CLIENT_ID_SIZE}) AS owner, first, last
    FROM unnest($2::int[], $3::bigint[], $4::bigint[]) AS u (owner, first, last)
  ) AS r`;

const DELETE: Statement = {
  name: "remove",
  text: `WITH pieces AS (
    DELETE FROM parts AS p USING ${RUNS}
    WHERE p.ToClient = r.owner AND p.ID BETWEEN r.first AND r.last
  ), gone AS (
    DELETE FROM messages AS m USING ${RUNS}
    WHERE m.ToClient = r.owner AND m.ID BETWEEN r.first AND r.last
    RETURNING 1
  )
  SELECT count(*) FROM gone`,
};

/** Messages of one inbox. */
export interface Deletion {
  /** Whose they are. */
  recipient: ClientId;
  /** Their ids. */
  runs: readonly IdRun[];
}

interface Waiting extends Deletion {
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Deletions on their way. */
export class DeletionQueue {
  readonly #query: Query;
  readonly #commits: CommitFigures;
  #waiting: Waiting[] = [];
  #working = false;

  /** @param commits counts each commit, with the deletions in it */
  constructor(query: Query, commits: CommitFigures) {
    this.#query = query;
    this.#commits = commits;
  }

  /** Deletes messages. @throws {StoreError} where that failed */
  delete(recipient: ClientId, runs: readonly IdRun[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ recipient, runs, resolve, reject });
      if (!this.#working) queueMicrotask(() => this.#work());
      this.#working = true;
    });
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#take();
      try {
        const begin = performance.now();
        await deleteMessages(this.#query, group);
        this.#commits.record(group.length, performance.now() - begin);
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#working = false;
  }

  #take(): Waiting[] {
    let runs = 0;
    const end = this.#waiting.findIndex((deletion) =>
      (runs += deletion.runs.length) >= MOST_RUNS
    );
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end + 1);
  }
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
