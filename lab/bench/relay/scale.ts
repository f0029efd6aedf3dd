/**
 * Where values lie along an axis.
 *
 * @module
 */

/** Where values lie on an axis, and which of them are named. */
export interface Scale {
  /** The values that are named. */
  ticks: number[];
  /** Where a value lies. */
  at: (value: number) => number;
}

/**
 * Fits an axis from one place to another around values: from 0 on, or with
 * `log` from one power of ten to another.
 *
 * @throws {RangeError} where there are no values, or one isn't above 0 with `log`
 */
export function scale(
  values: readonly number[],
  from: number,
  to: number,
  log: boolean,
): Scale {
  const least = Math.min(...values);
  const most = Math.max(...values);
  if (!Number.isFinite(most) || !Number.isFinite(least) || log && least <= 0) {
    throw new RangeError(`Expected values to draw, got ${least} to ${most}`);
  }
  const along = (share: number) => from + share * (to - from);
  if (!log) {
    const step = niceStep(most || 1);
    const steps = Math.ceil((most || 1) / step);
    const ticks = Array.from({ length: steps + 1 }, (_, i) => i * step);
    return { ticks, at: (value) => along(value / (steps * step)) };
  }
  const first = Math.floor(Math.log10(least));
  const last = Math.max(first + 1, Math.ceil(Math.log10(most) - 1e-9));
  const ticks = Array.from(
    { length: last - first + 1 },
    (_, i) => 10 ** (first + i),
  );
  return {
    ticks,
    at: (value) => along((Math.log10(value) - first) / (last - first)),
  };
}

/** 1, 2 or 5 times a power of ten, so that there are four to eight steps. */
function niceStep(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most / 4));
  return [5, 2, 1].map((digit) => digit * power)
    .find((step) => most / step >= 4) ?? power;
}
