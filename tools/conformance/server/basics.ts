/**
 * What a server can do at all. What is wrong with all of its lists, say, is to
 * fail the check of a list and not each check that looks something up in one.
 *
 * @module
 */

/** What checks build on, and how it is called where it fails. */
export const basics = {
  list: "get a list",
  key: "get a public key",
  send: "send a message",
  pull: "pull a message",
  again: "ask again on a connection",
  onward: "ask again on a connection after a failure",
} as const;

/** One of them. */
export type Basic = keyof typeof basics;

/** Finds out what works, each thing once and only where it is asked for. */
export class Basics {
  readonly #attempt: (basic: Basic) => Promise<boolean>;
  readonly #found = new Map<Basic, Promise<boolean>>();

  /** @param attempt does the simplest thing of its kind, and tells whether that worked */
  constructor(attempt: (basic: Basic) => Promise<boolean>) {
    this.#attempt = attempt;
  }

  /** Whether the server can do it. */
  works(basic: Basic): Promise<boolean> {
    const found = this.#found.get(basic) ?? this.#attempt(basic);
    this.#found.set(basic, found);
    return found;
  }
}
