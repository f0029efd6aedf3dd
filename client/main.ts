/**
 * The client's program.
 *
 * @module
 */

import { reasonOf } from "../shared/reason.ts";
import { runClient } from "./cli/dispatch.ts";

if (import.meta.main) {
  try {
    Deno.exit(await runClient(Deno.args));
  } catch (error) {
    console.error(`error: ${reasonOf(error)}`);
    Deno.exit(1);
  }
}
