/**
 * Reads standard input.
 *
 * @module
 */

import { processIo } from "./cli/verb/process_io.ts";
import { concat } from "@std/bytes";
import { UserError } from "../errors.ts";
import { encodingOf } from "./text_file.ts";

const MIB = 1024 * 1024;
const CARRIAGE_RETURN = 0x0d;
/** Default limit of a line in bytes. */
const LONGEST_LINE = 64 * MIB;

/** Standard input. */
export type Input = ReadableStream<Uint8Array<ArrayBuffer>>;

/**
 * Reads all of the input as one text, without a newline at its end.
 *
 * @throws {UserError} if it isn't text
 */
export async function readInput(stdin: Input): Promise<string> {
  const bytes = concat(await Array.fromAsync(inUtf8(stdin)));
  return decodeText(bytes).replace(/\r?\n$/, "");
}

/**
 * Yields lines without their line ends as they arrive.
 *
 * @param decode converts the bytes of a line
 * @param longest limit of a line in bytes
 * @throws {UserError} if a line is longer, or UTF-16 is invalid
 */
export async function* inputLines<Line = string>(
  stdin: Input,
  decode: (bytes: Uint8Array) => Line,
  longest: number = LONGEST_LINE,
): AsyncGenerator<Line, undefined> {
  let rest: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of inUtf8(stdin)) {
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
 * Yields UTF-16 with a byte order mark as UTF-8, and anything else as it is.
 *
 * @throws {UserError} if the UTF-16 is invalid
 */
async function* inUtf8(stdin: Input): AsyncGenerator<Uint8Array, void> {
  let start: Uint8Array | undefined = new Uint8Array(0);
  let decoder: TextDecoder | undefined;
  for await (const chunk of stdin) {
    let bytes: Uint8Array = chunk;
    if (start !== undefined) {
      bytes = start = concat([start, chunk]);
      if (isPartOfMark(start)) continue;
      decoder = decoderOf(start);
      start = undefined;
    }
    yield decoder === undefined ? bytes : encoded(decoder, bytes);
  }
  if (start !== undefined) yield start;
  if (decoder !== undefined) yield encoded(decoder);
}

/** Whether a mark may begin here that isn't whole; no UTF-8 begins so. */
function isPartOfMark(start: Uint8Array): boolean {
  const [first = 0xff, second] = start;
  return first >= 0xfe && second === undefined;
}

/** Decodes UTF-16; undefined if the input isn't UTF-16. */
function decoderOf(start: Uint8Array): TextDecoder | undefined {
  const encoding = encodingOf(start);
  return encoding === "utf-8"
    ? undefined
    : new TextDecoder(encoding, { fatal: true });
}

/** Encodes the next part in UTF-8; without bytes, the end. */
function encoded(decoder: TextDecoder, bytes?: Uint8Array): Uint8Array {
  return new TextEncoder().encode(
    orRefuse(() => decoder.decode(bytes, { stream: bytes !== undefined })),
  );
}

/**
 * Decodes UTF-8 of standard input, without a byte order mark.
 *
 * @param hint what the user can do on an error
 * @throws {UserError} if it isn't UTF-8
 */
export function decodeText(bytes: Uint8Array, hint?: string): string {
  return orRefuse(
    () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    hint,
  );
}

/** @throws {UserError} if `decode` fails */
function orRefuse(
  decode: () => string,
  hint = "Send it as a file, with send-file",
): string {
  try {
    return decode();
  } catch (cause) {
    throw new UserError("Standard input isn't UTF-8 text", hint, { cause });
  }
}

/** Whether `TERM` says that the terminal can't move its cursor. */
export function isDumb(): boolean {
  return processIo.env("TERM") === "dumb";
}
