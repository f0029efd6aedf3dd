import { StoreError } from "../../store.ts";
import { type Query, quickSql } from "./statement.ts";

/** Milliseconds that a commit may wait before it counts. */
const LONG = 2000;
/** Milliseconds between two looks. */
const PAUSE = 250;

// A relay sees the waits of its own user's connections: its own, and those of
// other relays.
const WAITS = quickSql(
  `SELECT count(*), current_setting('synchronous_standby_names')
    FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event = 'SyncRep'
      AND query_start < clock_timestamp() - interval '${LONG} ms'`,
);

/**
 * Whether commits wait for a synchronous standby: such a database reads, and
 * takes no write until the standby is back.
 */
export class SyncWait {
  readonly #query: Query;
  #obstacle: StoreError | undefined;
  #looked = -Infinity;
  #looking: Promise<void> | undefined;
  /** Are told once commits wait. */
  readonly onWait: ((obstacle: StoreError) => void)[] = [];

  /** @param query mustn't wait for a connection that writes need */
  constructor(query: Query) {
    this.#query = query;
  }

  /** Why nothing can be written, as far as is known. */
  get obstacle(): StoreError | undefined {
    return this.#obstacle;
  }

  /** Looks after a write that takes long; the result ends that. */
  watch(): () => void {
    const timer = setTimeout(() => this.look(), LONG);
    return () => clearTimeout(timer);
  }

  /**
   * Looks again where commits waited the last time.
   *
   * @throws {StoreError} where they still do
   */
  async requireNone(): Promise<void> {
    if (this.#obstacle === undefined) return;
    if (performance.now() - this.#looked >= PAUSE) await this.look();
    if (this.#obstacle !== undefined) throw this.#obstacle;
  }

  /** Looks. */
  look(): Promise<void> {
    return this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
  }

  async #look(): Promise<void> {
    let found: StoreError | undefined;
    try {
      const [row] = await this.#query<[number, string]>(WAITS);
      if (row !== undefined && row[0] > 0) found = waitError(row[1]);
    } catch {
      // A database that can't be asked has another obstacle, and tells it.
    }
    this.#looked = performance.now();
    const isNew = this.#obstacle === undefined && found !== undefined;
    this.#obstacle = found;
    if (!isNew || found === undefined) return;
    for (const listener of this.onWait) listener(found);
  }
}

function waitError(names: string): StoreError {
  return new StoreError(
    `The database's commits wait for a synchronous standby that doesn't answer (synchronous_standby_names = '${names}'): start the standby, or name one that runs`,
  );
}
