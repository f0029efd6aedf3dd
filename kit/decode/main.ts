/**
 * `deno task decode`: frames from a file, taken apart.
 *
 * @module
 */

import { printableLine } from "../../shared/cli/printable.ts";
import { runProgram } from "../../shared/cli/program.ts";
import { Printer } from "../dissect/printer.ts";
import { captured, isCapture } from "./capture.ts";
import { fileBytes } from "./file_bytes.ts";
import { isText, parseHexText } from "./hex_text.ts";
import { type Form, HELP, type Options, readOptions } from "./options.ts";
import { rawFrames } from "./raw_frames.ts";

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  if (options.file === undefined) return console.log(HELP.trimEnd());
  const bytes = await fileBytes(options.file);
  const printer = new Printer(options.json);
  try {
    print(bytes, options, printer);
  } catch (cause) {
    if (printer.isClosed) return;
    throw cause;
  }
}

function print(bytes: Uint8Array, options: Options, printer: Printer): void {
  const form = options.form ?? formOf(bytes);
  if (bytes.length === 0) throw new Error("There are no bytes to decode");
  if (form === "pcap") return printCapture(bytes, options, printer);
  const frames = form === "hex" ? fromHex(bytes) : bytes;
  for (const finding of rawFrames(frames, options.direction)) {
    printer.finding(finding, {});
  }
}

function formOf(bytes: Uint8Array): Form {
  return isCapture(bytes) ? "pcap" : isText(bytes) ? "hex" : "raw";
}

function fromHex(bytes: Uint8Array): Uint8Array {
  const frames = parseHexText(new TextDecoder().decode(bytes));
  if (frames.length > 0) return frames;
  throw new Error("Expected bytes in hex, got none");
}

function printCapture(
  bytes: Uint8Array,
  { port, onlyPort: only }: Options,
  printer: Printer,
): void {
  const note = (text: string) => console.error(`note: ${printableLine(text)}`);
  for (const item of captured(bytes, { port, only, note })) {
    const { connection } = item;
    if ("finding" in item) {
      const time = item.time === undefined ? undefined : new Date(item.time);
      printer.finding(item.finding, { connection, time });
    } else {
      printer.connection(connection, item.client, item.server);
    }
  }
}

if (import.meta.main) await runProgram(main);
