import { inTime } from "../../shared/cli/in_time.ts";

const LATE = Symbol("late");

/**
 * Resolves like the promise, or rejects with this text where that takes longer.
 *
 * @param milliseconds how long it may take
 */
export async function deadline<T>(
  promise: Promise<T>,
  milliseconds: number,
  text: string,
): Promise<T> {
  const result = await inTime(promise, milliseconds, LATE);
  if (result === LATE) throw new Error(text);
  return result;
}
