/**
 * Messages on their way into inboxes, in groups that share a statement and its
 * commit. Several groups are under way at once, but of an inbox only one: so
 * its ids rise in the order of the calls.
 *
 * @module
 */

import type { NewMessage, Quota, SendResult } from "../store.ts";

/** Groups that are under way at once. */
const MOST_GROUPS = 3;
/** Messages of one group at most. */
const MOST_MESSAGES = 512;
/** Bytes of contents of one group, about. */
const MOST_BYTES = 4 * 1024 * 1024;

/** A message whose sender waits for the outcome. */
export interface Job {
  /** The message. */
  message: NewMessage;
  /** How much may wait in its inbox. */
  quota: Quota;
  /** Settles the send with its result. */
  resolve: (result: SendResult) => void;
  /** Fails the send. */
  reject: (error: unknown) => void;
}

/** Messages to one recipient, the oldest first. */
export interface Batch {
  /** The recipient's id in hex. */
  key: string;
  /** They go into the inbox together, or none does. */
  jobs: Job[];
}

interface Inbox {
  waiting: Job[];
  busy: boolean;
}

/** Inboxes that messages wait for. */
export class InboxQueue {
  readonly #write: (group: Batch[]) => Promise<void>;
  readonly #isAlone: (job: Job) => boolean;
  readonly #inboxes = new Map<string, Inbox>();
  /** Keys of inboxes that have something waiting and aren't busy. */
  #ready: string[] = [];
  #groups = 0;
  /** Messages that are ready, and that are under way. */
  #waiting = 0;
  #writing = 0;
  #scheduled = false;
  #watching: (() => void)[] = [];

  /**
   * @param write settles a group's jobs, or puts them back, and doesn't reject
   * @param isAlone whether a message gets a group of its own
   */
  constructor(
    write: (group: Batch[]) => Promise<void>,
    isAlone: (job: Job) => boolean,
  ) {
    this.#write = write;
    this.#isAlone = isAlone;
  }

  /** Resolves once nothing waits and nothing is under way. */
  async settled(): Promise<void> {
    while (this.#inboxes.size > 0) {
      await new Promise<void>((resolve) => this.#watching.push(resolve));
    }
  }

  /** Appends a message. */
  add(job: Job): void {
    this.#waiting++;
    const key = job.message.recipient.toHex();
    const inbox = this.#inboxes.get(key);
    if (inbox !== undefined) inbox.waiting.push(job);
    else {
      this.#inboxes.set(key, { waiting: [job], busy: false });
      this.#ready.push(key);
    }
    this.#schedule();
  }

  /** Puts messages of an inbox that is under way back in front, to go with the next group. */
  putBack(key: string, jobs: readonly Job[]): void {
    this.#inboxes.get(key)?.waiting.unshift(...jobs);
    this.#waiting += jobs.length;
  }

  /** Refuses all that isn't under way. */
  refuse(error: unknown): void {
    const refused: Job[] = [];
    for (const [key, inbox] of this.#inboxes) {
      refused.push(...inbox.waiting.splice(0));
      if (!inbox.busy) this.#inboxes.delete(key);
    }
    this.#ready = [];
    this.#waiting -= refused.length;
    for (const { reject } of refused) reject(error);
    for (const look of this.#watching.splice(0)) look();
  }

  /** What comes in within one turn goes together. */
  #schedule(): void {
    if (this.#scheduled || !this.#mayStart) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      while (this.#mayStart) this.#start(this.#take());
    });
  }

  /**
   * A further group must be worth it: where those under way are large a small
   * one would cost all of them more than it gains.
   */
  get #mayStart(): boolean {
    return this.#ready.length > 0 && this.#groups < MOST_GROUPS &&
      (this.#groups === 0 || this.#waiting >= this.#writing);
  }

  async #start(group: Batch[]): Promise<void> {
    const messages = group.reduce((sum, { jobs }) => sum + jobs.length, 0);
    this.#groups++;
    this.#writing += messages;
    this.#waiting -= messages;
    await this.#write(group);
    this.#groups--;
    this.#writing -= messages;
    for (const { key } of group) {
      const inbox = this.#inboxes.get(key);
      if (inbox === undefined) continue;
      inbox.busy = false;
      if (inbox.waiting.length > 0) this.#ready.push(key);
      else this.#inboxes.delete(key);
    }
    this.#schedule();
    for (const look of this.#watching.splice(0)) look();
  }

  #take(): Batch[] {
    const group: Batch[] = [];
    let messages = 0;
    let bytes = 0;
    let used = 0;
    for (const key of this.#ready) {
      const inbox = this.#inboxes.get(key) as Inbox;
      const [first] = inbox.waiting;
      if (first === undefined) break;
      if (this.#isAlone(first)) {
        if (group.length > 0) break;
        group.push({ key, jobs: inbox.waiting.splice(0, 1) });
        inbox.busy = true;
        used++;
        break;
      }
      const jobs: Job[] = [];
      for (const job of inbox.waiting) {
        if (this.#isAlone(job) || messages >= MOST_MESSAGES) break;
        if (bytes >= MOST_BYTES) break;
        jobs.push(job);
        messages++;
        bytes += job.message.content.length;
      }
      if (jobs.length === 0) break;
      inbox.waiting.splice(0, jobs.length);
      inbox.busy = true;
      group.push({ key, jobs });
      used++;
    }
    this.#ready = this.#ready.slice(used);
    return group;
  }
}
