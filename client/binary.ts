/**
 * The client's program with all of its modules named, as `deno compile` has to
 * see them; `main.ts` is the same for all else.
 *
 * @module
 */

import { runProgram } from "../shared/program.ts";
import { verbs } from "./cli/verbs.ts";
import { runClient } from "./cli/dispatch.ts";

if (import.meta.main) await runProgram(() => runClient(Deno.args, verbs));
