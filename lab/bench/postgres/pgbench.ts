/**
 * PostgreSQL's own bench: each client inserts one row in a transaction, and
 * begins the next when it is committed.
 *
 * @module
 */

import type { PostgresCluster } from "../../harness/postgres_cluster.ts";
import { WARM_UP } from "../relay/measuring.ts";
import { randomContent } from "../relay/seed.ts";
import { CONTENT_SIZE } from "../relay/texts.ts";
import { USERS } from "./seed.ts";

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
