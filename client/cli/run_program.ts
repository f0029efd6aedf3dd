import { reasonOf } from "../../shared/reason.ts";

/**
 * Runs the program and ends it with its exit code; with 1 where nobody has told
 * of a failure yet. The relay's own way to run tells usage errors apart, whose
 * parser would take longer to load than a verb takes to run.
 */
export async function runProgram(main: () => Promise<number>): Promise<never> {
  try {
    Deno.exit(await main());
  } catch (error) {
    console.error(`error: ${reasonOf(error)}`);
    Deno.exit(1);
  }
}
