/**
 * What was used lately, in two halves: when the newer one is full the older one
 * goes as a whole. Deleting the oldest entry of a `Map` by itself would have to
 * look past all that were deleted before it.
 */
export class Recent<V> {
  readonly #most: number;
  #newer = new Map<string, V>();
  #older = new Map<string, V>();

  /** @param most entries that are kept */
  constructor(most: number) {
    this.#most = most;
  }

  /** The value of a key, which is one of the newer ones now. */
  get(key: string): V | undefined {
    const newer = this.#newer.get(key);
    if (newer !== undefined) return newer;
    const older = this.#older.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  /** Keeps a value. */
  set(key: string, value: V): void {
    if (this.#newer.size >= this.#most / 2) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    this.#newer.set(key, value);
  }

  /** Forgets everything. */
  clear(): void {
    this.#newer.clear();
    this.#older.clear();
  }
}
