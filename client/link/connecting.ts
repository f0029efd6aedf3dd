/**
 * Connects to the first of several relays that is there.
 *
 * @module
 */

import {
  type Address,
  formatAddress,
} from "../../shared/folder/info_server.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { NoConnectionError } from "../errors.ts";
import { Stalled } from "./stall_watch.ts";

/** Milliseconds until a connection must stand, to whichever relay. */
const CONNECT_TIMEOUT = 10_000;
/** Milliseconds after which a relay that doesn't answer isn't waited for alone. */
const HEAD_START = 500;

/** A connection that stands. */
export interface Connected {
  /** To be closed by who gets it. */
  readonly conn: Deno.TcpConn;
  /** Where it leads. */
  readonly address: Address;
  /** Who was tried before, and wasn't there in time. */
  readonly missed: readonly Address[];
}

/**
 * Connects to one of the relays. The next one is tried at once where one
 * refuses, and beside it where one is silent, as section 5 of RFC 8305 has it
 * for the addresses of one host; whoever is first stays.
 *
 * @param addresses the order in which they are tried, at least one
 * @throws {NoConnectionError} where none is there within 10 s
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
      // One that was begun later and is under way still is merely slower.
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
