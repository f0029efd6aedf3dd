/**
 * Formats the statistics of a store, as text and as JSON.
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

/** Columns of a subject. */
const SUBJECT_WIDTH = 17;

/** Formats statistics as lines of text. */
export function statsLines(stats: StoreStats, now: Date): string[] {
  const { oldest, largestInboxes, files } = stats;
  const age = oldest === undefined
    ? undefined
    : formatSpan(Math.max(0, now.getTime() - oldest.getTime()));
  const subjects: [subject: string, what: string][] = [
    [
      "users",
      `${formatCount(stats.users)} (${
        formatCount(stats.secured)
      } secure); seen within a day ${formatCount(stats.seenLastDay)}, a week ${
        formatCount(stats.seenLastWeek)
      }, 30 days ${formatCount(stats.seenLastMonth)}`,
    ],
    [
      "waiting",
      `${formatThings(stats.messages, "message")} (${
        formatCount(stats.mail)
      } in mailboxes), ${formatBytes(stats.bytes)}`,
    ],
    ["oldest", age === undefined ? "none" : `arrived ${age} ago`],
    [
      "largest inboxes",
      largestInboxes.length === 0
        ? "none"
        : largestInboxes.map((count) => formatThings(count, "message"))
          .join("; "),
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

/** Makes the JSON object of statistics. */
export function statsObject(stats: StoreStats): object {
  return {
    type: "stats",
    ...stats,
    oldest: stats.oldest?.toISOString() ?? null,
  };
}
