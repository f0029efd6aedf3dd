/**
 * A connection to the relay that can do all that a client can: also reset,
 * end its half, and not read.
 *
 * @module
 */

import { Socket } from "node:net";
import { concat } from "@std/bytes";
import { responseHeader } from "../../shared/wire/frames.ts";
import { RESPONSE_HEADER_SIZE } from "../../shared/wire/protocol.ts";
import { FuzzFailure } from "./failure.ts";

/** An answer as it came. */
export interface RawAnswer {
  version: number;
  code: number;
  payload: Uint8Array;
}

/** Milliseconds after which something that is owed counts as missing. */
export const PATIENCE = 10_000;

/** One connection. */
export class Link {
  readonly #socket: Socket;
  #chunks: Uint8Array[] = [];
  #arrived = 0;
  #taken = 0;
  #ended = false;
  #closed = false;
  #changed = Promise.withResolvers<void>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    const wake = () => this.#wake();
    socket.on("data", (chunk: Uint8Array) => {
      this.#chunks.push(chunk);
      this.#arrived += chunk.length;
      wake();
    });
    socket.on("end", () => {
      this.#ended = true;
      wake();
    });
    // A reset shows as a close without an end, which is all that matters here.
    socket.on("error", wake);
    socket.on("close", () => {
      this.#closed = true;
      wake();
    });
  }

  /** @throws {FuzzFailure} where the relay doesn't accept */
  static async connect(port: number): Promise<Link> {
    const socket = new Socket({ allowHalfOpen: true });
    const link = new Link(socket);
    let connected = false;
    socket.setNoDelay(true);
    socket.connect(port, "127.0.0.1", () => {
      connected = true;
      link.#wake();
    });
    await link.#until("a connection", () => connected || link.#closed);
    if (!connected) throw new FuzzFailure("a connection", "none");
    return link;
  }

  /** Resolves once the bytes are with the system, or can't be any more. */
  write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0 || this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#socket.once("close", resolve);
      this.#socket.write(bytes, () => {
        this.#socket.off("close", resolve);
        resolve();
      });
    });
  }

  /** Stops reading. */
  pause(): void {
    this.#socket.pause();
  }

  /** Reads on. */
  resume(): void {
    this.#socket.resume();
  }

  /** Ends our half. */
  end(): void {
    this.#socket.end();
  }

  /** Closes; the system resets where something is unread. */
  close(): void {
    this.#socket.destroy();
  }

  /** Resets, and waits until that is done. */
  async reset(): Promise<void> {
    this.#socket.resetAndDestroy();
    await this.#until("our own reset", () => this.#closed);
  }

  /** The next answer, or undefined where the relay ended or broke off instead. */
  async answer(): Promise<RawAnswer | undefined> {
    const over = () => this.#ended || this.#closed;
    const left = () => this.#arrived - this.#taken;
    await this.#until(
      "an answer",
      () => left() >= RESPONSE_HEADER_SIZE || over(),
    );
    if (left() < RESPONSE_HEADER_SIZE) return undefined;
    const header = responseHeader.decode(this.#peek(RESPONSE_HEADER_SIZE));
    const size = RESPONSE_HEADER_SIZE + header.payloadSize;
    await this.#until(
      `${size} bytes of answer`,
      () => left() >= size || over(),
    );
    if (left() < size) return undefined;
    const payload = this.#peek(size).slice(RESPONSE_HEADER_SIZE);
    this.#taken += size;
    this.#chunks[0] = this.#chunks[0]?.subarray(size) ?? new Uint8Array();
    return { version: header.version, code: header.code, payload };
  }

  /** Waits for the relay's end of the stream; says how it came about. */
  async over(): Promise<"end" | "reset"> {
    await this.#until("the relay's end", () => this.#ended || this.#closed);
    return this.#ended ? "end" : "reset";
  }

  /** What came and wasn't taken. */
  get left(): Uint8Array {
    return this.#peek(this.#arrived - this.#taken);
  }

  #peek(size: number): Uint8Array {
    if ((this.#chunks[0]?.length ?? 0) < size) {
      this.#chunks = [concat(this.#chunks)];
    }
    return this.#chunks[0]?.subarray(0, size) ?? new Uint8Array();
  }

  #wake(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }

  async #until(what: string, holds: () => boolean): Promise<void> {
    if (holds()) return;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#wake();
    }, PATIENCE);
    try {
      while (!holds()) {
        if (late) throw new FuzzFailure(what, `nothing within ${PATIENCE} ms`);
        await this.#changed.promise;
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
