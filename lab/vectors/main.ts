/**
 * `deno task vectors`: writes the files of `kit/vectors/` anew, but for the schema.
 *
 * @module
 */

import { runProgram } from "../../shared/cli/program.ts";
import { vectorKinds, vectorText } from "./vector_files.ts";

const FOLDER = new URL("../../kit/vectors/", import.meta.url);

async function main(): Promise<number> {
  for (const kind of vectorKinds) {
    const text = vectorText(kind);
    await Deno.writeTextFile(new URL(`${kind}.json`, FOLDER), text);
    console.log(`kit/vectors/${kind}.json`);
  }
  return 0;
}

if (import.meta.main) await runProgram(main);
