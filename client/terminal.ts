/**
 * The terminal that the client talks to: lines in, text out, progress.
 *
 * @module
 */

import type { Progress } from "./connection.ts";

/** Bytes from which on a transfer shows its progress. */
const LARGE_TRANSFER = 1024 * 1024;

/** A place to talk with a user. */
export interface Terminal {
  /** Prints text as it is. */
  print(text: string): void;
  /** The next line that is typed, or null at the end of input. */
  readLine(): Promise<string | null>;
  /** Shows how far a transfer is. */
  progress(label: string): Progress;
}

/** Standard input and output. */
export function standardTerminal(): Terminal {
  const lines = readLines(Deno.stdin.readable);
  return {
    print: (text) => writeAll(Deno.stdout, text),
    readLine: async () => (await lines.next()).value ?? null,
    progress: (label) => showProgress(label),
  };
}

/** Lines without their ends; the last one may lack it. */
async function* readLines(
  input: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const chunk of input.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield line.replace(/\r$/, "");
  }
  if (rest !== "") yield rest;
  return undefined;
}

function showProgress(label: string): Progress {
  const live = Deno.stderr.isTerminal();
  let shown = -1;
  return (done, total) => {
    if (total < LARGE_TRANSFER) return;
    // A log gets a line a quarter, a terminal one line that changes.
    const step = live ? 1 : 25;
    const percent = Math.floor(100 * done / total / step) * step;
    if (percent === shown) return;
    shown = percent;
    const text = `${label}: ${percent} % of ${
      (total / LARGE_TRANSFER).toFixed(1)
    } MiB`;
    const end = !live || done === total ? "\n" : "";
    try {
      writeAll(Deno.stderr, `${live ? "\r" : ""}${text}${end}`);
    } catch (error) {
      // Nobody is looking any more; the transfer goes on.
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  };
}

function writeAll(to: { writeSync(p: Uint8Array): number }, text: string) {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    written += to.writeSync(bytes.subarray(written));
  }
}
