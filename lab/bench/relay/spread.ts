/** Several measurements of the same thing. */
export interface Spread {
  /** The middle one. */
  median: number;
  /** The smallest. */
  min: number;
  /** The largest. */
  max: number;
}

/** @throws {RangeError} where there are no values */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) {
    throw new RangeError("Expected at least one value, got none");
  }
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? min;
  const high = sorted[Math.floor(middle)] ?? max;
  return { median: (low + high) / 2, min, max };
}
