/**
 * PostgreSQL's own bench: each client inserts one row in a transaction, and
 * begins the next when it is committed.
 *
 * @module
 */

import { openPostgresStore } from "../../../server/store/postgres/mod.ts";
import type { PostgresCluster } from "../../harness/postgres_cluster.ts";
import { WARM_UP } from "../relay/contestants.ts";
import { randomContent } from "../relay/seed.ts";
import {
  CONTENT_SIZE,
  PUBLIC_KEY,
  userId,
  userName,
} from "../relay/fixtures.ts";

/** Users that are registered: so many that the inboxes of two groups are mostly others. */
export const USERS = 100_000;

/** Users of one statement: it has to fit into a command line. */
const AT_ONCE = 2000;

const content = () => `'\\x${randomContent(CONTENT_SIZE).toHex()}'`;
const SENDER = `'\\x${"a5".repeat(16)}'`;

/** What a client does: only inserts a row, or takes its id from the inbox's counter as a relay does. */
const scripts = {
  insert: () =>
    `\\set id random(1, 4000000000)
INSERT INTO messages (ToClient, ID, FromClient, Type, Content, Rest, Arrived)
  VALUES (decode(md5(random()::text), 'hex'), :id, ${SENDER}, 3, ${content()}, 0, 0);
`,
  counted: () =>
    `\\set user random(1, ${USERS})
WITH inbox AS (
  UPDATE activity SET LastMessage = LastMessage + 1, TotalBytes = TotalBytes + ${CONTENT_SIZE}
  WHERE ID = (SELECT ID FROM accounts WHERE Position = :user)
  RETURNING ID, LastMessage
) INSERT INTO messages (ToClient, ID, FromClient, Type, Content, Rest, Arrived)
  SELECT ID, LastMessage, ${SENDER}, 3, ${content()}, 0, 0 FROM inbox;
`,
} as const;

/** How pgbench is run. */
export interface PgbenchPlan {
  /** Clients at once. */
  clients: number;
  /** How long, after the warm-up. */
  seconds: number;
  /** A folder for its script. */
  dir: string;
}

/**
 * Runs it.
 *
 * @returns rows a second
 */
export async function pgbench(
  cluster: PostgresCluster,
  url: string,
  script: keyof typeof scripts,
  { clients, seconds, dir }: PgbenchPlan,
): Promise<number> {
  const path = `${dir}/${script}.sql`;
  await Deno.writeTextFile(path, scripts[script]());
  const run = async (seconds: number) => {
    const { stdout, stderr, success } = await new Deno.Command("sh", {
      args: ["-c", 'exec pgbench "$@"', "sh"].concat(
        ["-n", "-M", "prepared", "-f", path, "-c", `${clients}`],
        ["-j", "2", "-T", `${seconds}`, url],
      ),
      env: { PATH: cluster.path },
    }).output();
    const text = new TextDecoder();
    if (!success) throw new Error(text.decode(stderr));
    return Number(/tps = ([\d.]+)/.exec(text.decode(stdout))?.[1]);
  };
  await run(WARM_UP);
  return await run(seconds);
}

/** Makes a relay's tables in an empty database, with users numbered from 0. */
export async function seedUsers(
  cluster: PostgresCluster,
  url: string,
): Promise<void> {
  await (await openPostgresStore(url)).close();
  for (let first = 0; first < USERS; first += AT_ONCE) {
    const rows = Array.from(
      { length: AT_ONCE },
      (_, i) => `(${first + i},'\\x${userId(first + i).toHex()}'::bytea)`,
    );
    const named = `'${userName(0).slice(0, -1)}' || n`;
    await cluster.sql(
      `WITH u (n, id) AS (VALUES ${rows}), a AS (
        INSERT INTO accounts (ID, Position, UserName, PublicKey)
        SELECT id, n + 1, ${named}, '\\x${PUBLIC_KEY.toHex()}' FROM u
      ) INSERT INTO activity (ID, LastSeen)
        SELECT id, '2026-01-01T00:00:00.000Z' FROM u`,
      url,
    );
  }
  await cluster.sql("VACUUM ANALYZE", url);
}
