/**
 * Whether there is room on the database's disk.
 *
 * @module
 */

import { statfsSync } from "node:fs";
import { reasonOf } from "../../../../shared/cli/reason.ts";
import type { Limits } from "../../../relay/limits/limits.ts";
import { formatBytes } from "../../../telemetry/figures.ts";
import type { Finding } from "../../../doctor/finding.ts";

const MIB = 1024 * 1024;

/** Bytes beside the messages: tables, indexes, and a log that has grown. */
const BASE = 128 * MIB;
/** Bytes, and the part of the disk, below which the end is near. */
const LITTLE = 1024 * MIB;
const LITTLE_PART = 0.05;

/** The room on a disk, in bytes. */
export interface Room {
  /** What we may still write. */
  free: number;
  /** The whole disk. */
  total: number;
}

/** Looks at the disk of a folder. */
export function checkRoom(folder: string, limits: Limits): Finding {
  try {
    return judgeRoom(measureRoom(folder), limits);
  } catch (error) {
    return {
      verdict: "?",
      what: `free space unknown here: ${reasonOf(error)}`,
    };
  }
}

/** @throws {Error} where the system or a permission doesn't tell */
function measureRoom(folder: string): Room {
  const { bsize, blocks, bavail } = statfsSync(folder);
  if (blocks === 0) throw new Error("the file system doesn't tell");
  return { free: bsize * bavail, total: bsize * blocks };
}

/** What the room means for a relay with these limits. */
export function judgeRoom({ free, total }: Room, limits: Limits): Finding {
  const what = `${formatBytes(free)} of ${formatBytes(total)} free`;
  // A message is in the log and in the tables for a while.
  const least = 2 * limits.maxMessage + BASE;
  if (free < least) {
    return {
      verdict: "bad",
      what: `${what}, with these limits one message may need ${
        formatBytes(least)
      }`,
      advice: "make room, or lower --max-message",
    };
  }
  if (free < LITTLE || free < total * LITTLE_PART) {
    return {
      verdict: "warn",
      what: `${what}: on a full disk nothing is accepted`,
      advice: "make room soon",
    };
  }
  if (free < limits.maxWaitingBytes) {
    return {
      verdict: "warn",
      what: `${what}: one recipient's messages may fill it, ${
        formatBytes(limits.maxWaitingBytes)
      } are allowed`,
      advice: "make room, or lower --max-waiting-bytes",
    };
  }
  return { verdict: "ok", what };
}
