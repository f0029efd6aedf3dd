/**
 * The client's program, whole: what bundles and binaries are made of.
 *
 * @module
 */

import { runProgram } from "./cli/run_program.ts";
import { verbs } from "./cli/verbs.ts";
import { runClient } from "./cli/dispatch.ts";

if (import.meta.main) await runProgram(() => runClient(Deno.args, verbs));
