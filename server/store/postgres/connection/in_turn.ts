/**
 * Runs tries one behind the other until one succeeds. The next begins when the
 * one before it failed, or after a while: one that hangs holds up no other.
 *
 * @param delay milliseconds until the next begins beside those that still run
 * @param late is given the result of a try that succeeds behind the first
 * @returns the first result
 * @throws {AggregateError} where all fail, of their failures in the order of the tries
 */
export function inTurn<T>(
  tries: readonly (() => Promise<T>)[],
  delay: number,
  late: (result: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const errors = new Map<number, unknown>();
    let begun = 0;
    let won = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const begin = async () => {
      clearTimeout(timer);
      const place = begun++;
      const next = tries[place];
      if (next === undefined) return;
      timer = setTimeout(begin, delay);
      try {
        const result = await next();
        if (won) return late(result);
        won = true;
        clearTimeout(timer);
        resolve(result);
      } catch (error) {
        errors.set(place, error);
        if (won) return;
        if (errors.size < tries.length) return begin();
        clearTimeout(timer);
        reject(new AggregateError(tries.map((_, place) => errors.get(place))));
      }
    };
    begin();
  });
}
