/**
 * The server that is checked, and whether it is still there.
 *
 * @module
 */

import { reasonOf } from "../../../shared/cli/reason.ts";
import { inTime } from "../../../shared/cli/time.ts";
import {
  type Address,
  formatAddress,
} from "../../../shared/folder/info_server.ts";
import type { Exchange } from "../report/outcome.ts";
import { type Conn, SocketConn } from "../../raw_connection.ts";
import { NoResponse } from "./check_failure.ts";
import type { ServerDialect } from "./server_dialect.ts";

/** How many times as long as at first a response may take in the end. */
const MOST_PATIENCE = 4;

/** No connection to the server can be had. */
export class NoConnection extends NoResponse {
  override name = "NoConnection";

  /** @param got why, in a few words */
  constructor(got: string) {
    super("a connection", got);
  }
}

/** A server. */
export class Target {
  /** What it speaks. */
  readonly serverDialect: ServerDialect;
  readonly #address: Address;
  readonly #timeout: number;
  #patience = 1;
  #gone: string | undefined;

  /** Nothing is opened yet. */
  constructor(address: Address, timeout: number, serverDialect: ServerDialect) {
    this.#address = address;
    this.#timeout = timeout;
    this.serverDialect = serverDialect;
  }

  /** Milliseconds that a response may take. */
  get timeout(): number {
    return this.#timeout * this.#patience;
  }

  /** Why nothing more is to be asked, where that is so. */
  get gone(): string | undefined {
    return this.#gone;
  }

  /**
   * Opens a connection.
   *
   * @param breaks whether its close is to be a reset
   * @param timeout milliseconds that it may take
   * @throws {NoConnection} where none can be had in time
   */
  async connect(breaks = false, timeout = this.timeout): Promise<Conn> {
    const connecting: Promise<Conn> = breaks
      ? SocketConn.connect(this.#address)
      : Deno.connect(this.#address);
    try {
      const conn = await inTime(connecting, timeout, undefined);
      if (conn !== undefined) return conn;
      // One that comes too late is nobody's.
      connecting.then((late) => late.close(), () => {});
    } catch (error) {
      throw new NoConnection(reasonOf(error));
    }
    throw new NoConnection(`none within ${timeout} ms`);
  }

  /** Responses may take twice as long from now on: one came late. */
  waitLonger(): void {
    this.#patience = Math.min(2 * this.#patience, MOST_PATIENCE);
  }

  /** Nothing more is to be asked. @param why completes a sentence about the server */
  leave(why: string): void {
    this.#gone ??= `${formatAddress(this.#address)} ${why}`;
  }
}

/** Whether an exchange has a whole response. */
export const hasResponse = (exchange: Exchange): boolean =>
  // What is odd about one that isn't whole stands in its note.
  exchange.some(({ direction, note }) =>
    direction === "answer" && note === undefined
  );
