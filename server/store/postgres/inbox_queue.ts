/** A write to an inbox, with what settles it. */
export type Job<T, R> = T & {
  resolve: (result: R) => void;
  reject: (error: unknown) => void;
};

/** Writes to one inbox, the oldest first. */
export interface Batch<T, R> {
  /** The recipient's id in hex. */
  key: string;
  jobs: Job<T, R>[];
}

/** How an {@linkcode InboxQueue} groups its jobs. */
export interface Grouping<T, R> {
  /** Settles a group's jobs, or puts them back, and doesn't reject. */
  write: (group: Batch<T, R>[]) => Promise<void>;
  /** Maximum number of groups under way. */
  groups: number;
  /** Size of a job: rows that it writes, and bytes. */
  sizeOf: (job: T) => Size;
  /** Size from which a group takes no further job. */
  enough: Size;
  /** Whether a job gets a group of its own. */
  isAlone: (job: T) => boolean;
}

interface Size {
  rows: number;
  bytes: number;
}

interface Inbox<T, R> {
  waiting: Job<T, R>[];
  busy: boolean;
}

/**
 * Inboxes with writes that wait. They are written in groups that share a
 * statement and its commit. Several groups may be under way at once, but of an
 * inbox only one: so the ids of its messages rise in the order of the calls.
 */
export class InboxQueue<T, R> {
  readonly #grouping: Grouping<T, R>;
  readonly #inboxes = new Map<string, Inbox<T, R>>();
  /** Keys of inboxes that have something waiting and aren't busy. */
  #ready: string[] = [];
  #groups = 0;
  /** Jobs that are ready, and that are under way. */
  #waiting = 0;
  #writing = 0;
  #scheduled = false;
  #watching: (() => void)[] = [];

  constructor(grouping: Grouping<T, R>) {
    this.#grouping = grouping;
  }

  /** Resolves once nothing waits and nothing is under way. */
  async settled(): Promise<void> {
    while (this.#inboxes.size > 0) {
      await new Promise<void>((resolve) => this.#watching.push(resolve));
    }
  }

  /** Appends a write; resolves to its result. */
  add(recipient: Uint8Array, write: T): Promise<R> {
    return new Promise((resolve, reject) => {
      const job = { ...write, resolve, reject };
      this.#waiting++;
      const key = recipient.toHex();
      const inbox = this.#inboxes.get(key);
      if (inbox !== undefined) inbox.waiting.push(job);
      else {
        this.#inboxes.set(key, { waiting: [job], busy: false });
        this.#ready.push(key);
      }
      this.#schedule();
    });
  }

  /** Puts jobs of an inbox that is under way back in front, to go with the next group. */
  putBack(key: string, jobs: readonly Job<T, R>[]): void {
    this.#inboxes.get(key)?.waiting.unshift(...jobs);
    this.#waiting += jobs.length;
  }

  /** Refuses all that isn't under way. */
  refuse(error: unknown): void {
    const refused: Job<T, R>[] = [];
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
    return this.#ready.length > 0 && this.#groups < this.#grouping.groups &&
      (this.#groups === 0 || this.#waiting >= this.#writing);
  }

  async #start(group: Batch<T, R>[]): Promise<void> {
    const count = group.reduce((sum, { jobs }) => sum + jobs.length, 0);
    this.#groups++;
    this.#writing += count;
    this.#waiting -= count;
    await this.#grouping.write(group);
    this.#groups--;
    this.#writing -= count;
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

  #take(): Batch<T, R>[] {
    const { sizeOf, enough, isAlone } = this.#grouping;
    const group: Batch<T, R>[] = [];
    let rows = 0;
    let bytes = 0;
    let used = 0;
    for (const key of this.#ready) {
      const inbox = this.#inboxes.get(key) as Inbox<T, R>;
      const [first] = inbox.waiting;
      if (first === undefined) break;
      if (isAlone(first)) {
        if (group.length > 0) break;
        group.push({ key, jobs: inbox.waiting.splice(0, 1) });
        inbox.busy = true;
        used++;
        break;
      }
      const jobs: Job<T, R>[] = [];
      for (const job of inbox.waiting) {
        if (isAlone(job) || rows >= enough.rows) break;
        if (bytes >= enough.bytes) break;
        jobs.push(job);
        const size = sizeOf(job);
        rows += size.rows;
        bytes += size.bytes;
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
