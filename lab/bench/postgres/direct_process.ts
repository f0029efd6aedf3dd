/**
 * Inserts many rows with each statement, through the client that the store
 * uses and with nothing of a relay about it: `insert PLAN` returns rows a second.
 */

import { Database } from "../../../server/store/postgres/connection/database.ts";
import { sql } from "../../../server/store/postgres/connection/statement.ts";
import { serveCommands } from "../relay/child.ts";
import { randomContent } from "../relay/seed.ts";
import type { DirectPlan } from "./rounds.ts";

const ID_SIZE = 16;
const INSERT = sql(
  `INSERT INTO messages (ToClient, ID, FromClient, Type, Content, Rest, Arrived)
    SELECT substring($1::bytea FROM start FOR ${ID_SIZE}), id,
      substring($1 FROM start FOR ${ID_SIZE}), 3,
      substring($1 FROM start + ${ID_SIZE} FOR size), 0, 0
    FROM unnest($2::bigint[], $3::int[], $4::int[]) AS m (id, start, size)`,
);

const [url = ""] = Deno.args;
let id = 0;

async function insert(
  { group, connections, seconds, contentSize }: DirectPlan,
): Promise<number> {
  const database = new Database(url, connections);
  const content = randomContent(contentSize);
  let rows = 0;
  const start = performance.now();
  const end = start + seconds * 1000;
  const one = async () => {
    while (performance.now() < end) {
      const bytes = new Uint8Array(group * (ID_SIZE + contentSize));
      const ids: number[] = [];
      const starts: number[] = [];
      for (let row = 0; row < group; row++) {
        const at = row * (ID_SIZE + contentSize);
        crypto.getRandomValues(bytes.subarray(at, at + ID_SIZE));
        bytes.set(content, at + ID_SIZE);
        ids.push(++id);
        starts.push(at + 1);
      }
      const sizes = ids.map(() => contentSize);
      await database.query(INSERT, [bytes, ids, starts, sizes]);
      if (performance.now() < end) rows += group;
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  await database.close();
  return rows / seconds;
}

await serveCommands({ insert: (plan) => insert(plan as DirectPlan) });
