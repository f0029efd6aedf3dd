/**
 * What some work comes to, or something else where it takes too long; the work
 * goes on then.
 *
 * @param ms milliseconds that it gets
 * @throws {Error} what the work does, as long as it is waited for
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
