import { concat } from "@std/bytes";
import type {
  DeviceId,
  Seq,
} from "../../../../shared/secure/secure_protocol.ts";
import { LruCache } from "../../lru_cache.ts";
import { type Query, quickSql } from "../connection/statement.ts";
import { idAt } from "../packed_bytes.ts";
import type { ReachedDevice } from "./mailboxes.ts";

/** Milliseconds between two looks for mail that came by other relays. */
const LOOK_AGAIN = 250;
/** Mailboxes whose last seq is cached. */
const MOST_CACHED = 100_000;

const ARRIVED = quickSql(`SELECT d.Device, d.LastSeq
    FROM (SELECT ${idAt("$1", "n")} AS device, after
      FROM unnest($2::bigint[]) WITH ORDINALITY AS u (after, n)) AS w
    JOIN devices AS d ON d.Device = w.device AND d.LastSeq > w.after`);

/** Waits for mail behind a seq. */
interface Waiter {
  after: Seq;
  end: () => void;
}

/**
 * Wakes those who wait for mail: at once after a commit of this relay, and by
 * one query for all of them after one of another.
 */
export class Arrivals {
  readonly #query: Query;
  readonly #waiting = new Map<string, Set<Waiter>>();
  /** Last seqs that this relay committed. */
  readonly #lastSeqs = new LruCache<number>(MOST_CACHED);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(query: Query) {
    this.#query = query;
  }

  /** Resolves once mail may have come in: see `SecureStore.arrival`. */
  wait(device: DeviceId, after: Seq, signal: AbortSignal): Promise<void> {
    const key = device.toHex();
    const isThere = (this.#lastSeqs.get(key) ?? 0) > after;
    if (signal.aborted || isThere) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting);
    const waiter: Waiter = {
      after,
      end: () => {
        signal.removeEventListener("abort", waiter.end);
        waiting.delete(waiter);
        if (waiting.size === 0 && this.#waiting.get(key) === waiting) {
          this.#waiting.delete(key);
        }
        resolve();
      },
    };
    waiting.add(waiter);
    signal.addEventListener("abort", waiter.end);
    this.#lookLater();
    return promise;
  }

  /** Messages were committed into the mailboxes of these devices. */
  reached(devices: readonly ReachedDevice[]): void {
    for (const { id, lastSeq } of devices) {
      const key = id.toHex();
      this.#lastSeqs.set(key, lastSeq);
      this.#wake(key, lastSeq);
    }
  }

  /** The database may have gone back in time. */
  forget(): void {
    this.#lastSeqs.clear();
  }

  /** Ends all waits. */
  close(): void {
    for (const waiting of [...this.#waiting.values()]) {
      for (const { end } of [...waiting]) end();
    }
    clearTimeout(this.#timer);
  }

  #wake(key: string, lastSeq: number): void {
    for (const { after, end } of [...this.#waiting.get(key) ?? []]) {
      if (lastSeq > after) end();
    }
  }

  #lookLater(): void {
    this.#timer ??= setTimeout(async () => {
      await this.#look();
      this.#timer = undefined;
      if (this.#waiting.size > 0) this.#lookLater();
    }, LOOK_AGAIN);
  }

  async #look(): Promise<void> {
    const waits = [...this.#waiting].map(([key, waiting]) => ({
      id: Uint8Array.fromHex(key),
      after: Math.min(...[...waiting].map(({ after }) => after)),
    }));
    if (waits.length === 0) return;
    try {
      const rows = await this.#query<[DeviceId, number]>(ARRIVED, [
        concat(waits.map(({ id }) => id)),
        waits.map(({ after }) => after),
      ]);
      for (const [device, lastSeq] of rows) this.#wake(device.toHex(), lastSeq);
    } catch {
      // The next look may succeed; the fetch that waits tells what is wrong.
    }
  }
}
