import type { CommitFigures } from "../../../commit_figures.ts";
import type { NewSending, SendingResult } from "../../../secure_store.ts";
import type { NewMessage, Quota, SendResult } from "../../../store.ts";
import { PART_SIZE } from "../../../store_rows.ts";
import type { Database } from "../../connection/database.ts";
import { isTaken } from "../../connection/database_errors.ts";
import { type Batch, InboxQueue, type Job } from "../../inbox_queue.ts";
import { insertSendings, type SingleSending } from "./insert_sendings.ts";
import { LegacyWrite } from "./legacy_write.ts";
import { MailGroup, type MailWrite } from "./mail_group.ts";
import type { ReachedDevice } from "../mailboxes.ts";
import { SendingWrite } from "./sending_write.ts";

/** Maximum number of groups under way. */
const MOST_GROUPS = 3;
/** Messages and bytes of contents of a group. */
const GROUP_SIZE = { rows: 256, bytes: 4 * 1024 * 1024 };

/** Tries of a group that meets the same sending elsewhere. */
const MOST_TRIES = 10;

/** A write that waits. */
interface Waiting {
  write: MailWrite;
}

/** What became of some writes. */
interface Stored {
  /** Writes that need another look. */
  undecided: ReadonlySet<MailWrite>;
  /** The devices that got messages. */
  reached: readonly ReachedDevice[];
}

/**
 * Writes messages into the mailboxes of secure accounts: those of many
 * connections share a transaction, and those to one account come in the order
 * of the calls.
 */
export class MailWriter {
  readonly #database: Database;
  readonly #commits: CommitFigures;
  readonly #reached: (devices: readonly ReachedDevice[]) => void;
  readonly #queue: InboxQueue<Waiting, void>;

  /**
   * @param commits counts each commit, with the messages in it
   * @param reached is told of devices that got messages, once they are committed
   */
  constructor(
    database: Database,
    commits: CommitFigures,
    reached: (devices: readonly ReachedDevice[]) => void,
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
    const rest = await this.#settle(jobs, (writes) => this.#insert(writes));
    if (rest.length > 0) {
      await this.#settle(rest, (writes) => this.#store(writes));
    }
  }

  /**
   * Settles jobs as far as `store` decided on them.
   *
   * @param store returns undecided writes, and the devices that got messages
   * @returns the undecided jobs
   */
  async #settle(
    jobs: readonly Job<Waiting, void>[],
    store: (writes: readonly MailWrite[]) => Promise<Stored>,
  ): Promise<Job<Waiting, void>[]> {
    try {
      const begin = performance.now();
      const { undecided, reached } = await store(
        jobs.map(({ write }) => write),
      );
      const stored = jobs.filter(({ write }) => write.isStored).length;
      if (stored > 0) this.#commits.record(stored, performance.now() - begin);
      this.#reached(reached);
      for (const { write, resolve } of jobs) {
        if (!undecided.has(write)) resolve();
      }
      return jobs.filter(({ write }) => undecided.has(write));
    } catch (error) {
      for (const { reject } of jobs) reject(error);
      return [];
    }
  }

  /** Stores sendings that nothing is in the way of. */
  async #insert(writes: readonly MailWrite[]): Promise<Stored> {
    const sends = new Map<string, SendingWrite>();
    const singles: SingleSending[] = [];
    /** Recipients with a write that goes another way: what follows comes behind it. */
    const others = new Set<string>();
    for (const write of writes) {
      const recipient = write.recipient.toHex();
      const sender = write.sending?.device.toHex() ?? "";
      const single = singleOf(write);
      if (single === undefined || sends.has(sender) || others.has(recipient)) {
        others.add(recipient);
        continue;
      }
      sends.set(sender, single.write);
      singles.push(single);
    }
    const [first] = sends.values();
    if (first === undefined) return { undecided: new Set(writes), reached: [] };
    const { highestCounts, reached } = await insertSendings(
      this.#database.query,
      singles,
      first.quota,
      first.now,
    );
    for (const send of sends.values()) {
      const highest = highestCounts.get(send.sending);
      if (highest !== undefined) send.stored(highest);
    }
    const undecided = writes.filter(({ isStored }) => !isStored);
    return { undecided: new Set(undecided), reached };
  }

  /** Stores writes in a transaction, or finds out why not. */
  async #store(writes: readonly MailWrite[]): Promise<Stored> {
    for (let tries = 1;; tries++) {
      try {
        const reached = await this.#database.transaction(async (query) => {
          const group = await MailGroup.begin(query, writes);
          for (const write of writes) await write.apply(group);
          return await group.write();
        });
        return { undecided: new Set(), reached };
      } catch (error) {
        // Another one took a uid or a count meanwhile: now it is found.
        if (!isTaken(error) || tries === MOST_TRIES) throw error;
      }
    }
  }
}

/** A write as one that needs no transaction of several statements; undefined if it does. */
function singleOf(
  write: MailWrite,
): SingleSending & { write: SendingWrite } | undefined {
  if (!(write instanceof SendingWrite)) return undefined;
  const { sending, sending: { envelopes: [envelope, ...more] }, bytes } = write;
  const isSingle = envelope !== undefined && more.length === 0 &&
    bytes <= PART_SIZE;
  return isSingle ? { sending, envelope, write } : undefined;
}
