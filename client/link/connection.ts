/**
 * Sends a request on a connection of its own and reads the response by its
 * header (CON-10, ANS-5 of docs/protocol.md). A small request is sent with one
 * write; large requests and responses are streamed.
 *
 * @module
 */

import { ByteSource } from "../../shared/wire/byte_source.ts";
import {
  type Dialect,
  paddingBehind,
  responseCodeIn,
} from "../../shared/wire/dialects.ts";
import { RESPONSE_HEADER_SIZE } from "../../shared/wire/protocol.ts";
import { ERROR_CODE, type ResponseCode } from "../../shared/wire/requests.ts";
import { FormatError } from "../../shared/wire/format_error.ts";
import type { ResponseHeader } from "../../shared/wire/frames.ts";
import { arrivingResponse } from "../../shared/wire/response_framer.ts";
import { formatAddress } from "../../shared/folder/info_files.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import type { Connected } from "./relays.ts";
import { ConnectionError, ServerRefusedError, UserError } from "../errors.ts";
import { type Upload, upload, type Uploaded } from "./upload.ts";

/** Milliseconds without a byte after which the connection counts as stalled. */
const PROGRESS_TIMEOUT = 60_000;
/** Milliseconds to wait for optional bytes: the body of a 9000, and padding. */
const UNNEEDED_TIMEOUT = 1000;
/** Largest body of a 9000 that is read, in bytes. */
const MAX_FAILURE_BODY = 64 * 1024;
/** Size in bytes above which some servers fail (SND-12). */
const RISKY_REQUEST_SIZE = 1024;
/** Largest read of a response, in bytes. */
const READ_SIZE = 256 * 1024;

/** Called with the number of bytes that have passed, and the total. */
export type Progress = (done: number, total: number) => void;

/** A response's payload while it arrives. */
export interface Arriving {
  /** Size in bytes, as the header claims. */
  readonly size: number;
  /** Exactly `size` bytes, to be read once. Throws where the response breaks off. */
  readonly pieces: AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/** A request, and how to read its response. */
export interface Question<T> {
  /** The whole request, header included. Where it throws, the connection is cut. */
  request: Upload;
  /** The dialect of the request and its response. */
  dialect: Dialect;
  /** The code of a response without an error. */
  expected: ResponseCode;
  /** Bytes of the largest payload that is accepted. */
  most: number;
  /** Reads the response's payload, before the connection is closed. */
  read: (response: Arriving) => T | Promise<T>;
  /** Called as the request is sent. */
  sending?: Progress | undefined;
  /** Called as the response is received. */
  receiving?: Progress | undefined;
}

/** Whether a response begins as an alert of TLS does: type 21, version 3.3. */
function isTlsAlert({ version, code }: ResponseHeader): boolean {
  return version === 21 && code === 0x0303;
}

/**
 * Sends a request on a connection, reads the response and closes the connection.
 *
 * @throws {ServerRefusedError} where the response is 9000
 * @throws {ConnectionError} where the connection breaks or the response is malformed
 */
export async function ask<T>(
  { conn, address }: Connected,
  question: Question<T>,
): Promise<T> {
  let closed = false;
  const close = () => {
    if (!closed) conn.close();
    closed = true;
  };
  using watch = new StallWatch(PROGRESS_TIMEOUT, close);
  const where = formatAddress(address);
  try {
    return await new Exchange(conn, watch, where, question).run();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new ConnectionError(
      `The response of ${where} can't be read: ${error.message}`,
      "Is it a MessageU server?",
      { cause: error },
    );
  } finally {
    close();
  }
}

/** One request and its response on an established connection. */
class Exchange<T> {
  readonly #conn: Deno.TcpConn;
  readonly #watch: StallWatch;
  readonly #where: string;
  readonly #question: Question<T>;
  readonly #source: ByteSource;
  /** Bytes of the response that may be read from the system so far. */
  #wanted = RESPONSE_HEADER_SIZE;
  /** Why the response broke off. */
  #broken: { error: unknown } | undefined;

  constructor(
    conn: Deno.TcpConn,
    watch: StallWatch,
    where: string,
    question: Question<T>,
  ) {
    this.#conn = conn;
    this.#watch = watch;
    this.#where = where;
    this.#question = question;
    this.#source = new ByteSource(async (into) => {
      const room = Math.max(1, this.#wanted - this.#source.arrived);
      const count = await conn.read(into.subarray(0, room));
      watch.moved();
      return count;
    }, { idleSize: READ_SIZE });
  }

