import { openPostgresStore } from "../../../server/store/postgres/mod.ts";
import type { PostgresCluster } from "../../harness/postgres_cluster.ts";
import { PUBLIC_KEY, userId, userName } from "../relay/users.ts";

/** Users that are registered: so many that the inboxes of two groups are mostly others. */
export const USERS = 100_000;

/** Users of one statement: it has to fit into a command line. */
const AT_ONCE = 2000;

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
