/**
 * The client program. The runtime loads every module with a literal import
 * name before it runs the first one. The names of modules that some verbs don't
 * need are therefore put together at run time.
 *
 * @module
 */

import { runProgram } from "../shared/cli/program.ts";
import { printOwnIdentity } from "./ui/cli/verb/identity.ts";
import { Output, processIo } from "./ui/cli/verb/output.ts";

/** Keeps the name of a dynamic import from being a literal. */
const END: string = ".ts";

async function main(): Promise<number> {
  const [verb, ...rest] = Deno.args;
  if (verb === "whoami" && rest.length === 0) {
    const isDone = await printOwnIdentity(
      processIo.dir,
      new Output(false, processIo),
    )
      // The verb reports the failure.
      .catch(() => false);
    if (isDone) return 0;
  }
  const { runClient }: typeof import("./ui/cli/run_client.ts") = await import(
    `./ui/cli/run_client${END}`
  );
  return await runClient(Deno.args);
}

if (import.meta.main) await runProgram(main);
