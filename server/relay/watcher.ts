/**
 * Observes a relay. Observers see no ids, names or content.
 *
 * @module
 */

import type { RequestRefusal } from "./refusal.ts";

/**
 * How a request ended: with the response that it asks for, with 9000 because the
 * relay failed, without a response because the store can't tell what it kept, or
 * refused with 9000.
 */
export type Outcome = "answered" | "failed" | "unknown" | RequestRefusal;

/** A request as observers see it. */
export interface SeenRequest {
  /** Its code, whatever the client wrote there. */
  code: number;
  /** Bytes of its payload, as its header or its content tells them. */
  size: number;
  /** The number of its connection, counted from 1. */
  connection: number;
}

/** Observes one request. */
export interface RequestWatch {
  /** The relay has begun to handle it: what follows is the store's time. */
  working?(): void;
  /** Its response is there; it isn't written yet. */
  ended(outcome: Outcome): void;
}

/** Observes a relay. It throws nothing: that would break the relay. */
export interface Watcher {
  /** A connection was accepted. */
  connected?(connection: number): void;
  /** It has ended, after so many bytes from the client and to it. */
  disconnected?(connection: number, received: number, sent: number): void;
  /** A request has arrived whole, or is refused before that. */
  requested(request: SeenRequest): RequestWatch;
}

/** One watcher for several; undefined where there are none. */
export function watchAll(watchers: readonly Watcher[]): Watcher | undefined {
  if (watchers.length < 2) return watchers[0];
  return {
    connected: (connection) =>
      watchers.forEach((watcher) => watcher.connected?.(connection)),
    disconnected: (...moved) =>
      watchers.forEach((watcher) => watcher.disconnected?.(...moved)),
    requested(request) {
      const all = watchers.map((watcher) => watcher.requested(request));
      return {
        working: () => all.forEach((watch) => watch.working?.()),
        ended: (outcome) => all.forEach((watch) => watch.ended(outcome)),
      };
    },
  };
}
