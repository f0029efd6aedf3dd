/**
 * Reads standard input.
 *
 * @module
 */

import { processIo } from "./cli/verb/output.ts";
import { concat } from "@std/bytes";
import { UserError } from "../errors.ts";

const MIB = 1024 * 1024;
const CARRIAGE_RETURN = 0x0d;
/** Default limit of a line in bytes. */
const LONGEST_LINE = 64 * MIB;

/** Standard input. */
export type Input = ReadableStream<Uint8Array<ArrayBuffer>>;

/**
 * Reads all of the input as one text, without a newline at its end.
 *
 * @throws {UserError} if it isn't UTF-8
 */
export async function readInput(stdin: Input): Promise<string> {
  const bytes = await new Response(stdin).bytes();
  return decodeText(bytes).replace(/\r?\n$/, "");
}

/**
 * Yields lines without their line ends as they arrive.
 *
 * @param decode converts the bytes of a line
 * @param longest limit of a line in bytes
 * @throws {UserError} if a line is longer
 */
export async function* inputLines<Line = string>(
  stdin: Input,
  decode: (bytes: Uint8Array) => Line,
  longest: number = LONGEST_LINE,
): AsyncGenerator<Line, undefined> {
  let rest: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    let from = 0;
    for (let at; (at = chunk.indexOf(0x0a, from)) >= 0; from = at + 1) {
      yield lineOf([...rest, chunk.subarray(from, at)], decode);
      rest = [];
      size = 0;
    }
    rest.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size > longest) {
      throw new UserError(
        `A line of standard input is longer than ${longest / MIB} MiB`,
      );
    }
  }
  if (size > 0) yield lineOf(rest, decode);
  return undefined;
}

function lineOf<Line>(
  parts: readonly Uint8Array[],
  decode: (bytes: Uint8Array) => Line,
): Line {
  const line = concat(parts);
  return decode(line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line);
}

/**
 * Decodes standard input.
 *
 * @param hint what the user can do on an error
 * @throws {UserError} if it isn't UTF-8
 */
export function decodeText(
  bytes: Uint8Array,
  hint = "Send it as a file, with send-file",
): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
  } catch (cause) {
    throw new UserError(
      "Standard input isn't UTF-8 text",
      hint,
      { cause },
    );
  }
}

/** Whether `TERM` says that the terminal can't move its cursor. */
export function isDumb(): boolean {
  return processIo.env("TERM") === "dumb";
}
