/**
 * Runs a program: its arguments, help, output, errors and exit code. Output is
 * written at the pace of the reader, even to non-blocking streams (`O_NONBLOCK`).
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };
import { DANGEROUS } from "./printable.ts";
import { reasonOf } from "./reason.ts";
import { hasCode } from "../platform/system_error.ts";

/** An invalid command line; the message is for the user. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Runs a program on its arguments; resolves to the exit code, 0 by default. */
export type Main = (args: readonly string[]) => Promise<number | void>;

/** The project's version. */
export const VERSION: string = config.version;

/** Adds `--help`, which prints `help`, and `--version` to a program. */
export function withHelp(
  help: string,
  main: Main,
): Main {
  return async (args) => {
    const end = args.indexOf("--");
    const flags = args.slice(0, end < 0 ? undefined : end);
    if (flags.includes("--help")) return console.log(help.trimEnd());
    if (flags.includes("--version")) return console.log(VERSION);
    return await main(args);
  };
}

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
    if (!hasCode(error, "EPIPE")) throw error;
  }
}

/** Size in bytes of the runtime's line buffer. */
const BUFFER = 1024;
/** Bytes that a pipe writes atomically. */
const ATOMIC = 4096;
/** Milliseconds between two attempts to write. */
const PAUSE = 5;
const NEWLINE = 0x0a;
const NOTHING = new Uint8Array(0);
/** Never notified; {@linkcode Atomics.wait} on it is a sleep. */
const never = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of the bytes to standard output. */
export async function writeOut(bytes: Uint8Array): Promise<void> {
  const plan = writes(bytes);
  for (let step = plan.next(); !step.done;) {
    let count: number | undefined;
    try {
      count = await Deno.stdout.write(step.value);
    } catch (error) {
      if (!hasCode(error, "EAGAIN")) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    step = plan.next(count);
  }
}

/** Writes all of the bytes to standard output; blocks until the reader takes them. */
export function writeOutSync(bytes: Uint8Array): void {
  const plan = writes(bytes);
  for (let step = plan.next(); !step.done;) {
    step = plan.next(tryNow(Deno.stdout, step.value));
  }
}

/** Writes all of the bytes to standard error; blocks until the reader takes them. */
export function writeErrorSync(bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) {
    written += tryNow(Deno.stderr, bytes.subarray(written)) ?? 0;
  }
}

/** Writes; returns the number of bytes written, or undefined after a pause if it would block. */
function tryNow(
  to: { writeSync(bytes: Uint8Array): number },
  bytes: Uint8Array,
): number | undefined {
  try {
    return to.writeSync(bytes);
  } catch (error) {
    if (!hasCode(error, "EAGAIN")) throw error;
    Atomics.wait(never, 0, 0, PAUSE);
    return undefined;
  }
}

/**
 * Yields the writes to standard output one by one. Expects the number of bytes
 * written in return, or undefined if the write would block.
 *
 * The runtime doesn't tell how much of a blocked write it took: it buffers the
 * bytes after the last newline and flushes them after each write. Each yielded
 * write is therefore taken completely or not at all.
 */
function* writes(
  bytes: Uint8Array,
): Generator<Uint8Array, void, number | undefined> {
  for (const piece of pieces(bytes)) {
    for (let at = 0; at < piece.length;) {
      const rest = piece.subarray(at);
      const count = yield rest;
      if (count !== undefined) at += count;
      else if (rest.length < BUFFER && rest.at(-1) !== NEWLINE) {
        // The buffer has taken it; only the flush would block.
        while ((yield NOTHING) === undefined);
        at = piece.length;
      }
    }
  }
}

/** Splits bytes into atomic writes of whole lines, single longer lines, and a rest without newline. */
function* pieces(bytes: Uint8Array): Generator<Uint8Array, void, void> {
  const whole = Deno.stdout.isTerminal() ? 1 : ATOMIC;
  for (let from = 0, to = 0; from < bytes.length; from = to) {
    to = bytes.lastIndexOf(NEWLINE, from + whole - 1) + 1;
    if (to <= from) to = bytes.indexOf(NEWLINE, from);
    if (to < 0) to = bytes.length;
    yield bytes.subarray(from, to);
  }
}
