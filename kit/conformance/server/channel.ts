/**
 * A connection to the server that is checked: every wait has an end, whatever
 * the server does, and what goes over it is noted.
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
import { CheckFailure, NoResponse, Unprepared } from "./check_failure.ts";
import {
  firstDialectCode,
  type ServerDialect,
  toServerDialect,
} from "./server_dialect.ts";
import { PULL } from "../../requests.ts";

/** Bytes of the largest list that is read. */
const MOST_LIST = 64 * 1024 * 1024;
/** Bytes of the most messages: checks send 5 MiB at most. */
const MOST_MESSAGES = 8 * 1024 * 1024;
/** Bytes of the largest other response: a hundred of them may come at once. */
const MOST_RESPONSE = 1024 * 1024;
/** Bytes a millisecond that a response's payload need not exceed. */
const SLOWEST = 256;
/** Milliseconds over which segments are spread, so that they stay apart at a server that is busy. */
const SEGMENTS_TAKE = 100;
/** Milliseconds between segments at least. */
const LEAST_PAUSE = 2;

/** Milliseconds in which bytes behind a response are seen. */
const BEHIND = 20;

const LATE = Symbol();

/** What a channel shares with its check. */
export interface ChannelOptions {
  /** The channel's number within its check. */
  number: number;
  /** Milliseconds that a response may take, which rise with what the check has sent. */
  patience: () => number;
  /** What the server speaks. */
  serverDialect: ServerDialect;
  /** Whether it only makes what the check needs. */
  prepares: boolean;
  /** Notes what goes over it. */
  note: (entry: Exchanged) => void;
  /** Is told of requests, and of responses that come or don't. */
  follow: (event: "answered" | "unanswered" | readonly Uint8Array[]) => void;
}

/** One connection. */
export class Channel {
  readonly #connection: RawConnection;
  readonly #source: ByteSource;
  readonly #options: ChannelOptions;
  /** Bytes of the largest response that is read, after what was asked. */
  #mostResponse = MOST_RESPONSE;
  #closed = false;

  /** Whether this side closed it. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** @param conn which it closes */
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
   * Sends a request, or several, in one write.
   *
   * @throws {CheckFailure} where the server doesn't read them in time
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
   * Sends a request in pieces that arrive by themselves.
   *
   * @param cuts where it is cut, rising
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

  /** Sends the start of a request whose rest may never come. */
  async sendPart(start: Uint8Array): Promise<void> {
    const part = this.#adapted(start);
    this.#note("request", part, "the start of a request");
    await this.#write(part);
  }

  /** Sends the rest of it. */
  async sendRest(part: Uint8Array): Promise<void> {
    this.#note("request", part, "the rest of it");
    await this.#write(part);
  }

  /**
   * The next response.
   *
   * @throws {CheckFailure} where none comes in time, or one that can't be
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
      // So many users there may be.
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
   * @param due what is expected
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

  /** @throws {CheckFailure} where the header makes sense as big endian alone */
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
   * Whether the server ends the connection, whatever comes before that.
   *
   * @param ms milliseconds that it gets
   */
  async ends(ms: number): Promise<boolean> {
    const ended = await this.#wait(Infinity, ms) !== LATE;
    if (this.#source.buffered > 0) this.#noteArrived("behind the response");
    return ended;
  }

  /**
   * Waits until something more comes, or the server ends the connection.
   *
   * @param ms milliseconds that it gets
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
   * A whole response that nothing asked for; undefined where none comes.
   *
   * @param ms milliseconds that it gets
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

  /** Whether bytes follow a response at once. */
  async isFollowed(): Promise<boolean> {
    await this.#wait(1, BEHIND);
    return this.#source.buffered > 0;
  }

  /**
   * Whether what follows a response is neither one nor zeros: the next response
   * would be looked for in the middle of this one.
   */
  async isOutOfStep(): Promise<boolean> {
    if (!(await this.isFollowed())) return false;
    const bytes = this.#source.peek(this.#source.buffered);
    if (bytes.every((byte) => byte === 0)) return false;
    return await this.unasked(BEHIND) === undefined;
  }

  /** What follows a response until the connection ends, so many bytes at most. */
  async rest(most: number): Promise<Uint8Array> {
    await this.#wait(most, this.#options.patience());
    const size = Math.min(most, this.#source.buffered);
    const rest = this.#source.takeArrived(size);
    if (size > 0) this.#note("answer", rest, "behind the response");
    return rest;
  }

  /** Reads a few bytes and no more, before a reset. */
  async glimpse(count: number): Promise<void> {
    const into = new Uint8Array(count);
    const read = this.#connection.conn.read(into).catch(() => null);
    const got = await inTime(read, this.#options.patience(), null);
    if (got !== null) {
      this.#note("answer", into.subarray(0, got), "the start, then we reset");
    }
  }

  /** Waits for the start of a response, so many milliseconds at most. */
  async arrives(ms: number): Promise<void> {
    await this.#wait(1, ms);
  }

  /** Lets so many milliseconds go by. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Ends our half. */
  async end(): Promise<void> {
    // A server may have closed already, which the response will show.
    await this.#connection.conn.closeWrite().catch(() => {});
  }

  /**
   * Ends our half and waits until the server has ended its own, so that it has
   * seen the end before anything else is asked.
   *
   * @param ms milliseconds that it gets
   */
  async leave(ms: number): Promise<void> {
    await this.end();
    await this.#wait(Infinity, ms);
  }

  /** Closes; that is a reset where the connection was opened to break. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.conn.close();
  }

  /** A request as it goes out. */
  #adapted(request: Uint8Array): Uint8Array {
    const frame = toServerDialect(request, this.#options.serverDialect);
    this.#mostResponse = Math.max(this.#mostResponse, mostResponseTo(frame));
    return frame;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    // A server that closes before it has read all may have answered.
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

  /** Waits for so many bytes of a response. */
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

/** Bytes of the largest response to a request that are read. */
function mostResponseTo(frame: Uint8Array): number {
  const { kind } = formOf(frame, "request");
  return kind === "clientsList"
    ? MOST_LIST
    : kind === PULL
    ? MOST_MESSAGES
    : MOST_RESPONSE;
}
