/**
 * A cache of the values that were used last, in two halves: when the newer one
 * is full, the older one goes as a whole. Deleting the oldest entry of a `Map`
 * by itself would have to pass over all that were deleted before it.
 */
export class LruCache<V> {
  readonly #most: number;
  #newer = new Map<string, V>();
  #older = new Map<string, V>();

  /** @param most entries that are kept */
  constructor(most: number) {
    this.#most = most;
  }

  /** The value of a key, which moves to the newer ones. */
  get(key: string): V | undefined {
    const newer = this.#newer.get(key);
    if (newer !== undefined) return newer;
    const older = this.#older.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  /** The value of a key, by `read` where it isn't cached; what reads as undefined isn't kept. */
  getOrRead(key: string, read: () => V | undefined): V | undefined {
    const cached = this.get(key);
    if (cached !== undefined) return cached;
    const value = read();
    if (value !== undefined) this.set(key, value);
    return value;
  }

  /** Keeps a value. */
  set(key: string, value: V): void {
    if (this.#newer.size >= this.#most / 2) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    this.#newer.set(key, value);
  }

  /** Drops all values. */
  clear(): void {
    this.#newer.clear();
    this.#older.clear();
  }
}
