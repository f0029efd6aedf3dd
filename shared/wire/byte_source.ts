import { setImmediate } from "node:timers";
import type { Allocate } from "./buffers.ts";

/** Size in bytes of a read. */
const CHUNK_SIZE = 64 * 1024;

/** Grants the memory that a {@linkcode ByteSource} needs beyond its idle size. */
export interface BufferMemory {
  /** Reserves a buffer of `size` bytes; false if there is no room at once. */
  tryGrow(size: number): boolean;
  /**
   * Waits for room for a buffer of `size` bytes in place of the current one.
   *
   * @param usual whether any request may need this size
   */
  grow(size: number, usual: boolean): Promise<void>;
  /** Records that the buffer has its idle size again. */
  shrink(): void;
  /** Records that the buffer was handed out; a new one has the idle size. */
  give(): void;
}

/** How a {@linkcode ByteSource} buffers bytes. */
export interface ByteSourceOptions {
  /** Size in bytes of the buffer while it is empty. Default: 64 KiB. */
  idleSize?: number;
  /** Grants a larger buffer. Default: any size is granted. */
  memory?: BufferMemory;
  /** Allocates the arrays that `take` returns. Default: one allocation each. */
  allocate?: Allocate;
}

/**
 * Takes exact numbers of bytes from a stream, however it is segmented. The
 * stream is a function that reads into a buffer.
 *
 * Its memory grows with the bytes that have arrived, never with a claimed size.
 */
export class ByteSource {
  readonly #read: (into: Uint8Array) => Promise<number | null>;
  readonly #idleSize: number;
  readonly #memory: BufferMemory | undefined;
  readonly #allocate: Allocate;
  #buffer: Uint8Array<ArrayBuffer>;
  #start = 0;
  #end = 0;
  #ended = false;
  #arrived = 0;
  #failure: { error: unknown } | undefined;
  #pending: Promise<void> | undefined;
  /** Whether a read into the buffer is pending. */
  #filling = false;
  /** Whether a read into a separate buffer is pending. */
  #readingAside = false;

  /**
   * @param read fills the start of its buffer and resolves to the number of
   * bytes, or to null at the end of the stream
   */
  constructor(
    read: (into: Uint8Array) => Promise<number | null>,
    options: ByteSourceOptions = {},
  ) {
    this.#read = read;
    this.#idleSize = options.idleSize ?? CHUNK_SIZE;
    this.#memory = options.memory;
    this.#allocate = options.allocate ?? ((size) => new Uint8Array(size));
    this.#buffer = new Uint8Array(this.#idleSize);
  }

  /** Number of bytes that have arrived and are not taken yet. */
  get buffered(): number {
    return this.#end - this.#start;
  }

  /** Number of bytes taken or skipped since the start. */
  get consumed(): number {
    return this.#arrived - this.buffered;
  }

  /** Number of bytes that have arrived since the start. */
  get arrived(): number {
    return this.#arrived;
  }

  /** Whether a read is pending; false while it waits for memory. */
  get reading(): boolean {
    return this.#filling || this.#readingAside;
  }

