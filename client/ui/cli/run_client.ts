/**
 * Finds the verb of a command line and runs it.
 *
 * @module
 */

import { valueFlags } from "./verb/global_flags.ts";
import { runTask } from "./run_task.ts";
import { loaderOf, type Verb, type VerbTable } from "./verb/verb.ts";
import { DEFAULT_VERB } from "./verb_names.ts";

/** What completion scripts call; its words are no command line of its own. */
const COMPLETE = "complete";

/**
 * Does what a command line says.
 *
 * @param verbs those that there are
 * @returns the exit code
 */
export async function runClient(
  args: readonly string[],
  verbs: VerbTable,
): Promise<number> {
  if (args[0] === COMPLETE) {
    const { complete } = await import("./completion.ts");
    const [shell = "", ...words] = args.slice(1);
    const current = words.pop() ?? "";
    const before = verbFirst(words);
    // Flags alone in front of a verb say nothing of what may follow.
    const known = before[0]?.startsWith("-") ? [] : before;
    return await complete(shell, [...known, current], words, verbs);
  }
  const [word, ...rest] = verbFirst(args);
  const name = word === undefined || word.startsWith("-") ? DEFAULT_VERB : word;
  const load = loaderOf(verbs, name);
  // A word alone needs no parser, which takes longer to load than "whoami" to run.
  if (load !== undefined && rest.length === 0 && !word?.startsWith("-")) {
    const { verb } = await load();
    if (needsNothing(verb)) return await runTask(verb, {}, []);
  }
  const { parseAndRun } = await import("./command_line.ts");
  return await parseAndRun(name === word ? [name, ...rest] : args, verbs);
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

function needsNothing({ args, flags }: Verb): boolean {
  const all = [...args, ...Object.values(flags)] as readonly {
    optional?: boolean;
  }[];
  return all.every(({ optional }) => optional === true);
}
