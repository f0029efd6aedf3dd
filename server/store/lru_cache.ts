/**
 * A cache of the most recently used values, in two halves: when the newer half
 * is full, the older one is dropped. To delete single entries of a `Map` is
 * slower, since finding the oldest skips all entries deleted before it.
 */
export class LruCache<V> {
  readonly #most: number;
  #newer = new Map<string, V>();
  #older = new Map<string, V>();

  /** @param most maximum number of entries */
  constructor(most: number) {
    this.#most = most;
  }

  /** The value of a key; moves it to the newer half. */
  get(key: string): V | undefined {
    const newer = this.#newer.get(key);
    if (newer !== undefined) return newer;
    const older = this.#older.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  /** The value of a key, from `read` if it isn't cached; undefined isn't cached. */
  getOrRead(key: string, read: () => V | undefined): V | undefined {
    const cached = this.get(key);
    if (cached !== undefined) return cached;
    const value = read();
    if (value !== undefined) this.set(key, value);
    return value;
  }

  /** Caches a value. */
  set(key: string, value: V): void {
    if (this.#newer.size >= this.#most / 2) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    this.#newer.set(key, value);
  }

  /** Drops a value. */
  delete(key: string): void {
    this.#newer.delete(key);
    this.#older.delete(key);
  }

  /** Drops all values. */
  clear(): void {
    this.#newer.clear();
    this.#older.clear();
  }
}
