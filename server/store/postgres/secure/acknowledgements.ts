import {
  type DeviceId,
  SendingState,
  type Seq,
} from "../../../../shared/secure/secure_protocol.ts";
import type { CommitFigures } from "../../commit_figures.ts";
import type { Query } from "../connection/statement.ts";
import { InboxQueue } from "../inbox_queue.ts";
import { dropMail } from "./drop_mail.ts";

/** Mailboxes of one statement. */
const MOST_MAILBOXES = 500;

/** What a device has acknowledged. */
export interface Acknowledgement {
  device: DeviceId;
  upTo: Seq;
  /** In milliseconds since 1970. */
  now: number;
}

/**
 * Makes a queue of acknowledgements: those of many connections share a
 * statement and its commit.
 *
 * @param commits counts each commit, with the acknowledgements in it
 */
export function acknowledgementQueue(
  query: Query,
  commits: CommitFigures,
): InboxQueue<Acknowledgement, void> {
  return new InboxQueue({
    async write(group) {
      const jobs = group.flatMap(({ jobs }) => jobs);
      const now = Math.max(...jobs.map(({ now }) => now));
      const deletions = jobs.map(({ device, upTo }) => ({
        device,
        runs: [[1, upTo] as const],
      }));
      try {
        const begin = performance.now();
        await dropMail(query, deletions, SendingState.Taken, now);
        commits.record(jobs.length, performance.now() - begin);
        for (const { resolve } of jobs) resolve();
      } catch (error) {
        for (const { reject } of jobs) reject(error);
      }
    },
    groups: 1,
    sizeOf: () => ({ rows: 1, bytes: 0 }),
    enough: { rows: MOST_MAILBOXES, bytes: Infinity },
    isAlone: () => false,
  });
}
