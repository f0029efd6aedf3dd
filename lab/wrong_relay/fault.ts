/** What a fault of the wrong relay is, and where it can sit. */

import type { Store } from "../../server/mod.ts";
import type { ClauseId } from "../../kit/clauses.ts";
import type { Hooks } from "./altered_line.ts";
import type { Line, Listener } from "./line.ts";

/** Wraps what is given to the relay; called once for each relay that starts. */
export interface Seams {
  /** Around the store. */
  store?: (store: Store) => Store;
  /**
   * Around the requests and responses of a connection, cut into frames: hooks,
   * or what makes those of one connection with what closes it.
   */
  frames?: Hooks | ((end: () => void) => Hooks);
  /** Around the bytes of a connection, as they come. */
  bytes?: (line: Line) => Line;
  /** Around the acceptance of connections. */
  connections?: (listener: Listener) => Listener;
}

/** A mistake that public servers make, for the wrong relay to make as well. */
export interface Fault extends Seams {
  /** Which, in a sentence. */
  about: string;
  /** What it breaks. */
  clauses: readonly [ClauseId, ...ClauseId[]];
  /** Names of exactly those checks that fail; `deno task conformance:matrix` writes them. */
  fails: readonly string[];
  /** Subjects and checks in which a false accusation is possible. Default: all of them. */
  only?: readonly string[];
  /** Whether some requests get no response, so that checks wait for one. */
  isSilent?: boolean;
  /** Makes the seams where they share the state of one relay. */
  inject?: () => Seams;
}

/** Faults by name, as a file of them declares them. */
export type Faults = Readonly<Record<string, Fault>>;
