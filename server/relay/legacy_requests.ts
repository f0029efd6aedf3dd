import {
  blockPadding,
  type RequestStart,
} from "../../shared/wire/request_framer.ts";
import {
  type ConnectionMemory,
  REQUEST_OVERHEAD,
} from "./limits/connection_memory.ts";
import type { Owner } from "./protocol.ts";
import { LegacyRequest } from "./request.ts";
import {
  awaitPayload,
  isAllZeros,
  isPaddedSoon,
  isPadding,
  isStrayZeroNext,
  isZeroNext,
  takeHeader,
} from "./request_framing.ts";
import { END, RequestStream } from "./request_stream.ts";

/** Time-outs that a client has for its first byte: a minute. */
const FIRST_BYTE_TIMEOUTS = 2;

/**
 * The requests of one connection in the legacy protocol. It owns the padding
 * behind requests: with a padded request it ends (DIA-5).
 */
export class LegacyRequests extends RequestStream<LegacyRequest> {
  readonly #connection: Pick<Owner, "observe" | "headerArrived">;
  readonly #maxMessage: number;
  /** Offset of the end of the last request's block; undefined where it can't be padded. */
  #blockEnd: number | undefined;
  #isPadded = false;
  /** Bytes to read past before the next request. */
  #excess = 0;

  /**
   * @param memory the memory of the connection
   * @param maxMessage bytes of the largest payload that is accepted
   */
  constructor(
    transport: Pick<Deno.Conn, "read">,
    memory: ConnectionMemory,
    connection: Pick<Owner, "observe" | "headerArrived">,
    maxMessage: number,
  ) {
    super(transport, memory);
    this.#connection = connection;
    this.#maxMessage = maxMessage;
  }

  /** A padded request is the last one. */
  override get endsFirst(): boolean {
    return this.#isPadded;
  }

  /** Whether it has ended with a padded request. */
  override get isPadded(): boolean {
    return this.#isPadded;
  }

  /** Reads the next request. @throws {Error} where the connection breaks */
  override next(): Promise<IteratorResult<LegacyRequest, undefined>> {
    if (this.#excess > 0) return this.#nextBehindExcess();
    if (this.stopped || this.#isPadded) return Promise.resolve(END);
    return this.hasBegun ? this.#read() : this.#awaitNext();
  }

  protected override get patience(): number {
    // Between requests a client may be silent for ever (CON-3, CON-11, CON-12).
    if (this.arrived === 0) return FIRST_BYTE_TIMEOUTS;
    return this.awaits === "rest" ? 1 : 0;
  }

  protected override get hasBegun(): boolean {
    const { buffered, consumed } = this.source;
    if (buffered !== 1) return buffered > 1;
    // Behind a request whose block has room a zero alone need not begin another.
    const left = (this.#blockEnd ?? 0) - consumed;
    return left <= 1 || !isZeroNext(this.source);
  }

  async #nextBehindExcess(): Promise<IteratorResult<LegacyRequest, undefined>> {
    return await this.#skipExcess() ? await this.next() : END;
  }

  async #awaitNext(): Promise<IteratorResult<LegacyRequest, undefined>> {
    return await this.begins() ? await this.#read() : END;
  }

  async #read(): Promise<IteratorResult<LegacyRequest, undefined>> {
    const source = this.source;
    let start = source.consumed;
    this.awaits = "rest";
    this.stall.restart(start);
    if (this.#blockEnd !== undefined && isZeroNext(source)) {
      if (await this.#isPaddingNext(this.#blockEnd - start)) return this.end();
      if (await isStrayZeroNext(source)) {
        await source.skip(1);
        start++;
      }
    }
    const begun = await takeHeader(source);
    if (begun === null) return this.end();
    const confirmed = this.#connection.headerArrived(start);
    if (confirmed !== undefined) {
      // The store's time isn't the client's.
      this.awaits = "nothing";
      await confirmed;
      this.awaits = "rest";
    }
    const request = await this.#readPayload(start, begun);
    this.awaits = "nothing";
    return request === null ? END : { done: false, value: request };
  }

  /** Whether no request follows but the padding of the last one, or its beginning and the end. */
  async #isPaddingNext(left: number): Promise<boolean> {
    if (left <= 0) return false;
    const isPadded = await isPadding(this.source, left);
    this.#isPadded = isPadded === true;
    return isPadded !== false;
  }

  /** Reads a request behind its header; null where the stream ends before it does. */
  async #readPayload(
    start: number,
    begun: RequestStart,
  ): Promise<LegacyRequest | null> {
    const source = this.source;
    const connection = this.#connection;
    const { code } = begun.header;
    const found = await awaitPayload(source, begun, this.#maxMessage);
    if (found === null) return null;
    const { kind, size } = found;
    if (kind === undefined) {
      connection.observe(code, size)?.ended(found.refusal);
      this.#excess = size;
      const end = source.consumed + size;
      if (!found.atOnce && !(await this.#skipExcess())) return null;
      this.awaits = "nothing";
      this.#blockEnd = isAllZeros(begun)
        ? undefined
        : end + blockPadding(end - start);
      if (this.#excess === 0) await this.#skipPadding();
      const { refusal } = found;
      return new LegacyRequest(begun, { refusal, padded: this.#isPadded });
    }
    this.awaits = "nothing";
    const watch = connection.observe(code, size);
    const taken = this.takePayload(size, REQUEST_OVERHEAD);
    const { payload, release } = taken instanceof Promise ? await taken : taken;
    this.#blockEnd = source.consumed + blockPadding(source.consumed - start);
    if (isZeroNext(source)) await this.#skipPadding();
    const padded = this.#isPadded;
    return new LegacyRequest(begun, { kind, payload, watch, release, padded });
  }

  async #skipExcess(): Promise<boolean> {
    this.awaits = "rest";
    const skipped = await this.source.skip(this.#excess);
    this.awaits = "nothing";
    this.#excess = 0;
    return skipped;
  }

  /** Reads past the padding behind the last request, where it is there. */
  async #skipPadding(): Promise<void> {
    if (this.#blockEnd === undefined || !isZeroNext(this.source)) return;
    const left = this.#blockEnd - this.source.consumed;
    this.#isPadded = left > 0 && await isPaddedSoon(this.source, left) &&
      await this.source.skip(left);
  }
}
