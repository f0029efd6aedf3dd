/**
 * Starts the client from its modules, as `deno task client` does. The runtime
 * reads every module that a program may come to import before it runs the
 * first one; so that a verb doesn't pay for the others, they are out of its
 * sight here.
 *
 * @module
 */

import { Output } from "./cli/output.ts";
import { printIdentity } from "./cli/print_identity.ts";
import { runProgram } from "./cli/run_program.ts";
import type { VerbTable } from "./cli/verb.ts";
import { verbNames } from "./cli/verb_names.ts";

/** Imports a module that the runtime isn't to read ahead. */
async function load<T>(module: string): Promise<T> {
  return await import(new URL(module, import.meta.url).href);
}

/** Each verb in the module of its name. */
const verbs: VerbTable = Object.fromEntries(
  verbNames.map((name) => [
    name,
    () => load(`./verbs/${name.replaceAll("-", "_")}.ts`),
  ]),
);

async function main(): Promise<number> {
  const [verb, ...rest] = Deno.args;
  if (verb === "whoami" && rest.length === 0) {
    const isDone = await printIdentity(".", new Output(false))
      // The verb itself says what is wrong.
      .catch(() => false);
    if (isDone) return 0;
  }
  const { runClient } = await load<typeof import("./cli/dispatch.ts")>(
    "./cli/dispatch.ts",
  );
  return await runClient(Deno.args, verbs);
}

await runProgram(main);
