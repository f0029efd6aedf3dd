/**
 * Checks of the folder that a database lies in: whether the disk's sync is real
 * and how long it takes, who may read the files, and how much room there is.
 *
 * @module
 */

import { statfsSync } from "node:fs";
import {
  formatBytes,
  formatCount,
  formatDuration,
} from "../../../../shared/cli/figures.ts";
import {
  bad,
  type Finding,
  ok,
  unknown,
  warning,
} from "../../../../shared/cli/finding.ts";
import { reasonOf } from "../../../../shared/cli/reason.ts";
import { cannotSync } from "../../../../shared/folder/durable_files.ts";
import { findExposure } from "../../../../shared/folder/exposure.ts";
import { infoFiles } from "../../../../shared/folder/info_files.ts";
import {
  type Platform,
  thisPlatform,
} from "../../../../shared/platform/platform.ts";
import { stopSignals } from "../../../../shared/cli/stopping.ts";
import type { Limits } from "../../../relay/limits/limits.ts";

/** Bytes that are written before each sync: about what a busy commit writes. */
const PROBE_SIZE = 64 * 1024;
/** Syncs that are measured at most. */
const ROUNDS = 50;
/** Milliseconds after which a slow disk isn't measured on. */
const ENOUGH = 3000;

/**
 * Milliseconds below which a sync can't have been one. The fastest drive takes
 * 10 to 20 µs to receive 64 KiB; where nothing is synced (tmpfs) the call
 * returns within 1 or 2 µs.
 */
const TOO_FAST = 0.02;
/** Milliseconds above which clients that send one by one notice. */
const SLOW = 50;

/**
 * Measures the disk of a folder; a file is made there and removed.
 *
 * @param measure resolves to what a sync takes, in milliseconds
 */
export async function checkDisk(
  folder: string,
  measure: (folder: string) => Promise<number> = measureSync,
): Promise<Finding> {
  try {
    return judgeSync(await measure(folder));
  } catch (error) {
    if (error instanceof Stopped) throw error;
    if (cannotSync(error)) {
      return warning(
        `${folder} is on a volume that can't empty its disk's cache (${
          reasonOf(error)
        }): what is acknowledged may not outlive a power failure`,
        "use a folder on a local disk",
      );
    }
    return bad(
      `${folder} can't be written (${reasonOf(error)})`,
      "give the relay's user the right to write there, or take another folder with --dir",
    );
  }
}

/** Judges the median of a sync, in milliseconds. */
export function judgeSync(median: number): Finding {
  const measured = `a sync takes ${formatDuration(median)}`;
  if (median < TOO_FAST) {
    return warning(
      `${measured}, too fast for a real one: what is acknowledged may not outlive a power failure`,
      "use a folder on a real disk, without a program that swallows syncs",
    );
  }
  const rate = formatCount(Math.max(1, 1000 / median));
  const what = `${measured}: about ${rate} commits/s`;
  if (median <= SLOW) return ok(what);
  return warning(
    `${what}, so a client that waits for each response sends no more than ${rate} messages/s`,
    "use a faster disk where that isn't enough",
  );
}

/** A signal stopped the program while the file was there. */
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
  for (const signal of stopSignals()) Deno.addSignalListener(signal, stop);
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
    for (const signal of stopSignals()) Deno.removeSignalListener(signal, stop);
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

/** Permissions of all but the owner. */
const NOT_OWNERS = 0o077;

/**
 * Looks for files of databases that other users may read, and for what lies
 * beside them under their names; undefined where all are their owner's alone.
 */
export function checkAccess(
  folder: string,
  platform: Platform = thisPlatform,
): Finding | undefined {
  try {
    const masks = Object.fromEntries(
      databaseFiles(folder).map((path) => [path, NOT_OWNERS]),
    );
    const { env } = Deno;
    const found = findExposure(
      { folder, masks, env: (name) => env.get(name) },
      platform,
    );
    if (found === undefined) return undefined;
    return warning(
      `${found.what}: the ids of all users are in it, and an id is all it takes to pull its messages`,
      found.advice,
    );
  } catch (error) {
    return unknown(`who may read isn't known: ${reasonOf(error)}`);
  }
}

/** The files of databases in a folder, without empty ones: a lock tells nothing. */
function databaseFiles(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder))
    .filter(({ name, isFile }) =>
      isFile && infoFiles.database.some((known) => name.startsWith(known))
    )
    .map(({ name }) => `${folder}/${name}`)
    .filter((path) => Deno.statSync(path).size > 0)
    .sort();
}

const MIB = 1024 * 1024;
/** Bytes beside the messages: tables, indexes, and a log that has grown. */
const BASE = 128 * MIB;
/** Bytes, and the part of the disk, below which it is soon full. */
const LITTLE = 1024 * MIB;
const LITTLE_PART = 0.05;

/** The room on a disk, in bytes. */
export interface Room {
  /** What this user may still write. */
  free: number;
  /** The whole disk. */
  total: number;
}

/** Looks at the disk of a folder. */
export function checkRoom(folder: string, limits: Limits): Finding {
  try {
    return judgeRoom(measureRoom(folder), limits);
  } catch (error) {
    return unknown(`free space unknown here: ${reasonOf(error)}`);
  }
}

/** @throws {Error} where the system or a permission doesn't tell */
function measureRoom(folder: string): Room {
  const { bsize, blocks, bavail } = statfsSync(folder);
  if (blocks === 0) throw new Error("the file system doesn't tell");
  return { free: bsize * bavail, total: bsize * blocks };
}

/** Judges the room for a relay with these limits. */
export function judgeRoom({ free, total }: Room, limits: Limits): Finding {
  const what = `${formatBytes(free)} of ${formatBytes(total)} free`;
  // A message is in the log and in the tables for a while.
  const least = 2 * limits.maxMessage + BASE;
  if (free < least) {
    return bad(
      `${what}, with these limits one message may need ${formatBytes(least)}`,
      "make room, or lower --max-message",
    );
  }
  if (free < LITTLE || free < total * LITTLE_PART) {
    return warning(
      `${what}: on a full disk nothing is accepted`,
      "make room soon",
    );
  }
  if (free < limits.maxWaitingBytes) {
    return warning(
      `${what}: one recipient's messages may fill it, ${
        formatBytes(limits.maxWaitingBytes)
      } are allowed`,
      "make room, or lower --max-waiting-bytes",
    );
  }
  return ok(what);
}
