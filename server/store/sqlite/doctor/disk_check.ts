/**
 * Whether the disk's sync is real, and how long it takes.
 *
 * @module
 */

import { reasonOf } from "../../../../shared/cli/reason.ts";
import { stopSignals } from "../../../launch/signals.ts";
import { formatCount, formatDuration } from "../../../telemetry/figures.ts";
import type { Finding } from "../../../doctor/finding.ts";

/** Bytes that are written before each sync: about what a busy commit writes. */
const PROBE_SIZE = 64 * 1024;
/** Syncs that are measured at most. */
const ROUNDS = 50;
/** Milliseconds after which a slow disk isn't measured on. */
const ENOUGH = 3000;

/**
 * Milliseconds below which a sync can't have been one. To carry 64 KiB to the
 * fastest drive takes 10 to 20 µs before it even answers; where nothing is
 * synced (tmpfs) the call is back within 1 or 2 µs.
 */
const TOO_FAST = 0.02;
/** Milliseconds above which clients that send one by one notice. */
const SLOW = 50;

/** Measures the disk of a folder; a file is made there and removed. */
export async function checkDisk(folder: string): Promise<Finding> {
  try {
    return judgeSync(await measureSync(folder));
  } catch (error) {
    if (error instanceof Stopped) throw error;
    return {
      verdict: "bad",
      what: `${folder} can't be written (${reasonOf(error)})`,
      advice:
        "give the relay's user the right to write there, or take another folder with --dir",
    };
  }
}

/** What the median of a sync, in milliseconds, means for a relay. */
export function judgeSync(median: number): Finding {
  const measured = `a sync takes ${formatDuration(median)}`;
  if (median < TOO_FAST) {
    return {
      verdict: "warn",
      what:
        `${measured}, too fast for a real one: what is acknowledged may not outlive a power failure`,
      advice:
        "use a folder on a real disk, without a program that swallows syncs",
    };
  }
  const rate = formatCount(Math.max(1, 1000 / median));
  if (median <= SLOW) {
    return { verdict: "ok", what: `${measured}: about ${rate} commits/s` };
  }
  return {
    verdict: "warn",
    what:
      `${measured}: about ${rate} commits/s, so who waits for each answer sends no more than ${rate} messages/s`,
    advice: "use a faster disk where that isn't enough",
  };
}

/** Somebody stopped the program while the file was there. */
class Stopped extends Error {
  override name = "Stopped";
}

/**
 * The median of what a sync takes in a folder, in milliseconds.
 *
 * @throws {Error} where no file can be made or written there, or on a signal to stop
 */
export async function measureSync(folder: string): Promise<number> {
  let stopped = false;
  const stop = () => {
    stopped = true;
  };
  // A signal must not leave the file behind.
  for (const signal of stopSignals) Deno.addSignalListener(signal, stop);
  try {
    const path = await Deno.makeTempFile({
      dir: folder,
      prefix: ".messageu-probe-",
    });
    try {
      using file = await Deno.open(path, { write: true });
      const times: number[] = [];
      const start = performance.now();
      while (times.length < ROUNDS && performance.now() - start < ENOUGH) {
        times.push(timeSync(file));
        // Signals are told between two turns only.
        await new Promise((resolve) => setTimeout(resolve));
        if (stopped) throw new Stopped("Stopped");
      }
      times.sort((a, b) => a - b);
      return times[times.length >> 1] ?? 0;
    } finally {
      await Deno.remove(path);
    }
  } finally {
    for (const signal of stopSignals) Deno.removeSignalListener(signal, stop);
  }
}

/** Milliseconds that it takes to sync some bytes that are new. */
function timeSync(file: Deno.FsFile): number {
  const bytes = crypto.getRandomValues(new Uint8Array(PROBE_SIZE));
  // In place, as in the log of a database: the file's size needs no sync.
  file.seekSync(0, Deno.SeekMode.Start);
  for (let written = 0; written < bytes.length;) {
    written += file.writeSync(bytes.subarray(written));
  }
  const start = performance.now();
  file.syncDataSync();
  return performance.now() - start;
}
