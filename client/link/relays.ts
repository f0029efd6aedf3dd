/**
 * Chooses a relay. All relays share one store: the client picks one at random,
 * keeps using it, and moves on to the next one after a failure.
 *
 * @module
 */

import { type Address, formatAddress } from "../../shared/folder/info_files.ts";
import { ConnectionError, NoConnectionError } from "../errors.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { Stalled } from "./connection.ts";

/** The address of the relay, or of several relays that share a store. */
type Located = Address | readonly Address[];

/** Returns the address of the relay, or of several relays that share a store. */
export type Locate = () => Located | Promise<Located>;

/** The relays in the order in which they are tried. */
export class Relays {
  readonly #locate: Locate;
  /** The known addresses: the last one that responded first, the last one that failed last. */
  #order: Address[] = [];

  /** @param locate called before each request, since the file may change */
  constructor(locate: Locate) {
    this.#locate = locate;
  }

  /** Number of relays. */
  async count(): Promise<number> {
    return (await this.#current()).length;
  }

  /**
   * Connects to a relay and runs `work` on the connection.
   *
   * @param mayRepeat whether `work` may run again, with another relay, where the
   * connection breaks; it runs once at most for each relay
   * @throws {NoConnectionError} where no relay can be reached; nothing was sent
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

  /** The current order: known addresses first, then new ones, shuffled. */
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

/** Adds a failure to the first one, whose relay may have received the request. */
function alsoFailed(
  first: ConnectionError,
  second: ConnectionError,
): ConnectionError {
  return new ConnectionError(
    `${first.message}; ${second.message}`,
    first.advice,
    { cause: second },
  );
}

/** Milliseconds to connect to any relay. */
const CONNECT_TIMEOUT = 10_000;
/** Milliseconds after which the next relay is tried beside one that doesn't respond. */
const HEAD_START = 500;

/** An established connection. */
export interface Connected {
  /** The caller must close it. */
  readonly conn: Deno.TcpConn;
  /** The address of the relay. */
  readonly address: Address;
  /** The addresses that were tried before and failed. */
  readonly missed: readonly Address[];
}

/**
 * Connects to one of the relays, in the way of section 5 of RFC 8305: the next
 * one is tried at once where one refuses, and in parallel where one is silent.
 * The first connection is used.
 *
 * @param addresses the addresses in order, at least one
 * @throws {NoConnectionError} where no connection is established within 10 s
 */
export async function connectFirst(
  addresses: readonly Address[],
): Promise<Connected> {
  return await new Race(addresses).run();
}

class Race {
  readonly #addresses: readonly Address[];
  readonly #reasons: unknown[] = [];
  readonly #first = Promise.withResolvers<Connected>();
  readonly #end = new AbortController();
  #begun = 0;
  #isOver = false;
  #headStart: ReturnType<typeof setTimeout> | undefined;

  constructor(addresses: readonly Address[]) {
    this.#addresses = addresses;
  }

  async run(): Promise<Connected> {
    const timeout = setTimeout(() => this.#fail(), CONNECT_TIMEOUT);
    this.#next();
    try {
      return await this.#first.promise;
    } finally {
      this.#isOver = true;
      clearTimeout(timeout);
      clearTimeout(this.#headStart);
      this.#end.abort();
    }
  }

  #next(): void {
    clearTimeout(this.#headStart);
    if (this.#isOver || this.#begun >= this.#addresses.length) return;
    void this.#try(this.#begun++);
    this.#headStart = setTimeout(() => this.#next(), HEAD_START);
  }

  async #try(index: number): Promise<void> {
    const address = this.#addresses[index] as Address;
    try {
      const { signal } = this.#end;
      const conn = await Deno.connect({ ...address, signal });
      if (this.#isOver) return conn.close();
      this.#isOver = true;
      // A later attempt that is still pending is merely slower.
      const missed = this.#addresses.filter((_, other) =>
        other < index || other in this.#reasons
      );
      this.#first.resolve({ conn, address, missed });
    } catch (reason) {
      this.#reasons[index] = reason;
      const failed = Object.keys(this.#reasons).length;
      if (failed === this.#addresses.length) this.#fail();
      else this.#next();
    }
  }

  #fail(): void {
    this.#isOver = true;
    const reasons = this.#addresses.map((address, index) =>
      `${formatAddress(address)}: ${
        reasonOf(this.#reasons[index] ?? new Stalled())
      }`
    );
    const isOne = reasons.length === 1;
    this.#first.reject(
      new NoConnectionError(
        `No connection to ${isOne ? "" : `any of ${reasons.length} relays: `}${
          reasons.join("; ")
        }`,
        isOne
          ? "Is the server running, and its address right? See info.server and --server"
          : "Is one of them running, and are their addresses right? See info.server and --server",
        { cause: this.#reasons.at(-1) },
      ),
    );
  }
}
