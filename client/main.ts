/**
 * The client program. The runtime loads every module with a literal import
 * name before it runs the first one. The names of modules that some verbs don't
 * need are therefore put together at run time.
 *
 * @module
 */

import { runProgram, VERSION } from "../shared/cli/program.ts";
import { HELP } from "./ui/cli/help_text.ts";
import { printOwnIdentity } from "./ui/cli/verb/identity.ts";
import { Output } from "./ui/cli/verb/output.ts";
import { processIo } from "./ui/cli/verb/process_io.ts";

/** What a word alone prints, without the parser, which loads all verbs. */
const printedAtOnce: ReadonlyMap<string, string> = new Map([
  ["--help", HELP],
  ["-h", HELP],
  ["help", HELP],
  ["--version", VERSION],
  ["-v", VERSION],
]);

/** Words of verbs that go on until they are stopped, if SIGHUP isn't ignored. */
const GOING_ON: readonly string[] = ["chat", "listen", "--watch"];

/** Keeps the name of a dynamic import from being a literal. */
const END: string = ".ts";

async function main(): Promise<number> {
  const [verb = "", ...rest] = Deno.args;
  const text = rest.length === 0 ? printedAtOnce.get(verb) : undefined;
  if (text !== undefined) {
    console.log(text);
    return 0;
  }
  if (verb === "whoami" && rest.length === 0) {
    const isDone = await printOwnIdentity(
      processIo.dir,
      new Output(false, processIo),
    )
      // The verb reports the failure.
      .catch(() => false);
    if (isDone) return 0;
  }
  // Asks at once: half a second after its start the runtime handles SIGHUP itself.
  if (GOING_ON.some((word) => Deno.args.includes(word))) {
    void processIo.isHangupIgnored();
  }
  const { runClient }: typeof import("./ui/cli/run_client.ts") = await import(
    `./ui/cli/run_client${END}`
  );
  return await runClient(Deno.args);
}

if (import.meta.main) await runProgram(main);
