import type { ClientId } from "../../shared/protocol.ts";
import { Recent } from "./recent.ts";
import type { KnownClient } from "./store.ts";

/** Clients that are remembered. */
const MOST_REMEMBERED = 20_000;

/** Clients that were looked up lately: what is kept of them here never changes. */
export class KnownClients {
  readonly #read: (id: ClientId) => KnownClient | undefined;
  readonly #remembered = new Recent<KnownClient>(MOST_REMEMBERED);

  /** @param read finds a client in the database */
  constructor(read: (id: ClientId) => KnownClient | undefined) {
    this.#read = read;
  }

  /** The client with this id, or undefined. */
  find(id: ClientId): KnownClient | undefined {
    const key = id.toHex();
    const known = this.#remembered.get(key);
    if (known !== undefined) return known;
    const client = this.#read(id);
    if (client === undefined) return undefined;
    this.#remembered.set(key, client);
    return client;
  }
}
