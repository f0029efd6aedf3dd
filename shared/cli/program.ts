import { DANGEROUS } from "./printable.ts";
import { UsageError } from "./usage_error.ts";
import { reasonOf } from "./reason.ts";
import { writeErrorSync, writeOutSync } from "./standard_output.ts";

/** A program as its command line runs it; resolves to the exit code, 0 by default. */
export type Main = (args: readonly string[]) => Promise<number | void>;

/** Runs a program on the process's arguments and exits with its code. */
export async function runProgram(main: Main): Promise<never> {
  console.log = (...data) => printLine(writeOutSync, data);
  console.error = (...data) => printLine(writeErrorSync, data);
  Deno.exit(await exitCodeOf(main, Deno.args));
}

/**
 * Runs a program to its end. An error is printed in one sentence, with exit
 * code 2 if the command line can't be obeyed and 1 otherwise.
 */
export async function exitCodeOf(
  main: Main,
  args: readonly string[],
): Promise<number> {
  try {
    requireText(args);
    return await main(args) ?? 0;
  } catch (error) {
    // The message may repeat what a file or a peer holds.
    console.error(`error: ${reasonOf(error).replaceAll(DANGEROUS, "")}`);
    return error instanceof UsageError ? 2 : 1;
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
