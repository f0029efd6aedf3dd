/**
 * A relay that says how much memory it uses for each line of its input. Its arguments: the folder,
 * and its limits in JSON.
 */

import { openSqliteStore, startRelay } from "../../../server/mod.ts";

const [dir, limits = "{}"] = Deno.args;
const store = await openSqliteStore(`${dir}/db.defensive`);
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
startRelay({ listener, store, limits: JSON.parse(limits) });
console.log(`listening on 127.0.0.1:${listener.addr.port}`);
for await (const _line of Deno.stdin.readable) {
  console.log(`memory ${Deno.memoryUsage().rss}`);
}
