/**
 * Standard output and standard error at the pace of their reader, also where
 * they don't block (`O_NONBLOCK`).
 *
 * @module
 */

/** Bytes below which the runtime keeps what holds no newline in a buffer of its own. */
const BUFFER = 1024;
/** Bytes that a pipe takes as a whole or not at all. */
const ATOMIC = 4096;
/** Milliseconds between two tries where a stream takes nothing. */
const PAUSE = 5;
const NEWLINE = 0x0a;
const NOTHING = new Uint8Array(0);
/** What a thread waits on that waits for time alone. */
const never = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of the bytes to standard output. */
export async function writeOut(bytes: Uint8Array): Promise<void> {
  const plan = writes(bytes);
  for (let step = plan.next(); !step.done;) {
    let count: number | undefined;
    try {
      count = await Deno.stdout.write(step.value);
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    step = plan.next(count);
  }
}

/** The same at once: this thread waits for the reader. */
export function writeOutSync(bytes: Uint8Array): void {
  const plan = writes(bytes);
  for (let step = plan.next(); !step.done;) {
    step = plan.next(tryNow(Deno.stdout, step.value));
  }
}

/** Writes all of the bytes to standard error; this thread waits for the reader. */
export function writeErrorSync(bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) {
    written += tryNow(Deno.stderr, bytes.subarray(written)) ?? 0;
  }
}

/** How many of the bytes were taken; undefined, after a pause, where the write would block. */
function tryNow(
  to: { writeSync(bytes: Uint8Array): number },
  bytes: Uint8Array,
): number | undefined {
  try {
    return to.writeSync(bytes);
  } catch (error) {
    if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    Atomics.wait(never, 0, 0, PAUSE);
    return undefined;
  }
}

/**
 * What to write to standard output, write by write; takes how many bytes each
 * has taken, undefined where it would block.
 *
 * Of a write that would block the runtime doesn't tell how much was taken: it
 * buffers what follows the last newline, and flushes that after each write. So
 * each of these is taken as a whole or not at all, and which of them is known.
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
        // It is in the buffer, and only the flush would block.
        while ((yield NOTHING) === undefined);
        at = piece.length;
      }
    }
  }
}

/** Whole lines that fit into a pipe at once, newlines alone, and what holds none. */
function* pieces(bytes: Uint8Array): Generator<Uint8Array, void, void> {
  const whole = Deno.stdout.isTerminal() ? 1 : ATOMIC;
  for (let from = 0, to = 0; from < bytes.length; from = to) {
    to = bytes.lastIndexOf(NEWLINE, from + whole - 1) + 1;
    if (to <= from) to = bytes.indexOf(NEWLINE, from);
    if (to < 0) to = bytes.length;
    yield bytes.subarray(from, to);
  }
}
