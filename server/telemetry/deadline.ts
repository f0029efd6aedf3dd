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
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(text)), milliseconds);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
