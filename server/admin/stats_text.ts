/**
 * Figures of a store, as lines for people and as an object for JSON.
 *
 * @module
 */

import {
  formatBytes,
  formatCount,
  formatSpan,
  formatThings,
} from "../../shared/cli/figures.ts";
import type { StoreStats } from "../store/admin_store.ts";

/** Columns of the longest subject, and two. */
const SUBJECT_WIDTH = 17;

/** The lines. */
export function statsLines(stats: StoreStats, now: Date): string[] {
  const { oldest, largestInboxes, files } = stats;
  const age = oldest === undefined
    ? undefined
    : formatSpan(Math.max(0, now.getTime() - oldest.getTime()));
  const subjects: [subject: string, what: string][] = [
    [
      "users",
      `${formatCount(stats.users)}; seen within a day ${
        formatCount(stats.seenLastDay)
      }, a week ${formatCount(stats.seenLastWeek)}, 30 days ${
        formatCount(stats.seenLastMonth)
      }`,
    ],
    [
      "waiting",
      `${formatThings(stats.messages, "message")}, ${formatBytes(stats.bytes)}`,
    ],
    ["oldest", age === undefined ? "none" : `arrived ${age} ago`],
    [
      "largest inboxes",
      largestInboxes.length === 0
        ? "none"
        : `${largestInboxes.map(formatCount).join("; ")} messages`,
    ],
    [
      "files",
      files.map(({ name, bytes }) => `${name} ${formatBytes(bytes)}`)
        .join(", "),
    ],
  ];
  return subjects.map(([subject, what]) =>
    subject.padEnd(SUBJECT_WIDTH) + what
  );
}

/** The object. */
export function statsObject(stats: StoreStats): object {
  return {
    type: "stats",
    ...stats,
    oldest: stats.oldest?.toISOString() ?? null,
  };
}
