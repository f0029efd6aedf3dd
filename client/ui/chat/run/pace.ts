/**
 * How often the relay is asked.
 *
 * @module
 */

/** Milliseconds between two questions while a conversation is lively. */
export const LIVELY = 500;
/** Milliseconds between two questions when nothing happens for long. */
export const SLOWEST = 10_000;
/** Milliseconds between two attempts to reach a relay that is gone for long. */
const MOST_PATIENT = 30_000;

/** The pause after one in which nothing came. */
export function slower(pause: number): number {
  return Math.min(SLOWEST, pause * 1.25);
}

/** The pause after so many failures in a row: 1, 2, 4 up to 30 s. */
export function afterFailures(count: number): number {
  return Math.min(MOST_PATIENT, 1000 * 2 ** (count - 1));
}
