/**
 * The client's program. The runtime reads every module that it sees named in
 * an import before it runs the first one; so that a verb doesn't pay for the
 * others, their names aren't whole here. `deno bundle` finds them all the same.
 *
 * @module
 */

import { Output } from "./ui/cli/verb/output.ts";
import { printOwnIdentity } from "./ui/cli/verb/print_identity.ts";
import { runProgram } from "../shared/cli/program.ts";
import type { VerbTable } from "./ui/cli/verb/verb.ts";
import { verbNames } from "./ui/cli/verb_names.ts";

/** What the modules' names end with. */
const END: string = ".ts";

/** The verbs: each in the module of its name, or all in the bundle. */
async function verbTable(): Promise<VerbTable> {
  if (!import.meta.url.endsWith("/client/main.ts")) {
    const all: typeof import("./ui/cli/verbs.ts") = await import(
      `./ui/cli/verbs${END}`
    );
    return all.verbs;
  }
  const load = (name: string) =>
    import(
      import.meta.resolve(`./ui/cli/verbs/${name.replaceAll("-", "_")}${END}`)
    );
  return Object.fromEntries(verbNames.map((name) => [name, () => load(name)]));
}

async function main(): Promise<number> {
  const [verb, ...rest] = Deno.args;
  if (verb === "whoami" && rest.length === 0) {
    const isDone = await printOwnIdentity(".", new Output(false))
      // The verb itself says what is wrong.
      .catch(() => false);
    if (isDone) return 0;
  }
  const { runClient }: typeof import("./ui/cli/run_client.ts") = await import(
    `./ui/cli/run_client${END}`
  );
  return await runClient(Deno.args, await verbTable());
}

if (import.meta.main) await runProgram(main);
