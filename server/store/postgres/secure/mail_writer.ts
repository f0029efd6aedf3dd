import type { CommitFigures } from "../../commit_figures.ts";
import type { NewSending, SendingResult } from "../../secure_store.ts";
import type { NewMessage, Quota, SendResult } from "../../store.ts";
import { PART_SIZE } from "../../store_rows.ts";
import type { Database } from "../connection/database.ts";
import { type Batch, InboxQueue } from "../inbox_queue.ts";
import { LegacyWrite } from "./legacy_write.ts";
import { MailGroup, type MailWrite } from "./mail_group.ts";
import type { LockedDevice } from "./mailboxes.ts";
import { SendingWrite } from "./sending_write.ts";

/** Maximum number of groups under way. */
const MOST_GROUPS = 3;
/** Messages and bytes of contents of a group. */
const GROUP_SIZE = { rows: 512, bytes: 4 * 1024 * 1024 };

/** A write that waits. */
interface Waiting {
  write: MailWrite;
}

/**
 * Writes messages into the mailboxes of secure accounts: those of many
 * connections share a transaction, and those to one account come in the order
 * of the calls.
 */
export class MailWriter {
  readonly #database: Database;
  readonly #commits: CommitFigures;
  readonly #reached: (devices: readonly LockedDevice[]) => void;
  readonly #queue: InboxQueue<Waiting, void>;

  /**
   * @param commits counts each commit, with the messages in it
   * @param reached is told of devices that got messages, once they are committed
   */
  constructor(
    database: Database,
    commits: CommitFigures,
    reached: (devices: readonly LockedDevice[]) => void,
  ) {
    this.#database = database;
    this.#commits = commits;
    this.#reached = reached;
    this.#queue = new InboxQueue({
      write: (group) => this.#write(group),
      groups: MOST_GROUPS,
      sizeOf: ({ write }) => ({ rows: 1, bytes: write.bytes }),
      enough: GROUP_SIZE,
      isAlone: ({ write }) => write.bytes > PART_SIZE,
    });
    database.syncWait.onWait.push((obstacle) => this.#queue.refuse(obstacle));
  }

  /** Stores a sending: see `SecureStore.send`. */
  async send(
    sending: NewSending,
    quota: Quota,
    now: Date,
  ): Promise<SendingResult> {
    const write = new SendingWrite(sending, quota, now.getTime());
    await this.#add(write);
    return write.result;
  }

  /** Stores a legacy client's message; it is refused as to an unknown target if there is no secure account. */
  async sendLegacy(message: NewMessage, quota: Quota): Promise<SendResult> {
    const write = new LegacyWrite(message, quota);
    await this.#add(write);
    return write.result;
  }

  /** Resolves once nothing is under way. */
  async settled(): Promise<void> {
    await this.#queue.settled();
  }

  async #add(write: MailWrite): Promise<void> {
    const { syncWait } = this.#database;
    // Behind commits that wait it could only wait too.
    if (syncWait.obstacle !== undefined) await syncWait.requireNone();
    await this.#queue.add(write.recipient, { write });
  }

  async #write(group: Batch<Waiting, void>[]): Promise<void> {
    const jobs = group.flatMap(({ jobs }) => jobs);
    const writes = jobs.map(({ write }) => write);
    try {
      const begin = performance.now();
      const reached = await this.#database.transaction(async (query) => {
        const mail = await MailGroup.begin(query, writes);
        for (const write of writes) await write.apply(mail);
        return await mail.write();
      });
      const stored = writes.filter(({ isStored }) => isStored).length;
      if (stored > 0) this.#commits.record(stored, performance.now() - begin);
      this.#reached(reached);
      for (const { resolve } of jobs) resolve();
    } catch (error) {
      for (const { reject } of jobs) reject(error);
    }
  }
}
