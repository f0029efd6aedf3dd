/** SQLite alone as a process, on the database that the argument names: `insert PLAN`, `pull PLAN`. */

import { serveCommands } from "./commands.ts";
import { type InsertPlan, type PullPlan, SqliteAlone } from "./sqlite_alone.ts";

const [path] = Deno.args;
if (path === undefined) {
  throw new Error("Expected the database's path, got none");
}
const sqlite = new SqliteAlone(path);

await serveCommands({
  insert: (plan) => sqlite.insert(plan as InsertPlan),
  pull: (plan) => sqlite.pull(plan as PullPlan),
});

sqlite.close();
