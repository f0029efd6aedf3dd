/** The no-op relay as a process; its argument says what it would have to hold: `port`. */

import type { AnswerPlan } from "./answers.ts";
import { serveCommands } from "./commands.ts";
import { runNoopRelay } from "./noop_relay.ts";

const [plan = "{}"] = Deno.args;
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const running = runNoopRelay(listener, JSON.parse(plan) as AnswerPlan);

await serveCommands({ port: () => listener.addr.port });

listener.close();
await running;
