import {
  MAX_MESSAGE_ID,
  type MessageId,
} from "../../../shared/wire/protocol.ts";
import type { CommitFigures } from "../commit_figures.ts";
import type { LegacySendingResult, NewLegacySending } from "../secure_store.ts";
import type { NewMessage, Quota, SendResult } from "../store.ts";
import type { Database } from "./connection/database.ts";
import { InboxCeilings } from "./inbox_ceilings.ts";
import { InboxQueue } from "./inbox_queue.ts";
import {
  type BatchOutcome,
  type CeiledBatch,
  insertMessages,
  type Send,
  type SendBatch,
} from "./insert_messages.ts";
import { PART_SIZE } from "../store_rows.ts";
import { insertOnce, UidTakenError } from "./secure/legacy_sending.ts";
import { type Query, sql } from "./connection/statement.ts";

/** Maximum number of groups under way. */
const MOST_GROUPS = 3;
/** Messages and bytes of contents of a group. */
const GROUP_SIZE = { rows: 512, bytes: 4 * 1024 * 1024 };

const INSERT_PART = sql(
  "INSERT INTO parts (ToClient, ID, Part, Content) VALUES ($1, $2, $3, $4)",
);

/** Writes messages into a database: in groups, each inbox within its quota. */
export class MessageWriter {
  readonly #database: Database;
  readonly #commits: CommitFigures;
  readonly #ceilings: InboxCeilings;
  readonly #queue: InboxQueue<Send, SendResult>;

  /** @param commits counts each commit, with the messages in it */
  constructor(database: Database, commits: CommitFigures) {
    this.#database = database;
    this.#commits = commits;
    this.#ceilings = new InboxCeilings(database.query);
    this.#queue = new InboxQueue({
      write: (group) => this.#write(group),
      groups: MOST_GROUPS,
      sizeOf: ({ message }) => ({ rows: 1, bytes: message.content.length }),
      enough: GROUP_SIZE,
      isAlone,
    });
    database.syncWait.onWait.push((obstacle) => this.#queue.refuse(obstacle));
  }

  /** Keeps a message: see `Store.send`. */
  async send(message: NewMessage, quota: Quota): Promise<SendResult> {
    const { syncWait } = this.#database;
    // Behind commits that wait it could only wait too.
    if (syncWait.obstacle !== undefined) await syncWait.requireNone();
    return await this.#queue.add(message.recipient, { message, quota });
  }

  /** Keeps a message once for a uid: see `SecureStore.sendLegacy`. */
  async sendOnce(
    sending: NewLegacySending,
    quota: Quota,
    now: Date,
  ): Promise<LegacySendingResult> {
    const { target: recipient, sender, type, content } = sending;
    const message = { recipient, sender, type, content };
    const once = { sending, now: now.getTime() };
    try {
      return await this.#queue.add(recipient, { message, quota, once });
    } catch (error) {
      if (error instanceof UidTakenError) return { refused: "uid" };
      throw error;
    }
  }

  /** Something was removed from an inbox. */
  removed(recipient: Uint8Array): void {
    this.#ceilings.lowered(recipient.toHex());
  }

  /** Something was removed from any inboxes, or their ids were changed. */
  purged(): void {
    this.#ceilings.forget();
  }

  /** Resolves once nothing is under way. */
  async settled(): Promise<void> {
    await this.#queue.settled();
  }

  async #write(group: SendBatch[]): Promise<void> {
    const batches = group.map((batch): CeiledBatch => {
      const quota = batch.jobs[0]?.quota ?? { messages: 0, bytes: 0 };
      return { ...batch, ceiling: this.#ceilings.of(batch.key, quota) };
    });
    let outcomes: (BatchOutcome | undefined)[];
    try {
      const begin = performance.now();
      outcomes = await this.#insert(batches);
      const kept = group.reduce(
        (sum, { jobs }, i) => sum + (outcomes[i]?.fits ? jobs.length : 0),
        0,
      );
      if (kept > 0) this.#commits.record(kept, performance.now() - begin);
    } catch (error) {
      for (const batch of group) refuse(batch, error);
      return;
    }
    await Promise.all(group.map(async (batch, i) => {
      try {
        await this.#settle(batch, outcomes[i]);
      } catch (error) {
        refuse(batch, error);
      }
    }));
  }

  async #insert(
    batches: readonly CeiledBatch[],
  ): Promise<(BatchOutcome | undefined)[]> {
    const [first] = batches;
    const job = first?.jobs[0];
    if (job === undefined || !isAlone(job)) {
      return await insertMessages(this.#database.query, batches);
    }
    const { message, once } = job;
    return await this.#database.transaction(async (query) => {
      const insert = () => insertAlone(query, batches, message);
      return [
        once === undefined
          ? await insert()
          : await insertOnce(query, once, insert),
      ];
    });
  }

  async #settle(
    { key, jobs }: SendBatch,
    outcome: BatchOutcome | undefined,
  ): Promise<void> {
    if (outcome === undefined) {
      for (const { resolve } of jobs) resolve({ refused: "unknown_target" });
    } else if (outcome.fits) {
      jobs.forEach(({ resolve }, i) =>
        resolve({ id: outcome.lastMessage + 1 + i as MessageId })
      );
    } else {
      this.#queue.putBack(key, await this.#admit(key, jobs, outcome));
    }
  }

  /** Refuses what the quota doesn't allow, and returns the others. */
  async #admit(
    key: string,
    jobs: SendBatch["jobs"],
    { lastMessage, totalBytes }: BatchOutcome,
  ): Promise<SendBatch["jobs"]> {
    const [first] = jobs;
    if (first === undefined) return [];
    const ceiling = await this.#ceilings.count(
      key,
      first.message.recipient,
      first.quota,
    );
    let last = lastMessage;
    let total = totalBytes;
    return jobs.filter(({ message, resolve }) => {
      const bytes = total + message.content.length;
      const isLast = last >= MAX_MESSAGE_ID;
      if (isLast || last >= ceiling.lastMessage || bytes > ceiling.totalBytes) {
        resolve({ refused: isLast ? "ids_used_up" : "inbox_full" });
        return false;
      }
      last++;
      total = bytes;
      return true;
    });
  }
}

function refuse({ jobs }: SendBatch, error: unknown): void {
  for (const { reject } of jobs) reject(error);
}

/** Inserts a message with its parts, one by one. */
async function insertAlone(
  query: Query,
  batches: readonly CeiledBatch[],
  { recipient, content }: NewMessage,
): Promise<BatchOutcome | undefined> {
  const [outcome] = await insertMessages(query, batches);
  if (!outcome?.fits) return outcome;
  const id = outcome.lastMessage + 1;
  for (let part = 1; part * PART_SIZE < content.length; part++) {
    const at = part * PART_SIZE;
    const piece = content.subarray(at, at + PART_SIZE);
    await query(INSERT_PART, [recipient, id, part, piece]);
  }
  return outcome;
}

/** Whether a message needs a transaction of several statements. */
function isAlone({ message, once }: Send): boolean {
  return once !== undefined || message.content.length > PART_SIZE;
}
