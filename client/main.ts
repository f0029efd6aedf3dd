/**
 * The client's program.
 *
 * @module
 */

import { reasonOf } from "../shared/reason.ts";
import { runClient } from "./cli/dispatch.ts";

/** Does what the command line says, and ends the program. */
export async function start(): Promise<never> {
  try {
    Deno.exit(await runClient(Deno.args));
  } catch (error) {
    console.error(`error: ${reasonOf(error)}`);
    Deno.exit(1);
  }
}

if (import.meta.main) await start();
