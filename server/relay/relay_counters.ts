import type { MemoryBudget } from "./limits/memory_budget.ts";
import type { ConnectionRefusal } from "./refusal.ts";

/** What a relay has counted since its start. */
export interface RelayCounters {
  /** Connections that were accepted and served. */
  accepted: number;
  /** Connections that were closed because the client stalled. */
  stuck: number;
  /** Silent connections that were closed to make room for others. */
  silent: number;
  /** Connections that were closed at once, by reason. */
  refused: Readonly<Record<ConnectionRefusal, number>>;
  /** Bytes that have come from clients. */
  received: number;
  /** Bytes that have gone to clients. */
  sent: number;
  /** Bytes of memory for requests and responses under way, of `maxInflight`. */
  inflight: number;
}

/** Bytes of one connection. */
type Moved = Pick<RelayCounters, "received" | "sent">;

/** Counts connections and their bytes. */
export class ConnectionCounters {
  /** Connections that are served or were. */
  accepted = 0;
  /** Connections that were closed because the client stalled. */
  stuck = 0;
  /** Silent connections that were closed to make room for others. */
  silent = 0;
  /** Connections that were closed at once, by reason. */
  readonly refused: Record<ConnectionRefusal, number> = {
    connections: 0,
    connections_per_address: 0,
  };
  readonly #past: Moved = { received: 0, sent: 0 };

  /** Keeps what a connection that has ended moved. */
  ended(connection: Moved): void {
    add(this.#past, connection);
  }

  /**
   * All counters. What connections move is added up here, not as it moves.
   *
   * @param open connections that haven't ended
   * @param budget the memory for what is under way
   */
  all(
    open: Iterable<Moved>,
    budget: Pick<MemoryBudget, "used" | "displaced">,
  ): RelayCounters {
    const moved = { ...this.#past };
    for (const connection of open) add(moved, connection);
    const { accepted, silent, refused } = this;
    return {
      accepted,
      stuck: this.stuck + budget.displaced,
      silent,
      refused: { ...refused },
      ...moved,
      inflight: budget.used,
    };
  }
}

function add(sum: Moved, { received, sent }: Moved): void {
  sum.received += received;
  sum.sent += sent;
}
