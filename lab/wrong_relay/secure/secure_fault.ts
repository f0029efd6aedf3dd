/** What a fault of the secure port is, and where it can sit. */

import type { SecureStore } from "../../../server/store/secure_store.ts";
import type { SecureClauseId } from "../../../kit/secure_clauses.ts";
import { around } from "../around.ts";
import type { SecureHooks } from "./secure_line.ts";

/** A mistake that a relay of the secure protocol could make. */
export interface SecureFault {
  /** Which, in a sentence. */
  about: string;
  /** What it breaks. */
  clauses: readonly [SecureClauseId, ...SecureClauseId[]];
  /** Names of exactly those checks that fail. */
  fails: readonly string[];
  /** Around the store; called once for a relay. */
  store?: (store: SecureStore) => SecureStore;
  /** Around the frames; called for each connection. */
  frames?: () => SecureHooks;
}

/** A store with faults, which a subclass overrides. */
export class SecureStoreAround extends around<SecureStore>() {}
