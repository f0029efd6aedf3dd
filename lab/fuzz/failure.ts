/** Milliseconds after which something that is owed counts as missing. */
export const PATIENCE = 10_000;

/** What was expected of the relay or of a decoder, and what came instead. */
export class FuzzFailure extends Error {
  override name = "FuzzFailure";

  /** Both in a few words. */
  constructor(
    readonly expected: string,
    readonly got: string,
    options?: ErrorOptions,
  ) {
    super(`Expected ${expected}, got ${got}`, options);
  }
}

/** @throws {FuzzFailure} unless it holds */
export function expect(holds: boolean, expected: string, got: string): void {
  if (!holds) throw new FuzzFailure(expected, got);
}
