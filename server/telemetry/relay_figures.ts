import type { MemoryBudget } from "../relay/limits/memory_budget.ts";
import type { ConnectionRefusal } from "../relay/refusal.ts";

/** What a relay has come to since its start. */
export interface RelayFigures {
  /** Connections that were accepted and served. */
  accepted: number;
  /** Connections that were closed because the client didn't get further. */
  stuck: number;
  /** Silent connections that were closed to make room for others. */
  silent: number;
  /** Connections that were closed at once, by reason. */
  refused: Readonly<Record<ConnectionRefusal, number>>;
  /** Bytes that have come from clients. */
  received: number;
  /** Bytes that have gone to clients. */
  sent: number;
  /** Bytes of memory for requests and answers under way, of `maxInflight`. */
  inflight: number;
}

/** Bytes of one connection. */
interface Ends {
  received: number;
  sent: number;
}

/** Counts connections and their bytes. */
export class Traffic {
  /** Connections that are served or were. */
  accepted = 0;
  /** Connections that were closed because the client didn't get further. */
  stuck = 0;
  /** Silent connections that were closed to make room for others. */
  silent = 0;
  /** Connections that were closed at once, by reason. */
  readonly refused: Record<ConnectionRefusal, number> = {
    connections: 0,
    connections_per_address: 0,
  };
  readonly #past: Ends = { received: 0, sent: 0 };

  /** Keeps what a connection that has ended moved. */
  ended(connection: Ends): void {
    add(this.#past, connection);
  }

  /**
   * All of it. What connections move is added up here, not as it moves.
   *
   * @param open those that haven't ended
   * @param budget the memory for what is under way
   */
  figures(
    open: Iterable<Ends>,
    budget: Pick<MemoryBudget, "used" | "displaced">,
  ): RelayFigures {
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

function add(sum: Ends, { received, sent }: Ends): void {
  sum.received += received;
  sum.sent += sent;
}
