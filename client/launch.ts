/**
 * Starts the client from its modules, as `deno task client` does. The runtime
 * reads every module that a program may come to import before it runs the
 * first one, so what whoami doesn't need is out of its sight here; bundles and
 * binaries are made of `main.ts`.
 *
 * @module
 */

import { Output } from "./cli/output.ts";
import { printIdentity } from "./cli/print_identity.ts";

/** Imports a module that the runtime isn't to read ahead. */
async function load<T>(module: string): Promise<T> {
  return await import(new URL(module, import.meta.url).href);
}

const [verb, ...rest] = Deno.args;
if (verb === "whoami" && rest.length === 0) {
  try {
    if (await printIdentity(".", new Output(false))) Deno.exit(0);
  } catch {
    // The program itself says what is wrong.
  }
}
const { start } = await load<typeof import("./main.ts")>("./main.ts");
await start();
