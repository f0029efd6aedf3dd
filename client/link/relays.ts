/**
 * Which of the relays is asked. They keep one store, so any of them will do:
 * the client takes one at random, stays with it, and goes on to the next one
 * where it fails.
 *
 * @module
 */

import {
  type Address,
  formatAddress,
} from "../../shared/folder/info_server.ts";
import { type Connected, connectFirst } from "./connecting.ts";
import { ConnectionError } from "../errors.ts";

/** Says where the relays are: one, or several with one store. */
export type Locate = () => Promise<Address | readonly Address[]>;

/** The relays in the order in which they are tried. */
export class Relays {
  readonly #locate: Locate;
  /** Those known, who answered last at the front and who failed last at the end. */
  #order: Address[] = [];

  /** @param locate is asked before each request: the file may have changed */
  constructor(locate: Locate) {
    this.#locate = locate;
  }

  /** How many there are. */
  async count(): Promise<number> {
    return (await this.#current()).length;
  }

  /**
   * Does some work with a relay that is there.
   *
   * @param mayRepeat whether another relay may do it all over again where a
   * connection that stood breaks; each is asked once at most
   * @throws {NoConnectionError} where none is there: nothing went out then
   * @throws {ConnectionError} where the connection broke
   */
  async reach<T>(
    mayRepeat: boolean,
    work: (relay: Connected) => Promise<T>,
  ): Promise<T> {
    let left = await this.#current();
    for (let broken: ConnectionError | undefined;;) {
      const relay = await connectFirst(left).catch((error) => {
        if (!(error instanceof ConnectionError)) throw error;
        throw broken === undefined ? error : alsoFailed(broken, error);
      });
      const { address, missed } = relay;
      this.#order = [
        address,
        ...this.#order.filter((other) =>
          other !== address && !missed.includes(other)
        ),
        ...missed,
      ];
      try {
        return await work(relay);
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error;
        this.#order = [
          ...this.#order.filter((other) => other !== address),
          address,
        ];
        left = left.filter((other) =>
          other !== address && !missed.includes(other)
        );
        broken = broken === undefined ? error : alsoFailed(broken, error);
        if (!mayRepeat || left.length === 0) throw broken;
      }
    }
  }

  /** The order as it is now: who is new comes behind who is known, shuffled. */
  async #current(): Promise<Address[]> {
    const located = await this.#locate();
    const given = new Map(
      (Array.isArray(located) ? located as Address[] : [located as Address])
        .map((address) => [formatAddress(address), address]),
    );
    const known = this.#order.filter((address) =>
      given.delete(formatAddress(address))
    );
    this.#order = [...known, ...shuffled([...given.values()])];
    return [...this.#order];
  }
}

/** Fisher and Yates's shuffle. */
function shuffled<T>(items: T[]): T[] {
  for (let end = items.length - 1; end > 0; end--) {
    const at = Math.floor(Math.random() * (end + 1));
    [items[at], items[end]] = [items[end] as T, items[at] as T];
  }
  return items;
}

/** What broke first matters most; it may have got the request. */
function alsoFailed(
  first: ConnectionError,
  second: ConnectionError,
): ConnectionError {
  return new ConnectionError(
    `${first.message}; ${second.message}`,
    first.hint,
    { cause: second },
  );
}
