/** Blocks transactions that are about to commit. */

import type { PostgresCluster } from "../../../lab/harness/postgres_cluster.ts";
import { Program } from "../../../lab/harness/program.ts";
import { until } from "../../../lab/harness/until.ts";

const HOLD = "BEGIN; SELECT 1 FROM relay FOR UPDATE; SELECT pg_sleep(60)";
/** In a database's sessions. */
const HOLDING = "wait_event = 'PgSleep' AND datname = current_database()";
const WAITING =
  "wait_event_type = 'Lock' AND application_name = 'messageu' AND datname = current_database()";

/** A lock on the row that tells relays whom to forget. */
export interface HeldRow extends AsyncDisposable {
  /** Whether a program of ours waits for it. */
  isWaitedFor(): Promise<boolean>;
  /** Lets go of it. */
  release(): Promise<void>;
}

/** Takes the lock, in a database that has its tables. */
export async function holdRelayRow(
  cluster: PostgresCluster,
  url: string,
): Promise<HeldRow> {
  const program = Program.run(
    "sh",
    ["-c", 'exec psql -XqAt -c "$0" "$1"', HOLD, url],
    "/",
    { PATH: cluster.path },
  );
  const sessions = async (which: string) =>
    Number(
      await cluster.sql(
        `SELECT count(*) FROM pg_stat_activity WHERE ${which}`,
        url,
      ),
    );
  const release = async () => {
    await cluster.sql(
      `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE ${HOLDING}`,
      url,
    );
  };
  await until("the lock", async () => await sessions(HOLDING) > 0);
  return {
    isWaitedFor: async () => await sessions(WAITING) > 0,
    release,
    async [Symbol.asyncDispose]() {
      await release();
      await program[Symbol.asyncDispose]();
    },
  };
}
