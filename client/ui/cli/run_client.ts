/**
 * Runs the verb of a command line.
 *
 * @module
 */

import {
  type GivenFlags,
  isGlobalFlag,
  valueFlags,
  type Verb,
  Work,
} from "./verb/verb.ts";
import { type Io, OutputClosed } from "./verb/output.ts";
import { processIo } from "./verb/process_io.ts";
import { DEFAULT_VERB, isVerb, loadVerb } from "./verbs.ts";

/** First word of the requests of completion scripts; not a verb. */
const COMPLETE = "complete";

/**
 * Runs the client on a command line.
 *
 * @param io its environment. Default: the process
 * @returns the exit code
 */
export async function runClient(
  args: readonly string[],
  io: Io = processIo,
): Promise<number> {
  if (args[0] === COMPLETE) {
    const { complete } = await import("./completion.ts");
    const [, shell = "", ...words] = args;
    const last = words.pop() ?? "";
    const current = shell === "powershell" ? last.slice(1) : last;
    const before = verbFirst(words);
    const isVerbMissing = before[0]?.startsWith("-") ?? true;
    const isOfFlag = current.startsWith("-") ||
      valueFlags.includes(before.at(-1) ?? "");
    // Other flags without a verb don't determine the proposals.
    const known = !isVerbMissing
      ? before
      : isOfFlag
      ? [DEFAULT_VERB, ...before]
      : [];
    return await complete(io, shell, [...known, current], words);
  }
  const [word, ...rest] = verbFirst(args);
  const name = word === undefined || word.startsWith("-") ? DEFAULT_VERB : word;
  // Skips the parser for a verb alone: it takes longer to load than "whoami" to run.
  if (isVerb(name) && rest.length === 0 && !word?.startsWith("-")) {
    const verb = await loadVerb(name);
    if (needsNoWords(verb)) return await runVerb(io, verb, {}, []);
  }
  const { parseAndRun } = await import("./command_line.ts");
  return await parseAndRun(io, name === word ? [name, ...rest] : args);
}

/** Moves the verb to the front: `--dir anna send ben hi` becomes `send --dir anna ben hi`. */
function verbFirst(args: readonly string[]): readonly string[] {
  let at = 0;
  for (let arg = args[at]; arg?.startsWith("-"); arg = args[at]) {
    at += valueFlags.includes(arg) ? 2 : 1;
  }
  const word = args[at];
  if (word === undefined) return args;
  // What follows an unknown flag may be its value.
  const isDoubtful = args.slice(0, at).some((arg) =>
    arg.startsWith("-") && !isGlobalFlag(arg)
  );
  if (isDoubtful && !isVerb(word)) return args;
  return [word, ...args.slice(0, at), ...args.slice(at + 1)];
}

function needsNoWords({ args = [], flags = {} }: Verb): boolean {
  return [...args, ...Object.values(flags)].every((each) =>
    "optional" in each && each.optional === true
  );
}

/**
 * Runs a verb's task and reports its failure.
 *
 * @returns the exit code
 */
export async function runVerb(
  io: Io,
  verb: Verb,
  flags: GivenFlags,
  args: readonly unknown[],
): Promise<number> {
  const isHangupIgnored = verb.goesOn?.(flags) === true &&
    await io.isHangupIgnored();
  using work = new Work(io, flags, isHangupIgnored);
  // Drops the permissions that the verb doesn't need before it reads foreign input.
  if (verb.startsPrograms?.(flags) !== true) io.revoke("run");
  if (verb.readsEnvironment !== true) io.revoke("env");
  if (verb.isOffline === true) io.revoke("net");
  try {
    const exit = await verb.task(work, flags, ...args);
    return exit ?? 0;
  } catch (error) {
    if (error instanceof OutputClosed) return 0;
    const { classify, complain } = await import("./verb/report.ts");
    complain(work.output, error);
    return classify(error).exit;
  }
}
