/**
 * `deno task decode`: dissects the frames in a file.
 *
 * @module
 */

import { formatBytes } from "../../shared/cli/figures.ts";
import { readCommandLine } from "../../shared/cli/command_line.ts";
import { choiceFlag, flagsHelp, switchFlag } from "../../shared/cli/flags.ts";
import { runProgram, UsageError, withHelp } from "../../shared/cli/program.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import type { Direction } from "../dissect/dissector.ts";
import { GrowingBytes } from "../dissect/growing_bytes.ts";
import { formFlags, Printer, printForm } from "../dissect/printer.ts";
import { isText, parseHexText } from "./hex_text.ts";
import { rawFrames } from "./raw_frames.ts";
import { hasCode } from "../../shared/platform/system_error.ts";

const flags = {
  as: choiceFlag("FORM", "raw or hex (default: what it looks like)", [
    "raw",
    "hex",
  ]),
  direction: choiceFlag(
    "WAY",
    "request or answer (default: what each frame looks like)",
    ["request", "answer"],
  ),
  ...formFlags,
  help: switchFlag("print this"),
};

const HELP =
  `Decodes frames of MessageU from a file and says what is wrong with them.

Usage: deno task decode [flags] FILE

FILE holds frames one after another, as they are or in hex; - is standard input.
Frames of the secure protocol are known by their codes, once they are decrypted.
What tcpdump or Wireshark captured is read by tshark with our dissector:

  tshark -X lua_script:kit/dissector/messageu.lua -r FILE -Y messageu -V

${flagsHelp(flags, 19)}
Examples:
  deno task decode message.hex
  deno task decode --brief requests.bin
  echo 02 28 23 00 00 00 00 | deno task decode -
`;

/** Bytes in hex, in place of a file's name. */
const HEX = /^(0x)?([0-9a-f]{2}[\s,:]*)+$/i;

/** Size in bytes of the largest file that is read. */
const MAX_FILE_SIZE = 1024 ** 3;

async function main(args: readonly string[]): Promise<void> {
  const { values, words: [file] } = await readCommandLine(args, flags, 1);
  if (file === undefined) {
    throw new UsageError(
      "Expected a file, or - for standard input: see --help",
    );
  }
  const bytes = await fileBytes(file);
  const printer = new Printer(printForm(values));
  try {
    print(bytes, values.as ?? formOf(bytes), values.direction, printer);
  } catch (cause) {
    if (!printer.isClosed) throw cause;
  }
}

/**
 * All bytes of a file, or of standard input for `-`.
 *
 * @param most size in bytes of the largest file. Default: 1 GiB
 * @throws {Error} if the file can't be read or is larger: some have no end
 */
export async function fileBytes(
  file: string,
  most: number = MAX_FILE_SIZE,
): Promise<Uint8Array> {
  try {
    const { readable } = file === "-" ? Deno.stdin : await Deno.open(file);
    const bytes = new GrowingBytes();
    for await (const chunk of readable) {
      bytes.push(chunk);
      if (bytes.size > most) {
        throw new Error(`it has more than ${formatBytes(most)}`);
      }
    }
    return bytes.view;
  } catch (cause) {
    const isHex = hasCode(cause, "ENOENT") && HEX.test(file);
    const advice = isHex
      ? `; for the bytes themselves: echo ${file} | deno task decode -`
      : "";
    throw new Error(`Can't read ${file}: ${reasonOf(cause)}${advice}`, {
      cause,
    });
  }
}

/** The first 4 bytes of a capture: pcap in either byte order, pcapng. */
const CAPTURES = /^(a1b2(c3d4|3c4d)|(d4c3|4d3c)b2a1|0a0d0d0a)/;

/** @throws {Error} for a capture file */
function formOf(bytes: Uint8Array): "raw" | "hex" {
  const start = bytes.subarray(0, 8).toHex();
  // A client's id may begin like a pcap; the format's version follows there.
  const isCapture = CAPTURES.test(start) &&
    (start.startsWith("0a") || /^.{8}(02000400|00020004|$)/.test(start));
  if (isCapture) {
    throw new Error(
      "This is a capture, which tshark reads with kit/dissector/messageu.lua: see --help",
    );
  }
  return isText(bytes) ? "hex" : "raw";
}

function print(
  bytes: Uint8Array,
  form: "raw" | "hex",
  direction: Direction | undefined,
  printer: Printer,
): void {
  if (bytes.length === 0) throw new Error("There are no bytes to decode");
  const frames = form === "hex"
    ? parseHexText(new TextDecoder().decode(bytes))
    : bytes;
  if (frames.length === 0) throw new Error("Expected bytes in hex, got none");
  for (const finding of rawFrames(frames, direction)) {
    printer.finding(finding, {});
  }
}

if (import.meta.main) await runProgram(withHelp(HELP, main));