  async run(): Promise<T> {
    const header = await this.#responseHeader().catch((error) => {
      throw this.#explain(error);
    });
    const result = await this.#question.read({
      size: header.payloadSize,
      pieces: this.#payload(header.payloadSize),
    });
    // A response that broke off is an error, even if the reader ignored that.
    if (this.#broken !== undefined) throw this.#broken.error;
    await this.#readPadding(header.payloadSize);
    return result;
  }

  /**
   * Reads the padding of the response's last block. Closing a connection with
   * unread bytes resets it, and then a relay keeps the messages.
   */
  async #readPadding(payloadSize: number): Promise<void> {
    const padding = paddingBehind(
      RESPONSE_HEADER_SIZE + payloadSize,
      this.#question.dialect,
    );
    if (padding === 0) return;
    this.#wanted += padding;
    // The response is complete, even if the connection breaks now.
    await this.#source.hasWithin(padding, UNNEEDED_TIMEOUT).catch(() => false);
  }

  /** Sends the request and reads the response's header. */
  async #responseHeader(): Promise<ResponseHeader> {
    const { request, dialect, most, sending } = this.#question;
    const expected = responseCodeIn(dialect, this.#question.expected);
    // A server may refuse a large request, and close, before it has read all.
    const arriving = readHeader(this.#source);
    const outcome = await upload(this.#conn, request, arriving, (sent) => {
      this.#watch.moved();
      sending?.(sent, request.size);
    });
    const header = await arriving.catch((error) => {
      throw outcome.error ?? error;
    });
    if (header.code === ERROR_CODE) {
      const body = Math.min(header.payloadSize, MAX_FAILURE_BODY);
      this.#wanted += body;
      const there = await this.#source.hasWithin(body, UNNEEDED_TIMEOUT);
      if (there && outcome.whole) {
        await this.#source.skip(body);
        await this.#readPadding(body);
      }
      throw new ServerRefusedError(this.#sizeHint(outcome));
    }
    if (outcome.error !== undefined) throw outcome.error;
    if (!outcome.whole) throw new RespondedEarly();
    if (header.code !== expected) {
      throw isTlsAlert(header)
        ? new ConnectionError(
          `${this.#where} is a secure port, which takes the relay's whole mu:// line`,
          "Name the line, or the relay's legacy port",
        )
        : new ConnectionError(
          `${this.#where} responded with ${header.code}, expected ${expected}`,
          "Is it a MessageU server?",
        );
    }
    if (header.payloadSize > most) {
      throw new ConnectionError(
        `${this.#where} claims a response of ${header.payloadSize} bytes, expected ${most} at most`,
      );
    }
    return header;
  }

  /**
   * Reads the last byte only after all bytes before it are processed: killing a
   * client with unread bytes resets its connection, so that the relay keeps the
   * messages.
   */
  async *#payload(
    size: number,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
    this.#wanted += size - 1;
    for (let left = size; left > 0;) {
      if (left === 1) this.#wanted++;
      try {
        if (!(await this.#source.has(1))) throw new EndOfStream();
      } catch (error) {
        this.#broken = { error: this.#explain(error) };
        throw this.#broken.error;
      }
      const count = Math.min(left, this.#source.buffered);
      left -= count;
      yield this.#source.takeArrived(count);
      // The reader has processed the piece, which may have taken long.
      this.#question.receiving?.(size - left, size);
      this.#watch.moved();
    }
  }

  /** Describes a failure of an established connection: the server may have got the request. */
  #explain(error: unknown): unknown {
    if (error instanceof UserError) return error;
    const reason = reasonOf(this.#watch.stalled ? new Stalled() : error);
    return new ConnectionError(
      `The connection to ${this.#where} broke: ${reason}`,
      this.#sizeHint() ??
        (this.#source.arrived === 0
          ? "The relay may be full, or restarting: try again"
          : "Try again"),
      { cause: error },
    );
  }

  #sizeHint(outcome?: Uploaded): string | undefined {
    const { size } = this.#question.request;
    if (size <= RISKY_REQUEST_SIZE) return undefined;
    const hint =
      `The request had ${size} bytes; some servers take no more than 1 KiB, 4 KiB, 64 KiB or 1 MB`;
    return outcome === undefined || outcome.whole
      ? hint
      : `${hint}. This one refused it after ${outcome.sent} bytes had gone out: most likely it is too large, and nothing of it was taken`;
  }
}

/** The server closed the connection before its response was complete. */
class EndOfStream extends Error {
  override message =
    "it closed the connection before its response was complete";
}

/** The server responded before it had read the whole request. */
class RespondedEarly extends Error {
  override message = "it responded before it had the whole request";
}

async function readHeader(source: ByteSource): Promise<ResponseHeader> {
  const header = await arrivingResponse(source);
  if (header === undefined) throw new EndOfStream();
  await source.skip(RESPONSE_HEADER_SIZE);
  return header;
}

/** The connection has stalled. */
export class Stalled extends Error {
  override message = "it doesn't respond";
}

/** Closes a stalled connection. */
export class StallWatch implements Disposable {
  readonly #timeout: number;
  readonly #close: () => void;
  #timer: ReturnType<typeof setTimeout>;
  #lastMove = performance.now();
  #stalled = false;

  /**
   * @param timeout milliseconds without a byte, in either direction
   * @param close closes the connection, which ends pending reads and writes
   */
  constructor(timeout: number, close: () => void) {
    this.#timeout = timeout;
    this.#close = close;
    this.#timer = setTimeout(() => this.#look(), timeout);
  }

  /** Whether the connection was closed as stalled. */
  get stalled(): boolean {
    return this.#stalled;
  }

  /** Notes that bytes were sent or received. */
  moved(): void {
    this.#lastMove = performance.now();
  }

  #look(): void {
    const left = this.#lastMove + this.#timeout - performance.now();
    if (left > 0) {
      this.#timer = setTimeout(() => this.#look(), left);
      return;
    }
    this.#stalled = true;
    this.#close();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
