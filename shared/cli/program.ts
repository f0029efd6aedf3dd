import { DANGEROUS } from "./printable.ts";
import { UsageError } from "./usage_error.ts";
import { reasonOf } from "./reason.ts";
import { writeErrorSync, writeOutSync } from "./standard_output.ts";

/**
 * Runs a program to its end and exits with the code that `main` resolves to, 0
 * where it is none. An error is told in a sentence: with code 2 where the
 * command line can't be obeyed, else with 1.
 */
export async function runProgram(
  main: (args: readonly string[]) => Promise<number | void>,
): Promise<never> {
  console.log = (...data) => printLine(writeOutSync, data);
  console.error = (...data) => printLine(writeErrorSync, data);
  try {
    requireText(Deno.args);
    Deno.exit(await main(Deno.args) ?? 0);
  } catch (error) {
    // It may tell what a file or a peer holds.
    console.error(`error: ${reasonOf(error).replaceAll(DANGEROUS, "")}`);
    Deno.exit(error instanceof UsageError ? 2 : 1);
  }
}

/**
 * The runtime puts U+FFFD in place of what is no UTF-8.
 *
 * @throws {UsageError} where an argument isn't what was given
 */
function requireText(args: readonly string[]): void {
  const found = args.find((arg) => arg.includes("\ufffd"));
  if (found === undefined) return;
  throw new UsageError(
    `The argument "${found}" isn't UTF-8: expected text, got bytes that are none`,
  );
}

/** Prints as the runtime's console does, but waits for a reader where the stream doesn't block. */
function printLine(
  write: (bytes: Uint8Array) => void,
  data: readonly unknown[],
): void {
  const line = data.map((each) =>
    typeof each === "string" ? each : Deno.inspect(each)
  ).join(" ");
  try {
    write(new TextEncoder().encode(`${line}\n`));
  } catch (error) {
    // As with the runtime's own console, a reader may be gone.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
