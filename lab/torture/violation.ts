/** The relay broke a promise; the message says which, in a sentence. */
export class Violation extends Error {
  override name = "Violation";
}

/**
 * Holds the relay to a promise.
 *
 * @throws {Violation} where it doesn't hold
 */
export function must(holds: boolean, sentence: () => string): asserts holds {
  if (!holds) throw new Violation(sentence());
}
