/**
 * The checked server.
 *
 * @module
 */

import { reasonOf } from "../../../shared/cli/reason.ts";
import { inTime } from "../../../shared/cli/time.ts";
import {
  type Address,
  formatAddress,
} from "../../../shared/folder/info_files.ts";
import type { Exchange } from "../report/outcome.ts";
import { type Conn, SocketConn } from "../../raw_connection.ts";
import { NoResponse } from "./check.ts";
import type { ServerDialect } from "./server_dialect.ts";

/** Largest factor of the time-out. */
const MOST_PATIENCE = 4;

/** The server can't be reached. */
export class NoConnection extends NoResponse {
  override name = "NoConnection";

  /** @param got the reason in a few words */
  constructor(got: string) {
    super("a connection", got);
  }
}

/** A checked server. */
export class Target {
  /** Its dialect. */
  readonly serverDialect: ServerDialect;
  readonly #address: Address;
  readonly #timeout: number;
  #patience = 1;
  #gone: string | undefined;

  constructor(address: Address, timeout: number, serverDialect: ServerDialect) {
    this.#address = address;
    this.#timeout = timeout;
    this.serverDialect = serverDialect;
  }

  /** Time-out of a response in milliseconds. */
  get timeout(): number {
    return this.#timeout * this.#patience;
  }

  /** Why no further check can be made; undefined if one can. */
  get gone(): string | undefined {
    return this.#gone;
  }

  /**
   * Opens a connection.
   *
   * @param breaks whether its close is a reset
   * @param timeout time-out in milliseconds
   * @throws {NoConnection} if it fails
   */
  async connect(breaks = false, timeout = this.timeout): Promise<Conn> {
    const connecting: Promise<Conn> = breaks
      ? SocketConn.connect(this.#address)
      : Deno.connect(this.#address);
    try {
      const conn = await inTime(connecting, timeout, undefined);
      if (conn !== undefined) return conn;
      // Closes a late connection.
      connecting.then((late) => late.close(), () => {});
    } catch (error) {
      throw new NoConnection(reasonOf(error));
    }
    throw new NoConnection(`none within ${timeout} ms`);
  }

  /** Doubles the time-out after a late response. */
  waitLonger(): void {
    this.#patience = Math.min(2 * this.#patience, MOST_PATIENCE);
  }

  /** Gives the server up. @param why completes a sentence about it */
  leave(why: string): void {
    this.#gone ??= `${formatAddress(this.#address)} ${why}`;
  }
}

/** Whether an exchange has a whole response. */
export const hasResponse = (exchange: Exchange): boolean =>
  // An incomplete one has a note.
  exchange.some(({ direction, note }) =>
    direction === "answer" && note === undefined
  );
