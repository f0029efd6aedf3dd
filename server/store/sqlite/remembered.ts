import type { ClientId } from "../../../shared/wire/protocol.ts";
import { Recent } from "../recent.ts";

/** What was read of clients lately: something that never changes while they are there. */
export class Remembered<V> {
  readonly #read: (id: ClientId) => V | undefined;
  readonly #remembered: Recent<V>;

  /**
   * @param most clients that are remembered
   * @param read reads it from the database; what isn't there is asked for again
   */
  constructor(most: number, read: (id: ClientId) => V | undefined) {
    this.#remembered = new Recent(most);
    this.#read = read;
  }

  /** Forgets everything. */
  clear(): void {
    this.#remembered.clear();
  }

  /** The value of the client with this id, or undefined. */
  get(id: ClientId): V | undefined {
    const key = id.toHex();
    const known = this.#remembered.get(key);
    if (known !== undefined) return known;
    const value = this.#read(id);
    if (value !== undefined) this.#remembered.set(key, value);
    return value;
  }
}
