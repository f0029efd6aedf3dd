import { ByteSource } from "../../shared/wire/byte_source.ts";
import {
  blockPadding,
  type RequestStart,
} from "../../shared/wire/request_framer.ts";
import { allocateShortLived } from "../../shared/wire/buffers.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionMemory } from "./limits/connection_memory.ts";
import { type Progress, StallDetector } from "./limits/stall_detector.ts";
import { Request } from "./request.ts";
import {
  awaitPayload,
  isAllZeros,
  isPaddedSoon,
  isPadding,
  isStrayZeroNext,
  isZeroNext,
  takeHeader,
} from "./request_framing.ts";

/** Initial buffer size in bytes; most requests fit. */
const IDLE_SIZE = 1536;
/** Time-outs that a client has for its first byte: a minute. */
const FIRST_BYTE_TIMEOUTS = 2;

const END = { done: true, value: undefined } as const;

/** The connection as a {@linkcode RequestStream} needs it. */
type Owner = Pick<Connection, "maxMessage" | "observe" | "headerArrived">;

/**
 * The requests of one connection, in order. It owns the bytes that arrive, the
 * memory for them, and the padding behind requests: with a padded request it
 * ends (DIA-5).
 */
export class RequestStream
  implements AsyncIterable<Request>, AsyncIterator<Request> {
  readonly #source: ByteSource;
  readonly #memory: ConnectionMemory;
  readonly #connection: Owner;
  readonly #stall = new StallDetector();
  /**
   * What is waited for: a next request, which may never come; the rest of one
   * that has begun; or nothing of the client's.
   */
  #awaits: "request" | "rest" | "nothing" = "nothing";
  /** Offset of the end of the last request's block; undefined where it can't be padded. */
  #blockEnd: number | undefined;
  #isPadded = false;
  /** Bytes to read past before the next request. */
  #excess = 0;
  #stopped = false;

  /** @param memory the memory of the connection */
  constructor(
    transport: Pick<Deno.Conn, "read">,
    memory: ConnectionMemory,
    connection: Owner,
  ) {
    this.#memory = memory;
    this.#connection = connection;
    this.#source = new ByteSource((into) => transport.read(into), {
      idleSize: IDLE_SIZE,
      memory,
      allocate: allocateShortLived,
    });
  }

  /** Bytes that have arrived. */
  get arrived(): number {
    return this.#source.arrived;
  }

  /** Whether it waits for the client. */
  get awaitsClient(): boolean {
    return this.#awaits !== "nothing";
  }

  /** Whether no request is under way, though one was before. */
  get isIdle(): boolean {
    // A request that has just come in is served in a moment.
    return this.#awaits === "request" && !this.#hasBegun && this.arrived > 0;
  }

  /** Whether it has ended with a padded request. */
  get isPadded(): boolean {
    return this.#isPadded;
  }

  /** Lets it end behind the request that is under way. */
  stop(): void {
    this.#stopped = true;
  }

  /** @returns the client's progress with a request that it has begun, or with its first byte */
  look(): Progress {
    // Between requests a client may be silent for ever (CON-3, CON-11, CON-12).
    const { arrived } = this;
    const isNew = arrived === 0;
    return this.#stall.look(
      this.#awaits === "rest" || isNew,
      arrived,
      isNew ? FIRST_BYTE_TIMEOUTS : 1,
    );
  }

  /** @returns itself */
  [Symbol.asyncIterator](): AsyncIterator<Request> {
    return this;
  }

  /** Reads the next request. @throws {Error} where the connection breaks */
  next(): Promise<IteratorResult<Request, undefined>> {
    if (this.#excess > 0) return this.#nextBehindExcess();
    if (this.#stopped || this.#isPadded) return Promise.resolve(END);
    return this.#hasBegun ? this.#read() : this.#awaitNext();
  }

  /**
   * Waits for a short time whether the client ends the stream.
   *
   * @param ms milliseconds
   */
  async endsWithin(ms: number): Promise<boolean> {
    this.#awaits = "request";
    await this.#source.hasWithin(1, ms);
    this.#awaits = "nothing";
    return this.#source.ended;
  }

  /** Reads past everything up to the client's end. */
  async readPast(): Promise<void> {
    this.#awaits = "rest";
    this.#stall.restart(this.#source.consumed);
    while (await this.#source.has(1)) {
      await this.#source.skip(this.#source.buffered);
    }
    this.#awaits = "nothing";
  }

  /**
   * Takes in what has arrived by now, which can't speak of a response that goes
   * out next.
   *
   * @returns the offset of its end, and whether it is the end of the stream
   */
  async arrivedByNow(): Promise<{ offset: number; ended: boolean }> {
    const all = await this.#source.takeInArrived();
    const { arrived, ended } = this.#source;
    return { offset: all ? arrived : Infinity, ended };
  }

  #end(): typeof END {
    this.#awaits = "nothing";
    return END;
  }

  /** Whether bytes of the next request have arrived. */
  get #hasBegun(): boolean {
    const { buffered, consumed } = this.#source;
    if (buffered !== 1) return buffered > 1;
    // Behind a request whose block has room a zero alone need not begin another.
    const left = (this.#blockEnd ?? 0) - consumed;
    return left <= 1 || !isZeroNext(this.#source);
  }

  async #nextBehindExcess(): Promise<IteratorResult<Request, undefined>> {
    return await this.#skipExcess() ? await this.next() : END;
  }

  /** Holds little memory: this is where silent connections wait. */
  async #awaitNext(): Promise<IteratorResult<Request, undefined>> {
    this.#awaits = "request";
    while (!this.#hasBegun) {
      if (this.#source.ended) return this.#end();
      await this.#source.more();
    }
    return await this.#read();
  }

  async #read(): Promise<IteratorResult<Request, undefined>> {
    const source = this.#source;
    let start = source.consumed;
    this.#awaits = "rest";
    this.#stall.restart(start);
    if (this.#blockEnd !== undefined && isZeroNext(source)) {
      if (await this.#isPaddingNext(this.#blockEnd - start)) return this.#end();
      if (await isStrayZeroNext(source)) {
        await source.skip(1);
        start++;
      }
    }
    const begun = await takeHeader(source);
    if (begun === null) return this.#end();
    const confirmed = this.#connection.headerArrived(start);
    if (confirmed !== undefined) {
      // The store's time isn't the client's.
      this.#awaits = "nothing";
      await confirmed;
      this.#awaits = "rest";
    }
    const request = await this.#readPayload(start, begun);
    this.#awaits = "nothing";
    return request === null ? END : { done: false, value: request };
  }

  /** Whether no request follows but the padding of the last one, or its beginning and the end. */
  async #isPaddingNext(left: number): Promise<boolean> {
    if (left <= 0) return false;
    const isPadded = await isPadding(this.#source, left);
    this.#isPadded = isPadded === true;
    return isPadded !== false;
  }

  /** Reads a request behind its header; null where the stream ends before it does. */
  async #readPayload(
    start: number,
    begun: RequestStart,
  ): Promise<Request | null> {
    const source = this.#source;
    const connection = this.#connection;
    const { code } = begun.header;
    const found = await awaitPayload(source, begun, connection.maxMessage);
    if (found === null) return null;
    const { kind, size } = found;
    if (kind === undefined) {
      connection.observe(code, size)?.ended(found.refusal);
      this.#excess = size;
      const end = source.consumed + size;
      if (!found.atOnce && !(await this.#skipExcess())) return null;
      this.#awaits = "nothing";
      this.#blockEnd = isAllZeros(begun)
        ? undefined
        : end + blockPadding(end - start);
      if (this.#excess === 0) await this.#skipPadding();
      const { refusal } = found;
      return new Request(begun, { refusal, padded: this.#isPadded });
    }
    this.#awaits = "nothing";
    const watch = connection.observe(code, size);
    // Where the buffer itself is handed out, its memory goes with it.
    const room = source.givesBuffer(size)
      ? undefined
      : this.#memory.payload(size);
    const reserved = room instanceof Promise ? await room : room;
    const payload = source.takeArrived(size);
    const release = reserved ?? this.#memory.takeGiven();
    this.#blockEnd = source.consumed + blockPadding(source.consumed - start);
    if (isZeroNext(source)) await this.#skipPadding();
    const padded = this.#isPadded;
    return new Request(begun, { kind, payload, watch, release, padded });
  }

  async #skipExcess(): Promise<boolean> {
    this.#awaits = "rest";
    const skipped = await this.#source.skip(this.#excess);
    this.#awaits = "nothing";
    this.#excess = 0;
    return skipped;
  }

  /** Reads past the padding behind the last request, where it is there. */
  async #skipPadding(): Promise<void> {
    if (this.#blockEnd === undefined || !isZeroNext(this.#source)) return;
    const left = this.#blockEnd - this.#source.consumed;
    this.#isPadded = left > 0 && await isPaddedSoon(this.#source, left) &&
      await this.#source.skip(left);
  }
}
