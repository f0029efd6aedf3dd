/**
 * Serves one connection: requests in, answers out, in order (section 3 of the
 * wire format). It ends when the client does; nothing that a client sends ends
 * anything else.
 *
 * @module
 */

import { ByteSource } from "../shared/byte_source.ts";
import { type Delivery, type Dispatch, failureReply } from "./dispatcher.ts";
import { readHeader, readPayload } from "./request_reader.ts";

/** Answers of one connection that are remembered until they are known to be taken. */
const MOST_UNTAKEN = 16;

/** What a connection has to be able to do; every `Deno.Conn` is. */
export type Transport = Pick<Deno.Conn, "read" | "write" | "close">;

/** What one connection may take. */
export interface ConnectionLimits {
  /** Bytes of the largest payload that is taken. */
  maxMessage: number;
  /** Milliseconds without a byte after which a begun request or answer is given up. */
  progressTimeout: number;
  /** Milliseconds in which a reset may follow the end of the stream. */
  closeGrace: number;
}

/** A connection that is being served. */
export class Connection {
  readonly #transport: Transport;
  readonly #dispatch: Dispatch;
  readonly #limits: ConnectionLimits;
  readonly #source: ByteSource;
  /** Whether a request is being read or answered. */
  #busy = false;
  /** When a byte was last read or written, as `performance.now()` tells it. */
  #lastProgress = 0;
  #draining = false;
  #closed = false;
  /** Answers of which the client hasn't shown yet that it took them. */
  #untaken: Untaken[] = [];

  /** Nothing is read before {@linkcode serve}. */
  constructor(
    transport: Transport,
    dispatch: Dispatch,
    limits: ConnectionLimits,
  ) {
    this.#transport = transport;
    this.#dispatch = dispatch;
    this.#limits = limits;
    this.#source = new ByteSource((into) => this.#read(into));
  }

  /**
   * Serves requests until the connection ends.
   *
   * @throws {Error} where the connection breaks, a reset or a time-out
   */
  async serve(): Promise<void> {
    try {
      while (!this.#draining && await this.#source.has(1)) {
        this.#begin();
        if (!(await this.#serveOne())) break;
        this.#busy = false;
      }
      this.#begin();
      if (!this.#draining) await this.#ended();
    } catch (error) {
      // Our own close interrupts a read; that is no failure.
      if (!this.#closed) throw error;
    } finally {
      this.close();
    }
  }

  /** Finishes what is under way, then closes; at once where nothing is. */
  drain(): void {
    this.#draining = true;
    if (!this.#busy) this.close();
  }

  /** Closes at once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#transport.close();
  }

  #begin(): void {
    this.#busy = true;
    this.#lastProgress = performance.now();
  }

  /** @returns false where the connection ended within the request */
  async #serveOne(): Promise<boolean> {
    const start = this.#source.consumed;
    const header = await readHeader(this.#source);
    if (header === null) return false;
    await this.#takeAll((answer) => start >= answer.arrived);
    const request = await readPayload(
      this.#source,
      header,
      this.#limits.maxMessage,
    );
    if (request === null) return false;
    if (request.kind === undefined) {
      if (request.atOnce) await this.#write(failureReply.bytes);
      if (!(await this.#source.skip(request.skip))) return false;
      if (!request.atOnce) await this.#write(failureReply.bytes);
      return true;
    }
    const { bytes, delivery } = await this.#dispatch(
      request.kind,
      request.header,
      request.payload,
    );
    if (delivery === undefined) await this.#write(bytes);
    else await this.#deliver(bytes, delivery);
    return true;
  }

  /** Writes an answer of which it must be known whether it was taken. */
  async #deliver(bytes: Uint8Array, delivery: Delivery): Promise<void> {
    let before = await this.#before();
    let sent = await this.#writeSome(bytes);
    if (sent < bytes.length) {
      // It doesn't fit into the buffers: the last byte goes out by itself, so
      // that what the client sends while it still reads shows nothing.
      await this.#write(bytes.subarray(sent, -1));
      before = await this.#before();
      sent = await this.#writeSome(bytes.subarray(-1));
    }
    this.#untaken.push({ delivery, ...before });
    // One that is forgotten here still waits, and is handed out again.
    if (this.#untaken.length > MOST_UNTAKEN) this.#untaken.shift();
  }

  /** What has come in by now can't speak of an answer that goes out next. */
  async #before(): Promise<Omit<Untaken, "delivery">> {
    const all = await this.#source.takeInArrived();
    const { arrived, ended } = this.#source;
    return { arrived: all ? arrived : Infinity, ended };
  }

  /** The end of the stream: in good order unless a reset comes behind it. */
  async #ended(): Promise<void> {
    if (this.#untaken.length === 0) return;
    const decision = this.#decide();
    for (const { delivery } of this.#untaken) delivery.pending(decision);
    await decision;
  }

  async #decide(): Promise<void> {
    // A client that closes with bytes unread or under way sends an end first
    // and a reset behind it, which only a write notices; one of no bytes,
    // since nobody reads any more.
    await new Promise((resolve) =>
      setTimeout(resolve, this.#limits.closeGrace)
    );
    if (this.#closed) return;
    await this.#withProgress(this.#transport.write(new Uint8Array(0)));
    await this.#takeAll((answer) => !answer.ended);
  }

  async #takeAll(isTaken: (answer: Untaken) => boolean): Promise<void> {
    if (this.#untaken.length === 0) return;
    const shown = this.#untaken.filter(isTaken);
    this.#untaken = this.#untaken.filter((answer) => !isTaken(answer));
    for (const { delivery } of shown) await delivery.taken();
  }

  async #read(into: Uint8Array): Promise<number | null> {
    // Between requests a client may be silent for ever (section 3, point 2).
    if (!this.#busy) return await this.#transport.read(into);
    return await this.#withProgress(this.#transport.read(into));
  }

  /** Writes all of it: in one system call where the buffers have room. */
  async #write(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#writeSome(bytes.subarray(sent));
    }
  }

  async #writeSome(bytes: Uint8Array): Promise<number> {
    return await this.#withProgress(this.#transport.write(bytes));
  }

  /**
   * Closes the connection where a step of a begun request takes too long and
   * nothing else on the connection moves either: a read may be under way while
   * an answer is written, and may outlive its request.
   */
  async #withProgress<T>(step: Promise<T>): Promise<T> {
    const { progressTimeout } = this.#limits;
    const check = () => {
      if (!this.#busy) return;
      const still = performance.now() - this.#lastProgress;
      if (still >= progressTimeout) this.close();
      else timer = setTimeout(check, progressTimeout - still);
    };
    let timer = setTimeout(check, progressTimeout);
    try {
      return await step;
    } finally {
      clearTimeout(timer);
      this.#lastProgress = performance.now();
    }
  }
}

/** An answer that has gone out, and what had come in before its last byte did. */
interface Untaken {
  delivery: Delivery;
  /** A request that starts behind so many bytes was sent later than the answer. */
  arrived: number;
  /** An end that was seen by then shows nothing. */
  ended: boolean;
}
