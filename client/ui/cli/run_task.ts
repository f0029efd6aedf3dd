import { isHangupIgnored } from "../../../shared/cli/hangup.ts";
import type { GlobalFlags } from "./verb/global_flags.ts";
import { OutputClosed } from "./verb/output.ts";
import type { Verb } from "./verb/verb.ts";
import { type GivenFlags, Work } from "./verb/work.ts";

/** Gives up the permissions that the verb has no use for, before it meets what others wrote. */
function giveUp(verb: Verb, flags: GivenFlags): void {
  const uses = {
    run: verb.startsPrograms?.(flags) === true,
    env: verb.readsEnvironment === true,
    net: verb.isOffline !== true,
  };
  for (const name of ["run", "env", "net"] as const) {
    if (!uses[name]) Deno.permissions.revokeSync({ name });
  }
}

/**
 * Runs a verb's task, and tells of its failure.
 *
 * @returns the exit code
 */
export async function runTask(
  verb: Verb,
  flags: GivenFlags,
  args: readonly unknown[],
): Promise<number> {
  const hangupIgnored = verb.goesOn?.(flags) === true &&
    await isHangupIgnored();
  giveUp(verb, flags);
  using work = new Work(flags, hangupIgnored);
  try {
    const exit = await verb.task(work, flags as GlobalFlags, ...args as []);
    return exit ?? 0;
  } catch (error) {
    if (error instanceof OutputClosed) return 0;
    const { classify, complain } = await import("./verb/failure.ts");
    complain(work.output, error);
    return classify(error).exit;
  }
}
