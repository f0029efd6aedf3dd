import { DANGEROUS } from "./printable.ts";
import { UsageError } from "./usage_error.ts";
import { reasonOf } from "./reason.ts";
import { writeErrorSync, writeOutSync } from "./standard_output.ts";

/** Runs a program on its arguments; resolves to the exit code, 0 by default. */
export type Main = (args: readonly string[]) => Promise<number | void>;

/** Runs a program on the arguments of the process and exits with its code. */
export async function runProgram(main: Main): Promise<never> {
  console.log = (...data) => printLine(writeOutSync, data);
  console.error = (...data) => printLine(writeErrorSync, data);
  Deno.exit(await exitCodeOf(main, Deno.args));
}

/**
 * Runs a program and prints an error that it throws as one sentence.
 *
 * @returns the exit code: on an error 2 for an invalid command line, else 1
 */
export async function exitCodeOf(
  main: Main,
  args: readonly string[],
): Promise<number> {
  try {
    requireText(args);
    return await main(args) ?? 0;
  } catch (error) {
    // The message may quote a file or a peer.
    console.error(`error: ${reasonOf(error).replaceAll(DANGEROUS, "")}`);
    return error instanceof UsageError ? 2 : 1;
  }
}

/**
 * Refuses arguments that aren't UTF-8. The runtime replaces their invalid bytes
 * by U+FFFD.
 *
 * @throws {UsageError} if an argument isn't UTF-8
 */
function requireText(args: readonly string[]): void {
  const found = args.find((arg) => arg.includes("\ufffd"));
  if (found === undefined) return;
  throw new UsageError(
    `The argument "${found}" isn't UTF-8: expected text, got bytes that are none`,
  );
}

/** Prints like the runtime's console, but waits for the reader of a non-blocking stream. */
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
    // Like the runtime's console, ignores that the reader has gone.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
