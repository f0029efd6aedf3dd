/**
 * Resolves like `work`, or to `late` after a timeout. The work isn't cancelled.
 *
 * @param ms the timeout in milliseconds
 * @throws {Error} if the work fails before the timeout
 */
export async function inTime<T, L>(
  work: Promise<T>,
  ms: number,
  late: L,
): Promise<T | L> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLong = new Promise<L>((resolve) => {
    timer = setTimeout(() => resolve(late), ms);
  });
  try {
    return await Promise.race([work, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}