  /** Whether the stream has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Buffers the bytes that are there already, and leaves a read pending for the
   * next call that needs bytes.
   *
   * @returns false if more may be there than the buffer holds
   */
  async takeInArrived(): Promise<boolean> {
    while (!this.#ended && this.#failure === undefined) {
      if (this.#pending === undefined && !this.#hasRoomAside()) return false;
      // The call that needs the bytes throws the error.
      this.#pending ??= this.#readAside();
      this.#pending.catch(() => {});
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#pending !== undefined) break;
    }
    return true;
  }

  /** Waits until some more bytes have arrived, or the stream has ended. */
  more(): Promise<void> {
    return this.#fill(this.buffered + 1);
  }

  /**
   * Waits until `size` bytes have arrived.
   *
   * @returns false if the stream ends first
   */
  async has(size: number): Promise<boolean> {
    while (this.buffered < size) {
      if (this.#ended) return false;
      await this.#fill(size);
    }
    return true;
  }

  /**
   * Waits until `size` bytes have arrived, `ms` milliseconds at most. A pending
   * read continues and serves the next call.
   *
   * @returns false if they haven't arrived by then
   */
  async hasWithin(size: number, ms: number): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, ms, false);
    });
    try {
      while (this.buffered < size && !this.#ended) {
        const filled = this.#fill(size).then(() => true);
        if (!(await Promise.race([filled, late]))) break;
      }
    } finally {
      clearTimeout(timer);
    }
    return this.buffered >= size;
  }

  /**
   * Returns the next `size` bytes without taking them. They must have arrived;
   * the view is valid until the next call.
   */
  peek(size: number): Uint8Array {
    if (size > this.buffered) {
      throw new RangeError(
        `Expected ${size} bytes in the buffer, got ${this.buffered}`,
      );
    }
    return this.#buffer.subarray(this.#start, this.#start + size);
  }

  /**
   * Takes the next `size` bytes as an array of their own.
   *
   * @param progress receives the number that have arrived so far
   * @returns null if the stream ends first
   */
  async take(
    size: number,
    progress?: (arrived: number) => void,
  ): Promise<Uint8Array<ArrayBuffer> | null> {
    while (this.buffered < size) {
      progress?.(this.buffered);
      if (this.#ended) return null;
      await this.#fill(size);
    }
    progress?.(size);
    return this.takeArrived(size);
  }

  /** Takes the next `size` bytes, which have arrived, as an array of their own. */
  takeArrived(size: number): Uint8Array<ArrayBuffer> {
    if (this.givesBuffer(size)) {
      const whole = this.#buffer;
      this.#buffer = new Uint8Array(this.#idleSize);
      this.#start = this.#end = 0;
      this.#memory?.give();
      return whole;
    }
    const taken = this.#allocate(size);
    taken.set(this.#buffer.subarray(this.#start, this.#start + size));
    this.#advance(size);
    return taken;
  }

  /** Whether {@linkcode takeArrived} hands out the buffer itself instead of a copy. */
  givesBuffer(size: number): boolean {
    return size === this.#buffer.length && size > this.#idleSize &&
      !this.#filling;
  }

  /**
   * Discards the next `size` bytes as they arrive.
   *
   * @returns false if the stream ends first
   */
  async skip(size: number): Promise<boolean> {
    for (let left = size; left > 0;) {
      if (!(await this.has(1))) return false;
      const step = Math.min(left, this.buffered);
      this.#advance(step);
      left -= step;
    }
    return true;
  }

  #advance(size: number): void {
    this.#start += size;
    if (this.#start < this.#end || this.#filling) return;
    this.#start = this.#end = 0;
    if (this.#buffer.length > this.#idleSize) {
      this.#buffer = new Uint8Array(this.#idleSize);
      this.#memory?.shrink();
    }
  }

  /** Reads once; the caller needs `wanted` bytes from `#start`. */
  #fill(wanted: number): Promise<void> {
    return this.#pending ??= this.#readMore(wanted);
  }

  async #readMore(wanted: number): Promise<void> {
    try {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#end === this.#buffer.length) await this.#makeRoom(wanted);
      this.#filling = true;
      this.#end += this.#arrives(
        await this.#read(this.#buffer.subarray(this.#end)),
      );
    } catch (error) {
      throw this.#fails(error);
    } finally {
      this.#filling = false;
      this.#pending = undefined;
    }
  }

  /** Makes room for the bytes of a read aside; false if they may not fit. */
  #hasRoomAside(): boolean {
    const size = this.buffered + this.#idleSize;
    if (size > CHUNK_SIZE) return false;
    if (size <= this.#buffer.length) return true;
    if (!(this.#memory?.tryGrow(CHUNK_SIZE) ?? true)) return false;
    this.#move(CHUNK_SIZE);
    return true;
  }

  /** Reads into a small buffer of its own, since the read may be pending for ever. */
  async #readAside(): Promise<void> {
    try {
      if (this.#failure !== undefined) throw this.#failure.error;
      this.#readingAside = true;
      const aside = new Uint8Array(this.#idleSize);
      const count = this.#arrives(await this.#read(aside));
      if (this.#end + count > this.#buffer.length) {
        this.#move(this.buffered + count);
      }
      this.#buffer.set(aside.subarray(0, count), this.#end);
      this.#end += count;
    } catch (error) {
      throw this.#fails(error);
    } finally {
      this.#readingAside = false;
      this.#pending = undefined;
    }
  }

  /** Records the result of a read. */
  #arrives(count: number | null): number {
    if (count === null) this.#ended = true;
    this.#arrived += count ?? 0;
    return count ?? 0;
  }

  /** Keeps the first error: a socket reports a reset once, and then an end. */
  #fails(error: unknown): unknown {
    this.#failure ??= { error };
    return this.#failure.error;
  }

  async #makeRoom(wanted: number): Promise<void> {
    this.#move(await this.#roomFor(wanted));
  }

  /** Moves the buffered bytes to the front, of a new buffer if `size` is larger. */
  #move(size: number): void {
    const waiting = this.#buffer.subarray(this.#start, this.#end);
    if (size > this.#buffer.length) this.#buffer = new Uint8Array(size);
    this.#buffer.set(waiting);
    this.#end -= this.#start;
    this.#start = 0;
  }

  /** Returns the buffer's next size in bytes, once it is granted. */
  async #roomFor(wanted: number): Promise<number> {
    const { length } = this.#buffer;
    if (length < CHUNK_SIZE) {
      // A small buffer that is full is likely to need more.
      if (this.#memory?.tryGrow(CHUNK_SIZE) ?? true) return CHUNK_SIZE;
      if (wanted > length) await this.#memory?.grow(CHUNK_SIZE, true);
      return wanted > length ? CHUNK_SIZE : length;
    }
    if (wanted <= length) return length;
    // Doubling keeps the copying linear; a claim only bounds it from above.
    const size = Math.min(2 * length, wanted);
    await this.#memory?.grow(size, false);
    return size;
  }
}
