/**
 * Serves one connection: requests in, answers out, in order (section 3 of the
 * wire format). It ends when the client does; nothing that a client sends ends
 * anything else.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { ByteSource } from "../shared/byte_source.ts";
import { type Dispatch, failureReply } from "./dispatcher.ts";
import { readHeader, readPayload } from "./request_reader.ts";

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
        this.#busy = true;
        if (!(await this.#serveOne())) break;
        this.#busy = false;
      }
      this.#busy = true;
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
    const { bytes, taken } = await this.#dispatch(
      request.kind,
      request.header,
      request.payload,
    );
    if (taken === undefined) {
      await this.#write(bytes);
    } else {
      // What is there before the answer goes out can't speak of it.
      this.#source.readAhead();
      await new Promise((resolve) => setImmediate(resolve));
      this.#untaken.push({ taken, ...await this.#write(bytes) });
    }
    return true;
  }

  /** The end of the stream: in good order unless a reset comes behind it. */
  async #ended(): Promise<void> {
    if (this.#untaken.length === 0) return;
    // A client that closes with bytes unread or under way sends an end first
    // and a reset behind it, which only a write notices; one of no bytes,
    // since nobody reads any more.
    await delay(this.#limits.closeGrace);
    if (this.#closed) return;
    await this.#withProgress(this.#transport.write(new Uint8Array(0)));
    await this.#takeAll((answer) => !answer.ended);
  }

  async #takeAll(isTaken: (answer: Untaken) => boolean): Promise<void> {
    if (this.#untaken.length === 0) return;
    const shown = this.#untaken.filter(isTaken);
    this.#untaken = this.#untaken.filter((answer) => !isTaken(answer));
    for (const { taken } of shown) await taken();
  }

  async #read(into: Uint8Array): Promise<number | null> {
    // Between requests a client may be silent for ever (section 3, point 2).
    if (!this.#busy) return await this.#transport.read(into);
    return await this.#withProgress(this.#transport.read(into));
  }

  /**
   * Writes all of it: in one system call where the buffers have room.
   *
   * @returns what had come in before the last byte went out
   */
  async #write(bytes: Uint8Array): Promise<Omit<Untaken, "taken">> {
    let before = { arrived: 0, ended: false };
    for (let sent = 0; sent < bytes.length;) {
      const { arrived, ended } = this.#source;
      before = { arrived, ended };
      sent += await this.#withProgress(
        this.#transport.write(bytes.subarray(sent)),
      );
    }
    return before;
  }

  async #withProgress<T>(step: Promise<T>): Promise<T> {
    // A read may outlive its request and wait for the next one.
    const timer = setTimeout(() => {
      if (this.#busy) this.close();
    }, this.#limits.progressTimeout);
    try {
      return await step;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** An answer that has gone out, and what had come in before its last byte did. */
interface Untaken {
  /** To be done once the client shows that it took the answer. */
  taken: () => Promise<void>;
  /** A request that starts behind so many bytes was sent later than the answer. */
  arrived: number;
  /** An end that was seen by then shows nothing. */
  ended: boolean;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
