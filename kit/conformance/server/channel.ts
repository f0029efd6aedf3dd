/**
 * A connection to the checked server. Every wait has a time-out, and all frames
 * are recorded.
 *
 * @module
 */

import { concat } from "@std/bytes";
import type { ByteSource } from "../../../shared/wire/byte_source.ts";
import { responseMeant } from "../../../shared/wire/dialects.ts";
import { RESPONSE_HEADER_SIZE } from "../../../shared/wire/protocol.ts";
import { ERROR_CODE, responseCode } from "../../../shared/wire/requests.ts";
import type { ResponseHeader } from "../../../shared/wire/frames.ts";
import {
  responseStart,
  takeResponse,
} from "../../../shared/wire/response_framer.ts";
import { reasonOf } from "../../../shared/cli/reason.ts";
import { inTime } from "../../../shared/cli/time.ts";
import { formOf, swapped } from "../../dissect/form.ts";
import { type Exchanged, exchanged } from "../report/outcome.ts";
import { type Conn, RawConnection } from "../../raw_connection.ts";
import { describe, expectCode, type WholeResponse } from "./response.ts";
import { CheckFailure, NoResponse, Unprepared } from "./check.ts";
import {
  firstDialectCode,
  type ServerDialect,
  toServerDialect,
} from "./server_dialect.ts";
import { PULL } from "../../requests.ts";

/** Size in bytes of the largest list that is read. */
const MOST_LIST = 64 * 1024 * 1024;
/** Size in bytes of the largest pull that is read: checks send at most 5 MiB. */
const MOST_MESSAGES = 8 * 1024 * 1024;
/** Size in bytes of the largest other response: a hundred may come at once. */
const MOST_RESPONSE = 1024 * 1024;
/** Slowest accepted rate of a payload in bytes a millisecond. */
const SLOWEST = 256;
/** Milliseconds over which segments are spread, so that a busy server reads them one by one. */
const SEGMENTS_TAKE = 100;
/** Shortest pause between segments in milliseconds. */
const LEAST_PAUSE = 2;

/** Milliseconds to wait for bytes behind a response. */
const BEHIND = 20;

const LATE = Symbol();

/** Options of {@linkcode Channel}. */
export interface ChannelOptions {
  /** The channel's number within its check. */
  number: number;
  /** Time-out of a response in milliseconds; grows with the bytes sent. */
  patience: () => number;
  /** The server's dialect. */
  serverDialect: ServerDialect;
  /** Whether it only prepares the check. */
  prepares: boolean;
  /** Records a frame. */
  note: (entry: Exchanged) => void;
  /** Called with requests, and on responses that come or don't. */
  follow: (event: "answered" | "unanswered" | readonly Uint8Array[]) => void;
}

/** A connection of a check. */
export class Channel {
  readonly #connection: RawConnection;
  readonly #source: ByteSource;
  readonly #options: ChannelOptions;
  /** Size in bytes of the largest response to the requests so far. */
  #mostResponse = MOST_RESPONSE;
  #closed = false;

  /** Whether this side closed it. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Takes over `conn`. */
  constructor(conn: Conn, options: ChannelOptions) {
    this.#connection = new RawConnection(conn);
    this.#source = this.#connection.source;
    this.#options = options;
    conn.setNoDelay(true);
  }

  /** Number of bytes of each read, in order. */
  get reads(): readonly number[] {
    return this.#connection.reads;
  }

  /**
   * Sends requests in one write.
   *
   * @throws {CheckFailure} if the server doesn't read them in time
   */
  async send(...requests: Uint8Array[]): Promise<void> {
    const frames = requests.map((request) => this.#adapted(request));
    const together = frames.length > 1
      ? "in one write with the next"
      : undefined;
    frames.forEach((frame, index) =>
      this.#note(
        "request",
        frame,
        index < frames.length - 1 ? together : undefined,
      )
    );
    this.#options.follow(frames);
    await this.#write(frames.length === 1 && frames[0] || concat(frames));
  }

  /**
   * Sends a request in segments that arrive one by one.
   *
   * @param cuts offsets of the cuts, ascending
   */
  async sendCut(request: Uint8Array, cuts: readonly number[]): Promise<void> {
    const frame = this.#adapted(request);
    this.#note("request", frame, `in ${cuts.length + 1} segments`);
    const pause = Math.max(LEAST_PAUSE, SEGMENTS_TAKE / cuts.length);
    this.#options.follow([frame]);
    let start = 0;
    for (const end of [...cuts, frame.length]) {
      if (start > 0) await this.pause(pause);
      await this.#write(frame.subarray(start, end));
      start = end;
    }
  }

