/**
 * How a check of a server ends where it doesn't pass.
 *
 * @module
 */

/** The server did something else than the clause says. */
export class CheckFailure extends Error {
  override name = "CheckFailure";

  /** Both complete a sentence: "Expected ...", "Got ...". */
  constructor(readonly expected: string, readonly got: string) {
    super(`Expected ${expected}, got ${got}`);
  }
}

/** What a check needs couldn't be had: another check tells of that. */
export class Unprepared extends Error {
  override name = "Unprepared";
}

/**
 * Ends a check where something doesn't hold.
 *
 * @throws {CheckFailure} then
 */
export function must(
  holds: boolean,
  expected: string,
  got: string | (() => string),
): asserts holds {
  if (!holds) {
    throw new CheckFailure(expected, typeof got === "string" ? got : got());
  }
}

/**
 * Does what comes before what is to be checked.
 *
 * @param what completes "couldn't ..."
 * @throws {Unprepared} where it fails
 */
export async function prepare<T>(
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CheckFailure)) throw error;
    throw new Unprepared(`couldn't ${what}: got ${error.got}`);
  }
}
