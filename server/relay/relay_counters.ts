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
  /** Of the secure port. */
  secure: {
    /** Connections that are open. */
    connections: number;
    /** Handshakes that are over. */
    handshakes: Readonly<Record<"completed" | "failed", number>>;
    /** Requests that are held until a message comes. */
    held: number;
  };
}
