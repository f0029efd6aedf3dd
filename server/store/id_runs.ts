/**
 * Message ids as runs without gaps. The ids in an inbox are mostly a single run.
 *
 * @module
 */

/** The first and the last id of a run without gaps. */
export type IdRun = readonly [first: number, last: number];

/** Splits rising ids into runs. */
export function runsOf(ids: Iterable<number>): IdRun[] {
  const runs: [number, number][] = [];
  for (const id of ids) {
    const run = runs.at(-1);
    if (run !== undefined && id === run[1] + 1) run[1] = id;
    else runs.push([id, id]);
  }
  return runs;
}

/** Number of ids in the runs. */
export function countIds(runs: readonly IdRun[]): number {
  return runs.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

/** The lowest `most` ids of rising runs. */
export function firstIds(runs: readonly IdRun[], most: number): IdRun[] {
  const first: IdRun[] = [];
  let left = most;
  for (const [from, to] of runs) {
    if (left <= 0) break;
    const last = Math.min(to, from + left - 1);
    first.push([from, last]);
    left -= last - from + 1;
  }
  return first;
}

/** The ids of rising runs that are higher than `id`. */
export function idsAbove(runs: readonly IdRun[], id: number): IdRun[] {
  return runs
    .map(([first, last]): IdRun => [Math.max(first, id + 1), last])
    .filter(([first, last]) => first <= last);
}

/** The union of two rising runs. */
export function mergeRuns(a: readonly IdRun[], b: readonly IdRun[]): IdRun[] {
  const merged: [number, number][] = [];
  for (const [first, last] of [...a, ...b].sort(([a], [b]) => a - b)) {
    const run = merged.at(-1);
    if (run !== undefined && first <= run[1] + 1) {
      run[1] = Math.max(run[1], last);
    } else merged.push([first, last]);
  }
  return merged;
}

/** Whether an id is in rising runs. */
export function isInRuns(runs: readonly IdRun[], id: number): boolean {
  let low = 0;
  let high = runs.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [first, last] = runs[middle] as IdRun;
    if (id < first) high = middle - 1;
    else if (id > last) low = middle + 1;
    else return true;
  }
  return false;
}
