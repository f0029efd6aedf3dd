import { DANGEROUS } from "./printable.ts";
import { UsageError } from "./usage_error.ts";
import { reasonOf } from "./reason.ts";

/**
 * Runs a program to its end and exits: with the code that `main` resolves to,
 * 0 where it is none; with 2 where the command line can't be obeyed and 1 where
 * something else failed, which is said in a sentence.
 */
export async function runProgram(
  main: (args: readonly string[]) => Promise<number | void>,
): Promise<never> {
  try {
    Deno.exit(await main(Deno.args) ?? 0);
  } catch (error) {
    // It may tell what a file or a peer holds.
    console.error(`error: ${reasonOf(error).replaceAll(DANGEROUS, "")}`);
    Deno.exit(error instanceof UsageError ? 2 : 1);
  }
}
