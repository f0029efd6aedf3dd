/**
 * The server that is checked, and whether it is still there.
 *
 * @module
 */

import { answerCodeIn } from "../../../shared/dialects.ts";
import { inTime } from "../../../shared/in_time.ts";
import { type Address, formatAddress } from "../../../shared/info_server.ts";
import { ResponseCode } from "../../../shared/protocol.ts";
import { reasonOf } from "../../../shared/reason.ts";
import type { Exchange } from "../report/outcome.ts";
import { answerOf } from "./answer.ts";
import { BreakableConn, type Conn } from "./breakable_conn.ts";
import { CheckFailure } from "./check_failure.ts";
import type { Spoken } from "./generation.ts";

/** Connections in a row that can't be had before a server counts as gone. */
const MOST_REFUSED = 3;
/** Checks in a row that may go without an answer until it does. */
const MOST_SILENT = 20;

/** No connection to the server can be had. */
export class NoConnection extends CheckFailure {
  override name = "NoConnection";

  /** @param got why, in a few words */
  constructor(got: string) {
    super("a connection", got);
  }
}

/** A server. */
export class Target {
  /** Milliseconds that an answer may take. */
  readonly timeout: number;
  /** What it speaks. */
  readonly spoken: Spoken;
  readonly #address: Address;
  #refused = 0;
  #silent = 0;
  #gone: string | undefined;

  /** Nothing is opened yet. */
  constructor(address: Address, timeout: number, spoken: Spoken) {
    this.#address = address;
    this.timeout = timeout;
    this.spoken = spoken;
  }

  /** Why nothing more is to be asked, where that is so. */
  get gone(): string | undefined {
    return this.#gone;
  }

  /**
   * Opens a connection.
   *
   * @param breaks whether its close is to be a reset
   * @throws {NoConnection} where none can be had in time
   */
  async connect(breaks = false): Promise<Conn> {
    const connecting: Promise<Conn> = breaks
      ? BreakableConn.connect(this.#address)
      : Deno.connect(this.#address);
    try {
      const conn = await inTime(connecting, this.timeout, undefined);
      if (conn !== undefined) {
        this.#refused = 0;
        return conn;
      }
      // One that comes too late is nobody's.
      connecting.then((late) => late.close(), () => {});
    } catch (error) {
      throw this.#without(reasonOf(error));
    }
    throw this.#without(`none within ${this.timeout} ms`);
  }

  #without(got: string): NoConnection {
    if (++this.#refused >= MOST_REFUSED) {
      this.leave("takes no connections any more");
    }
    return new NoConnection(got);
  }

  /**
   * Takes note of what went over a check's connections: a server that only
   * keeps checks waiting isn't asked for ever.
   *
   * @param ms milliseconds that the check took
   */
  answered(exchange: Exchange, ms: number): void {
    // Registrations prepare checks; that they are answered is no news.
    const registered = answerCodeIn(
      this.spoken.dialect,
      ResponseCode.Registered,
    );
    if (answersIn(exchange, registered) > 0) this.#silent = 0;
    else if (ms >= this.timeout) this.#silent++;
    if (this.#silent >= MOST_SILENT) {
      this.leave(`answered none of ${MOST_SILENT} checks in a row`);
    }
  }

  /** Nothing more is to be asked. @param why completes a sentence about the server */
  leave(why: string): void {
    this.#gone ??= `${formatAddress(this.#address)} ${why}`;
  }
}

/** Whole answers in an exchange, but for those with one code. */
export const answersIn = (exchange: Exchange, but?: number): number =>
  exchange.filter(({ direction, bytes, note }) =>
    // What is odd about one that isn't whole stands in its note.
    direction === "answer" && note === undefined &&
    answerOf(bytes).code !== but
  ).length;
