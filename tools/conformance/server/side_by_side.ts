/**
 * Works through items, some at a time, and hands the results out in the items'
 * order.
 *
 * @param atOnce how many at a time
 * @throws {Error} what the work throws; no more is begun then
 */
export async function* sideBySide<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const results = items.map(() => Promise.withResolvers<R>());
  let next = 0;
  let failed = false;
  const workThrough = async () => {
    for (let index = next++; index < items.length; index = next++) {
      const result = results[index];
      if (failed || result === undefined) return;
      // It is thrown to whoever waits for the result.
      result.promise.catch(() => failed = true);
      const working = work(items[index] as T);
      working.then(result.resolve, result.reject);
      await working.catch(() => {});
    }
  };
  for (let worker = 0; worker < atOnce; worker++) workThrough();
  for (const { promise } of results) yield await promise;
}
