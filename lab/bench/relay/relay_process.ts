/**
 * The relay under test, on the database that the first argument names, a file
 * or a URL, its limits off: `port`, and `stats` for what it has written and
 * used. With `loop` as the second its writer has no thread of its own.
 */

import { openSqliteStore, startRelay } from "../../../server/mod.ts";
import { openPostgresStore } from "../../../server/store/postgres/mod.ts";
import { openWithWriter } from "../../../server/store/sqlite/sqlite.ts";
import { reasonOf } from "../../../shared/cli/reason.ts";
import { serveCommands, usage } from "./child.ts";
import { LoopWriter } from "./loop_writer.ts";

const [path, writer] = Deno.args;
if (path === undefined) {
  throw new Error("Expected the database's path, got none");
}
const store = path.startsWith("postgres:")
  ? await openPostgresStore(path)
  : writer === "loop"
  ? await openWithWriter(path, {}, () => Promise.resolve(new LoopWriter(path)))
  : await openSqliteStore(path);
const relay = startRelay({
  listener: Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  store,
  limits: {
    maxConnections: 0,
    maxConnectionsPerAddress: 0,
    maxWaiting: 0,
    maxWaitingBytes: 0,
    registrationsPerMinute: 0,
  },
  report: (error) => console.error(`error: ${reasonOf(error)}`),
});

await serveCommands({
  port: () => relay.address.port,
  stats() {
    const { count, sum } = store.commits.writes;
    return { commits: count, writes: sum, ...usage() };
  },
});

await relay.close();
await store.close();
