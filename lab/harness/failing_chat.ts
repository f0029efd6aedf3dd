/**
 * The client, and two ways to make it fail, so that tests see what becomes of a
 * terminal: SIGUSR1 makes it throw without a catch, SIGUSR2 makes a promise
 * be rejected.
 */

import process from "node:process";
import { runClient } from "../../client/ui/cli/run_client.ts";
import { runProgram } from "../../shared/cli/program.ts";

process.on("SIGUSR1", () => {
  const { state } = Deno.permissions.querySync({ name: "env" });
  throw new Error(`thrown by a listener, env ${state}`);
});
process.on("SIGUSR2", () => {
  Promise.reject(new Error("rejected without a reader"));
});

await runProgram((args) => runClient(args));
