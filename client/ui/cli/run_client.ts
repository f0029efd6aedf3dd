/**
 * Finds the verb of a command line and runs it.
 *
 * @module
 */

import { valueFlags } from "./verb/global_flags.ts";
import { type Io, processIo } from "./verb/io.ts";
import { OutputClosed } from "./verb/output.ts";
import type { Verb } from "./verb/verb.ts";
import { type GivenFlags, Work } from "./verb/work.ts";
import { DEFAULT_VERB, isVerb, loadVerb } from "./verbs.ts";

/** The word of completion scripts, whose words are no command line of their own. */
const COMPLETE = "complete";

/**
 * Runs the client on a command line.
 *
 * @param io what surrounds it. Default: the process
 * @returns the exit code
 */
export async function runClient(
  args: readonly string[],
  io: Io = processIo,
): Promise<number> {
  if (args[0] === COMPLETE) {
    const { complete } = await import("./completion.ts");
    const [, shell = "", ...words] = args;
    const current = words.pop() ?? "";
    const before = verbFirst(words);
    // Flags alone in front of a verb say nothing of what may follow.
    const known = before[0]?.startsWith("-") ? [] : before;
    return await complete(io, shell, [...known, current], words);
  }
  const [word, ...rest] = verbFirst(args);
  const name = word === undefined || word.startsWith("-") ? DEFAULT_VERB : word;
  // A word alone needs no parser, which takes longer to load than "whoami" to run.
  if (isVerb(name) && rest.length === 0 && !word?.startsWith("-")) {
    const verb = await loadVerb(name);
    if (needsNothing(verb)) return await runVerb(io, verb, {}, []);
  }
  const { parseAndRun } = await import("./command_line.ts");
  return await parseAndRun(io, name === word ? [name, ...rest] : args);
}

/** `--dir anna send ben hi` means `send --dir anna ben hi`. */
function verbFirst(args: readonly string[]): readonly string[] {
  let at = 0;
  for (let arg = args[at]; arg?.startsWith("-"); arg = args[at]) {
    at += valueFlags.includes(arg) ? 2 : 1;
  }
  const word = args[at];
  if (word === undefined) return args;
  return [word, ...args.slice(0, at), ...args.slice(at + 1)];
}

function needsNothing({ args = [], flags = {} }: Verb): boolean {
  return [...args, ...Object.values(flags)].every((each) =>
    "optional" in each && each.optional === true
  );
}

/**
 * Runs a verb's task, and tells of its failure.
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
  // Gives up what the verb has no use for, before it meets foreign input.
  if (verb.startsPrograms?.(flags) !== true) io.revoke("run");
  if (verb.readsEnvironment !== true) io.revoke("env");
  if (verb.isOffline === true) io.revoke("net");
  using work = new Work(io, flags, isHangupIgnored);
  try {
    const exit = await verb.task(work, flags, ...args);
    return exit ?? 0;
  } catch (error) {
    if (error instanceof OutputClosed) return 0;
    const { classify, complain } = await import("./verb/failure.ts");
    complain(work.output, error);
    return classify(error).exit;
  }
}
