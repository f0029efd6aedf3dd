/**
 * The client's program. The runtime reads every module that it sees named in
 * an import before it runs the first one. So names aren't whole in the imports
 * of what a verb may do without; `deno bundle` finds the modules nonetheless.
 *
 * @module
 */

import { runProgram } from "../shared/cli/program.ts";
import { printOwnIdentity } from "./ui/cli/verb/identity.ts";
import { processIo } from "./ui/cli/verb/io.ts";
import { Output } from "./ui/cli/verb/output.ts";

/** How the modules' names end. */
const END: string = ".ts";

async function main(): Promise<number> {
  const [verb, ...rest] = Deno.args;
  if (verb === "whoami" && rest.length === 0) {
    const isDone = await printOwnIdentity(
      processIo.dir,
      new Output(false, processIo),
    )
      // The verb itself says what is wrong.
      .catch(() => false);
    if (isDone) return 0;
  }
  const { runClient }: typeof import("./ui/cli/run_client.ts") = await import(
    `./ui/cli/run_client${END}`
  );
  return await runClient(Deno.args);
}

if (import.meta.main) await runProgram(main);
