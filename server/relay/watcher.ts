/**
 * Whoever follows what a relay does. A watcher learns who asks and what is said
 * from nothing here.
 *
 * @module
 */

import type { RequestRefusal } from "./refusal.ts";

/**
 * How a request ended: with the answer that it asks for, with 9000 because the
 * relay couldn't, without an answer because nobody knows what was kept, or
 * with 9000 for a reason that isn't the relay's.
 */
export type Outcome = "answered" | "failed" | "unknown" | RequestRefusal;

/** A request as watchers see it. */
export interface SeenRequest {
  /** Its code, whatever the client wrote there. */
  code: number;
  /** Bytes of its payload, as its header or its content tells them. */
  size: number;
  /** The number of its connection, counted from 1. */
  connection: number;
}

/** Follows one request. */
export interface RequestWatch {
  /** Its handler has begun: what follows is the store's time. */
  working?(): void;
  /** Its answer is there; it isn't written yet. */
  ended(outcome: Outcome): void;
}

/** Follows a relay. What it throws would break the relay: it throws nothing. */
export interface Watcher {
  /** A connection was accepted. */
  connected?(connection: number): void;
  /** It has ended, after so many bytes from the client and to it. */
  disconnected?(connection: number, received: number, sent: number): void;
  /** A request has arrived whole, or is refused before that. */
  requested(request: SeenRequest): RequestWatch;
}

/** One watcher for several; undefined where there are none, for which nothing has to be done. */
export function watchAll(watchers: readonly Watcher[]): Watcher | undefined {
  if (watchers.length < 2) return watchers[0];
  return {
    connected: (connection) =>
      watchers.forEach((watcher) => watcher.connected?.(connection)),
    disconnected: (...figures) =>
      watchers.forEach((watcher) => watcher.disconnected?.(...figures)),
    requested(request) {
      const all = watchers.map((watcher) => watcher.requested(request));
      return {
        working: () => all.forEach((watch) => watch.working?.()),
        ended: (outcome) => all.forEach((watch) => watch.ended(outcome)),
      };
    },
  };
}
