/**
 * Counts values by size. Recording one costs nanoseconds; reading pays for the
 * rest. The memory may be shared by a thread that records and one that reads.
 */
export class Histogram {
  /** Rising; a value counts for the first one that it isn't above. */
  readonly bounds: readonly number[];
  /** How many values each bound has, how many are above all of them, and the sum. */
  readonly #cells: Float64Array;

  /** @param cells as many as {@linkcode Histogram.cells} says, all 0 at first */
  constructor(
    bounds: readonly number[],
    cells: Float64Array = new Float64Array(Histogram.cells(bounds)),
  ) {
    this.bounds = bounds;
    this.#cells = cells;
  }

  /** How many numbers a histogram with these bounds takes. */
  static cells(bounds: readonly number[]): number {
    return bounds.length + 2;
  }

  /** Counts a value. */
  record(value: number): void {
    let bucket = 0;
    while (value > (this.bounds[bucket] ?? Infinity)) bucket++;
    this.#add(bucket, 1);
    this.#add(this.bounds.length + 1, value);
  }

  /** How many values each bound has, those above all of them last. */
  get counts(): number[] {
    return [...this.#cells.subarray(0, -1)];
  }

  /** How many values there were. */
  get count(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /** All values together. */
  get sum(): number {
    return this.#cells.at(-1) ?? 0;
  }

  #add(cell: number, value: number): void {
    this.#cells[cell] = (this.#cells[cell] ?? 0) + value;
  }
}
