import { reasonOf } from "../../shared/cli/reason.ts";
import { inTime } from "../../shared/cli/time.ts";
import type { Relay } from "../relay/relay.ts";
import type { Store } from "../store/store.ts";

/** Milliseconds in which the store must respond. */
const STORE_TIMEOUT = 2000;
/** Milliseconds for which a result is cached. */
const CACHED_FOR = 250;

/** Tells whether a relay can serve. */
export class Readiness {
  readonly #relay: Pick<Relay, "state">;
  readonly #ping: () => Promise<void>;

  constructor(relay: Pick<Relay, "state">, store: Pick<Store, "ping">) {
    this.#relay = relay;
    this.#ping = cached(() => store.ping());
  }

  /** Why it can't, in a sentence; undefined where it can. */
  async obstacle(): Promise<string | undefined> {
    switch (this.#relay.state) {
      case "closing":
        return "The relay is stopping";
      case "not accepting":
        return "The relay can't accept connections";
      case "accepting":
        return await this.#storeObstacle();
    }
  }

  async #storeObstacle(): Promise<string | undefined> {
    const cannot = "The store can't be used";
    try {
      const late = await inTime(
        this.#ping(),
        STORE_TIMEOUT,
        `${cannot}: no answer within ${STORE_TIMEOUT / 1000} seconds`,
      );
      return late ?? undefined;
    } catch (error) {
      return `${cannot}: ${reasonOf(error)}`;
    }
  }
}

/**
 * Caches what `work` resolves to, or rejects with, for a quarter of a second.
 * Calls while it is under way share its result.
 */
export function cached<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  let expires = 0;
  return () => {
    if (result !== undefined && performance.now() <= expires) return result;
    expires = Infinity;
    result = work();
    const settled = () => expires = performance.now() + CACHED_FOR;
    result.then(settled, settled);
    return result;
  };
}
