/**
 * `deno task generate`: writes all generated places anew, or those of the files
 * whose paths begin with an argument.
 *
 * @module
 */

import { ROOT } from "../harness/program.ts";
import { runProgram } from "../../shared/cli/program.ts";
import { generate, generated } from "./generated.ts";

async function main(starts: readonly string[]): Promise<number> {
  for (const file of Object.keys(generated)) {
    if (!starts.some((start) => file.startsWith(start))) continue;
    const { current, wanted } = await generate(file);
    if (wanted === current) continue;
    await Deno.writeTextFile(`${ROOT}${file}`, wanted);
    console.log(file);
  }
  return 0;
}

if (import.meta.main) {
  await runProgram(() => main(Deno.args.length > 0 ? Deno.args : [""]));
}
