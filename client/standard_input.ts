/**
 * What comes in on standard input.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { UserError } from "./errors.ts";

const MIB = 1024 * 1024;
/** Bytes of the longest line that is read. */
const LONGEST_LINE = 64 * MIB;

/**
 * All of it as one text; a newline at its end doesn't belong to it.
 *
 * @throws {UserError} where it is no UTF-8
 */
export async function readInput(): Promise<string> {
  const bytes = await new Response(Deno.stdin.readable).bytes();
  return decodeText(bytes).replace(/\r?\n$/, "");
}

/**
 * Its lines without their ends, as they come; the last one may lack its end.
 *
 * @param decode reads a line's bytes; by default it refuses what is no UTF-8
 * @param longest bytes of the longest line that is taken
 * @throws {UserError} where a line is longer
 */
export async function* inputLines(
  decode: (bytes: Uint8Array) => string = decodeText,
  longest: number = LONGEST_LINE,
): AsyncGenerator<string, undefined> {
  let rest: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of Deno.stdin.readable) {
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

function lineOf(
  parts: readonly Uint8Array[],
  decode: (bytes: Uint8Array) => string,
): string {
  return decode(concat(parts)).replace(/\r$/, "");
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
  } catch (cause) {
    throw new UserError(
      "Standard input is no text in UTF-8",
      "Send it as a file, with send-file",
      { cause },
    );
  }
}
