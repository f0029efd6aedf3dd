/** A message's key, and what its row takes. */
export interface MessageKey {
  /** 16 bytes. */
  recipient: Uint8Array;
  /** Its id in the recipient's inbox. */
  id: number;
  /** Bytes of the content in its row. */
  size: number;
}

/**
 * The keys of all waiting messages, which come in the order of their inboxes,
 * and go in that of arrival. An index more in the database would cost each
 * message, so they are sorted here, in some 40 bytes each.
 */
export class ArrivalOrder {
  readonly #inboxes: { recipient: Uint8Array; from: number }[] = [];
  #ids = new Uint32Array(1024);
  #sizes = new Uint32Array(1024);
  #arrivals = new Float64Array(1024);
  #count = 0;

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** Adds a message to the last inbox, or to a new one. */
  add({ recipient, id, size }: MessageKey, arrived: number): void {
    if (this.#count === this.#ids.length) this.#grow();
    const last = this.#inboxes.at(-1);
    if (last === undefined || !isSame(last.recipient, recipient)) {
      this.#inboxes.push({ recipient, from: this.#count });
    }
    this.#ids[this.#count] = id;
    this.#sizes[this.#count] = size;
    this.#arrivals[this.#count] = arrived;
    this.#count++;
  }

  /** All of them, the oldest first. */
  *sorted(): Generator<MessageKey> {
    const arrivals = this.#arrivals;
    const order = Uint32Array.from({ length: this.#count }, (_, i) => i)
      .sort((a, b) => (arrivals[a] ?? 0) - (arrivals[b] ?? 0) || a - b);
    for (const index of order) {
      yield {
        recipient: this.#recipientOf(index),
        id: this.#ids[index] ?? 0,
        size: this.#sizes[index] ?? 0,
      };
    }
  }

  #grow(): void {
    const length = 2 * this.#ids.length;
    const [ids, sizes, arrivals] = [this.#ids, this.#sizes, this.#arrivals];
    (this.#ids = new Uint32Array(length)).set(ids);
    (this.#sizes = new Uint32Array(length)).set(sizes);
    (this.#arrivals = new Float64Array(length)).set(arrivals);
  }

  #recipientOf(index: number): Uint8Array {
    let low = 0;
    let high = this.#inboxes.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#inboxes[middle]?.from ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return this.#inboxes[low]?.recipient ?? new Uint8Array(0);
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
