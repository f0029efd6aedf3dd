import { setImmediate } from "node:timers";
import type { Allocate } from "./writer.ts";

/** Bytes that one read asks for. */
const CHUNK_SIZE = 64 * 1024;

/** Is asked for the memory that a {@linkcode ByteSource} needs beyond its idle size. */
export interface BufferMemory {
  /** Room for a buffer of `size` bytes, or false where there is none at once. */
  tryGrow(size: number): boolean;
  /**
   * Waits for room for a buffer of `size` bytes, in place of the present one.
   *
   * @param usual whether it is the size that any request may need
   */
  grow(size: number, usual: boolean): Promise<void>;
  /** The buffer has its idle size again. */
  shrink(): void;
  /** The buffer was handed out whole; a new one has the idle size. */
  give(): void;
}

/** How a {@linkcode ByteSource} keeps what has arrived. */
export interface ByteSourceOptions {
  /** Bytes of memory while nothing has arrived. Default: 64 KiB. */
  idleSize?: number;
  /** Is asked before more is used. Default: nobody. */
  memory?: BufferMemory;
  /** Makes the arrays that are taken. Default: each is an allocation of its own. */
  allocate?: Allocate;
}

/**
 * Takes exact numbers of bytes off a stream, however it is segmented. It knows
 * no socket: a function that reads into a buffer is all that it is given.
 *
 * Its memory grows with the bytes that have arrived, never with a size that
 * somebody claims.
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
  /** Whether a read under way fills the buffer. */
  #filling = false;
  /** Whether one is under way into a buffer of its own. */
  #readingAside = false;

  /**
   * @param read fills the start of the buffer that it gets and resolves to the
   * number of bytes, or to null at the end of the stream
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

  /** Bytes that have arrived and are not taken yet. */
  get buffered(): number {
    return this.#end - this.#start;
  }

  /** Bytes that have been taken, skipped or thrown away since the start. */
  get consumed(): number {
    return this.#arrived - this.buffered;
  }

  /** Bytes that have arrived since the start. */
  get arrived(): number {
    return this.#arrived;
  }

  /** Whether bytes are waited for; not while memory is. */
  get reading(): boolean {
    return this.#filling || this.#readingAside;
  }

  /** Whether the end of the stream has been seen. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Takes in what is there already and leaves a read under way, which the next
   * call that needs bytes will find.
   *
   * @returns false where more may be there than the buffer holds
   */
  async takeInArrived(): Promise<boolean> {
    while (!this.#ended && this.#failure === undefined) {
      if (this.#pending === undefined && !this.#hasRoomAside()) return false;
      // What goes wrong is thrown by the call that needs the bytes.
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
   * @returns false where the stream ended before
   */
  async has(size: number): Promise<boolean> {
    while (this.buffered < size) {
      if (this.#ended) return false;
      await this.#fill(size);
    }
    return true;
  }

  /**
   * Waits until `size` bytes have arrived, `ms` milliseconds at most. A read
   * that is under way goes on and serves the next call.
   *
   * @returns false where they haven't
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
   * The next `size` bytes, left where they are. Call it once they have
   * arrived; what it returns holds until the next call.
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
   * Takes the next `size` bytes, in an array of their own.
   *
   * @param progress is told how many of them have arrived so far
   * @returns null where the stream ended before
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

  /** Takes the next `size` bytes, which have arrived, in an array of their own. */
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

  /** Whether {@linkcode takeArrived} will hand out the buffer itself and no copy. */
  givesBuffer(size: number): boolean {
    return size === this.#buffer.length && size > this.#idleSize &&
      !this.#filling;
  }

  /**
   * Throws the next `size` bytes away as they arrive.
   *
   * @returns false where the stream ended before
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

  /** One read; `wanted` bytes are expected to follow `#start`. */
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

  /** Sees to it that what is read aside will fit behind what has arrived. */
  #hasRoomAside(): boolean {
    const size = this.buffered + this.#idleSize;
    if (size > CHUNK_SIZE) return false;
    if (size <= this.#buffer.length) return true;
    if (!(this.#memory?.tryGrow(CHUNK_SIZE) ?? true)) return false;
    this.#move(CHUNK_SIZE);
    return true;
  }

  /** Reads into a small buffer of its own: it may be under way for ever. */
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

  /** Notes what a read brought. */
  #arrives(count: number | null): number {
    if (count === null) this.#ended = true;
    this.#arrived += count ?? 0;
    return count ?? 0;
  }

  /** A socket tells of a reset once; asked again it would look like an end. */
  #fails(error: unknown): unknown {
    this.#failure ??= { error };
    return this.#failure.error;
  }

  async #makeRoom(wanted: number): Promise<void> {
    this.#move(await this.#roomFor(wanted));
  }

  /** Moves what waits to the front, of a larger buffer where `size` says so. */
  #move(size: number): void {
    const waiting = this.#buffer.subarray(this.#start, this.#end);
    if (size > this.#buffer.length) this.#buffer = new Uint8Array(size);
    this.#buffer.set(waiting);
    this.#end -= this.#start;
    this.#start = 0;
  }

  /** Bytes that the buffer shall have; what is asked for them has been granted. */
  async #roomFor(wanted: number): Promise<number> {
    const { length } = this.#buffer;
    if (length < CHUNK_SIZE) {
      // A small buffer that is full has more behind it.
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
