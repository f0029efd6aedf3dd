import { reasonOf } from "../../shared/cli/reason.ts";
import type { Relay } from "../relay/relay.ts";
import type { Store } from "../store/store.ts";
import { deadline } from "./deadline.ts";
import { Seldom } from "./seldom.ts";

/** Milliseconds in which the store must answer. */
const STORE_TIMEOUT = 2000;

/** Tells whether a relay can serve. */
export class Readiness {
  readonly #relay: Pick<Relay, "state">;
  readonly #ping: Seldom<void>;

  /** It looks when it is asked. */
  constructor(relay: Pick<Relay, "state">, store: Pick<Store, "ping">) {
    this.#relay = relay;
    this.#ping = new Seldom(() => store.ping());
  }

  /** Why it can't, in a sentence, or undefined where it can. */
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
    const late = `no answer within ${STORE_TIMEOUT / 1000} seconds`;
    try {
      await deadline(this.#ping.result(), STORE_TIMEOUT, late);
      return undefined;
    } catch (error) {
      return `The store can't be used: ${reasonOf(error)}`;
    }
  }
}
