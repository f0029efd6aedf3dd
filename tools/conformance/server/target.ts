/**
 * The server that is checked, and whether it is still there.
 *
 * @module
 */

import { inTime } from "../../../shared/in_time.ts";
import { type Address, formatAddress } from "../../../shared/info_server.ts";
import { reasonOf } from "../../../shared/reason.ts";
import { CheckFailure } from "./check.ts";

/** Connections in a row that fail before a server counts as gone. */
const MOST_FAILURES = 3;

/** A server. */
export class Target {
  /** Milliseconds that an answer may take. */
  readonly timeout: number;
  readonly #address: Address;
  #failures = 0;
  /** Why nothing more is to be asked, where that is so. */
  gone: string | undefined;

  /** Nothing is opened yet. */
  constructor(address: Address, timeout: number) {
    this.#address = address;
    this.timeout = timeout;
  }

  /**
   * Opens a connection.
   *
   * @throws {CheckFailure} where none can be had in time
   */
  async connect(): Promise<Deno.TcpConn> {
    const connecting = Deno.connect(this.#address);
    try {
      const conn = await inTime(connecting, this.timeout, undefined);
      if (conn !== undefined) {
        this.#failures = 0;
        return conn;
      }
      // One that comes too late is nobody's.
      connecting.then((late) => late.close(), () => {});
    } catch (error) {
      this.#fails();
      throw new CheckFailure("a connection", reasonOf(error));
    }
    this.#fails();
    throw new CheckFailure("a connection", `none within ${this.timeout} ms`);
  }

  #fails(): void {
    if (++this.#failures < MOST_FAILURES) return;
    this.gone ??= `${
      formatAddress(this.#address)
    } takes no connections any more`;
  }
}
