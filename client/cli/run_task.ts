import { isHangupIgnored } from "../../shared/hangup.ts";
import type { GlobalFlags } from "./global_flags.ts";
import { OutputClosed } from "./output.ts";
import type { Verb } from "./verb.ts";
import { type GivenFlags, Work } from "./work.ts";

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
  if (verb.startsPrograms?.(flags) !== true) {
    Deno.permissions.revokeSync({ name: "run" });
  }
  using work = new Work(flags, hangupIgnored);
  try {
    const exit = await verb.task(work, flags as GlobalFlags, ...args as []);
    return exit ?? 0;
  } catch (error) {
    if (error instanceof OutputClosed) return 0;
    const { classify, complain } = await import("./failure.ts");
    complain(work.output, error);
    return classify(error).exit;
  }
}