  /** Sends the start of a request. */
  async sendPart(start: Uint8Array): Promise<void> {
    const part = this.#adapted(start);
    this.#note("request", part, "the start of a request");
    await this.#write(part);
  }

  /** Sends the rest of a request. */
  async sendRest(part: Uint8Array): Promise<void> {
    this.#note("request", part, "the rest of it");
    await this.#write(part);
  }

  /**
   * Reads the next response.
   *
   * @throws {CheckFailure} if none comes in time, or it is malformed
   */
  async response(expected = "a response"): Promise<WholeResponse> {
    const timeout = this.#options.patience();
    await this.#arrive(RESPONSE_HEADER_SIZE, timeout, expected);
    const start = this.#source.peek(RESPONSE_HEADER_SIZE);
    const header = responseStart(start);
    if (header === undefined || start.every((byte) => byte === 0)) {
      this.#noteArrived("behind the response");
      throw new CheckFailure(expected, "zeros, as those that fill a block");
    }
    this.#isLittleEndian(start, header, expected);
    if (header.payloadSize > this.#mostResponse) {
      this.#noteArrived("its header claims more than is read here");
      const got = `a response ${describe(header)}, as its header claims`;
      const isList = this.#mostResponse === MOST_LIST &&
        responseMeant(this.#options.serverDialect.dialect, header.code) ===
          responseCode.clientsList;
      if (!isList) throw new CheckFailure(expected, got);
      // A server may have that many users.
      throw new Unprepared(`the list is too long for this tool: ${got}`);
    }
    const size = RESPONSE_HEADER_SIZE + header.payloadSize;
    await this.#arrive(size, timeout + size / SLOWEST, expected);
    const response = await takeResponse(this.#source);
    if (response === undefined) throw new RangeError("Expected it to be there");
    this.#note("answer", response.bytes);
    this.#options.follow("answered");
    const code = firstDialectCode(
      response.code,
      this.#options.serverDialect.dialect,
    );
    return { ...response, code };
  }

  /**
   * Sends a request, and returns its response.
   *
   * @param due the expected response in words
   * @throws {CheckFailure} if it has another code, or none comes in time
   */
  async ask(
    request: Uint8Array,
    code: number,
    due?: string,
  ): Promise<WholeResponse> {
    await this.send(request);
    return expectCode(await this.response(due), code);
  }

  /** @throws {CheckFailure} if the header makes sense as big endian alone */
  #isLittleEndian(
    start: Uint8Array,
    { code, payloadSize }: ResponseHeader,
    expected: string,
  ): void {
    const { isBigEndian } = formOf(start, "answer");
    const size = swapped(payloadSize, 4);
    if (!isBigEndian && (payloadSize <= MOST_LIST || size > MOST_RESPONSE)) {
      return;
    }
    this.#noteArrived("its header is big endian");
    const meant = { code: isBigEndian ? swapped(code, 2) : code };
    throw new CheckFailure(
      expected,
      `a byte order mistake: big endian, the ${
        isBigEndian ? "code" : "size"
      } is that of ${describe({ version: 0, ...meant, payloadSize: size })}`,
      { clause: "FRM-1" },
    );
  }

  /**
   * Whether the server ends the connection, perhaps after more bytes.
   *
   * @param ms time-out in milliseconds
   */
  async ends(ms: number): Promise<boolean> {
    const ended = await this.#wait(Infinity, ms) !== LATE;
    if (this.#source.buffered > 0) this.#noteArrived("behind the response");
    return ended;
  }

  /**
   * Waits for more bytes or the end of the connection.
   *
   * @param ms time-out in milliseconds
   */
  async quiet(ms: number): Promise<"quiet" | "ended" | "bytes"> {
    const arrived = await this.#wait(1, ms);
    if (this.#source.buffered > 0) {
      this.#noteArrived("behind the response");
      return "bytes";
    }
    return arrived === LATE ? "quiet" : "ended";
  }

  /**
   * Waits for a whole response without a request; undefined if none comes.
   *
   * @param ms time-out in milliseconds
   */
  async unasked(ms: number): Promise<ResponseHeader | undefined> {
    await this.#wait(RESPONSE_HEADER_SIZE, ms);
    const header = responseStart(this.#source.peek(this.#source.buffered));
    if (header === undefined) return undefined;
    const meant = responseMeant(
      this.#options.serverDialect.dialect,
      header.code,
    );
    const isResponse = meant !== undefined || header.code === ERROR_CODE;
    const size = RESPONSE_HEADER_SIZE + header.payloadSize;
    if (!isResponse || size > MOST_RESPONSE) return undefined;
    await this.#wait(size, ms);
    if (this.#source.buffered < size) return undefined;
    this.#noteArrived("that nothing asked for");
    return { ...header, code: meant ?? header.code };
  }

  /** Whether bytes follow the response at once. */
  async isFollowed(): Promise<boolean> {
    await this.#wait(1, BEHIND);
    return this.#source.buffered > 0;
  }

  /**
   * Whether bytes follow the response that are neither a response nor zeros, so
   * that the next response can't be found.
   */
  async isOutOfStep(): Promise<boolean> {
    if (!(await this.isFollowed())) return false;
    const bytes = this.#source.peek(this.#source.buffered);
    if (bytes.every((byte) => byte === 0)) return false;
    return await this.unasked(BEHIND) === undefined;
  }

  /** Reads up to `most` bytes behind a response, until the connection ends. */
  async rest(most: number): Promise<Uint8Array> {
    await this.#wait(most, this.#options.patience());
    const size = Math.min(most, this.#source.buffered);
    const rest = this.#source.takeArrived(size);
    if (size > 0) this.#note("answer", rest, "behind the response");
    return rest;
  }

  /** Reads at most `count` bytes, before a reset. */
  async glimpse(count: number): Promise<void> {
    const into = new Uint8Array(count);
    const read = this.#connection.conn.read(into).catch(() => null);
    const got = await inTime(read, this.#options.patience(), null);
    if (got !== null) {
      this.#note("answer", into.subarray(0, got), "the start, then we reset");
    }
  }

  /** Waits up to `ms` milliseconds for the start of a response. */
  async arrives(ms: number): Promise<void> {
    await this.#wait(1, ms);
  }

  /** Waits `ms` milliseconds. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Ends this side of the connection. */
  async end(): Promise<void> {
    // If the server has closed already, the response shows it.
    await this.#connection.conn.closeWrite().catch(() => {});
  }

  /**
   * Ends this side and waits for the server to end its own, so that it has seen
   * the end before the next request.
   *
   * @param ms time-out in milliseconds
   */
  async leave(ms: number): Promise<void> {
    await this.end();
    await this.#wait(Infinity, ms);
  }

  /** Closes the connection, by a reset if it was opened to break. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.conn.close();
  }

  /** Translates a request into the server's dialect. */
  #adapted(request: Uint8Array): Uint8Array {
    const frame = toServerDialect(request, this.#options.serverDialect);
    this.#mostResponse = Math.max(this.#mostResponse, mostResponseTo(frame));
    return frame;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    // A server may respond and close before it has read everything.
    const written = this.#connection.write(bytes).catch(() => {});
    const ms = this.#options.patience();
    if (await inTime(written, ms, LATE) === LATE) {
      this.#options.follow("unanswered");
      throw new NoResponse(
        "that the request is read",
        `a server that doesn't read on for ${Math.round(ms)} ms`,
      );
    }
  }

  /** Waits for `size` bytes of a response. */
  async #arrive(size: number, ms: number, expected: string): Promise<void> {
    const arrived = await this.#wait(size, ms);
    if (this.#source.buffered >= size) return;
    const part = this.#source.buffered;
    if (part > 0) this.#noteArrived(`${size} bytes were due`);
    const how = arrived === LATE
      ? `within ${Math.round(ms)} ms`
      : arrived instanceof Error
      ? `and a broken connection (${reasonOf(arrived)})`
      : "and the end of the connection";
    this.#options.follow("unanswered");
    throw new NoResponse(
      expected,
      part === 0 ? `no response ${how}` : `${part} of ${size} bytes ${how}`,
    );
  }

  async #wait(
    size: number,
    ms: number,
  ): Promise<boolean | Error | typeof LATE> {
    const has = this.#source.has(size).catch((error: Error) => error);
    return await inTime(has, ms, LATE);
  }

  #noteArrived(note: string): void {
    this.#note("answer", this.#source.peek(this.#source.buffered), note);
  }

  #note(
    direction: Exchanged["direction"],
    bytes: Uint8Array,
    note?: string,
  ): void {
    const { number: connection } = this.#options;
    this.#options.note(exchanged(bytes, {
      direction,
      connection,
      plays: "client",
      ...note === undefined ? {} : { note },
      ...this.#options.prepares ? { prepares: true } : {},
    }));
  }
}

/** Size in bytes of the largest response to a request that is read. */
function mostResponseTo(frame: Uint8Array): number {
  const { kind } = formOf(frame, "request");
  return kind === "clientsList"
    ? MOST_LIST
    : kind === PULL
    ? MOST_MESSAGES
    : MOST_RESPONSE;
}
