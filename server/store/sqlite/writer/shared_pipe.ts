/**
 * A stream of bytes from one thread to another over memory that both share:
 * passing a batch costs microseconds, a message to a worker fifty times as much.
 *
 * @module
 */

/** Positions in the control words. */
const WRITTEN = 0;
const READ = 1;

/** The memory of a pipe; a worker gets it in a message. */
export interface SharedPipeMemory {
  /** Counts of the bytes ever written and read, modulo 2³². */
  control: SharedArrayBuffer;
  /** The ring. */
  data: SharedArrayBuffer;
}

/** One end of a pipe. One thread writes and one reads. */
export class SharedPipe {
  readonly #control: Int32Array;
  readonly #data: Uint8Array;
  /** Bytes that were written but not published. */
  #staged = 0;

  constructor(memory: SharedPipeMemory) {
    this.#control = new Int32Array(memory.control);
    this.#data = new Uint8Array(memory.data);
  }

  /** Allocates a pipe. @param size bytes that it holds, a power of two */
  static allocate(size: number): SharedPipeMemory {
    return {
      control: new SharedArrayBuffer(8),
      data: new SharedArrayBuffer(size),
    };
  }

  /** Bytes that can be read without waiting. */
  get readable(): number {
    return this.#count(WRITTEN) - this.#count(READ) >>> 0;
  }

  /** Bytes that can be written without waiting. */
  get writable(): number {
    return this.#data.length - this.readable - this.#staged;
  }

  /**
   * Writes as many of the bytes as there is room for, and returns how many.
   * The reader sees them after {@linkcode publish}.
   */
  write(bytes: Uint8Array): number {
    const size = Math.min(bytes.length, this.writable);
    const start = this.#offset(WRITTEN, this.#staged);
    const first = Math.min(size, this.#data.length - start);
    if (first === bytes.length) {
      this.#data.set(bytes, start);
    } else {
      this.#data.set(bytes.subarray(0, first), start);
      this.#data.set(bytes.subarray(first, size), 0);
    }
    this.#staged += size;
    return size;
  }

  /** Shows the reader all that was written, at once, and wakes it. */
  publish(): void {
    this.#advance(WRITTEN, this.#staged);
    this.#staged = 0;
  }

  /** Reads as many bytes as there are and fit, and returns how many. */
  read(into: Uint8Array): number {
    const size = Math.min(into.length, this.readable);
    const start = this.#offset(READ, 0);
    const first = Math.min(size, this.#data.length - start);
    into.set(this.#data.subarray(start, start + first));
    into.set(this.#data.subarray(0, size - first), first);
    this.#advance(READ, size);
    return size;
  }

  /** Blocks this thread until there is something to read. */
  waitReadable(): void {
    while (this.readable === 0) {
      Atomics.wait(this.#control, WRITTEN, this.#count(READ));
    }
  }

  /** Writes all of the bytes; where there is no room, publishes and blocks this thread until there is. */
  writeWhole(bytes: Uint8Array): void {
    for (;;) {
      // Before the look, so that no change after it is missed.
      const read = this.#count(READ);
      if (this.writable >= bytes.length) break;
      this.publish();
      Atomics.wait(this.#control, READ, read);
    }
    this.write(bytes);
  }

  /** Resolves once there is something to read; blocks nothing. */
  async readableLater(): Promise<void> {
    while (this.readable === 0) {
      await this.#changes(WRITTEN, this.#count(READ));
    }
  }

  /** Publishes, and resolves once there is room; blocks nothing. */
  async writableLater(): Promise<void> {
    if (this.writable === 0) this.publish();
    while (this.writable === 0) {
      await this.#changes(READ, this.#count(WRITTEN) - this.#data.length | 0);
    }
  }

  async #changes(word: number, from: number): Promise<void> {
    await Atomics.waitAsync(this.#control, word, from).value;
  }

  #count(word: number): number {
    return Atomics.load(this.#control, word);
  }

  #offset(word: number, behind: number): number {
    return (this.#count(word) + behind) & (this.#data.length - 1);
  }

  #advance(word: number, size: number): void {
    if (size === 0) return;
    Atomics.add(this.#control, word, size);
    Atomics.notify(this.#control, word);
  }
}

/** Bytes that are read off a pipe at a time, at most. */
const BUFFER_SIZE = 1024 * 1024;

/** Takes bytes off a pipe in pieces of any size, and waits for them. */
export class PipeReader {
  readonly #pipe: SharedPipe;
  #buffer = new Uint8Array(BUFFER_SIZE);
  /** The bytes of the buffer that aren't taken. */
  #start = 0;
  #end = 0;
  #taken = 0;

  constructor(pipe: SharedPipe) {
    this.#pipe = pipe;
  }

  /** Bytes that were taken since the start. */
  get taken(): number {
    return this.#taken;
  }

  /** Bytes that can be taken without waiting. */
  get available(): number {
    return this.#end - this.#start + this.#pipe.readable;
  }

  /** Blocks this thread until there is something to take. */
  wait(): void {
    if (this.#end === this.#start) this.#pipe.waitReadable();
  }

  /** Gives up all views so far. */
  reuse(): void {
    this.#buffer.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
  }

  /** Takes bytes: a view that stays as it is until {@linkcode reuse}. */
  bytes(size: number): Uint8Array<ArrayBuffer> {
    this.#take(size);
    return this.#buffer.subarray(this.#start - size, this.#start);
  }

  /** Takes an unsigned integer of `size` bytes, little endian. */
  integer(size: number): number {
    this.#take(size);
    let value = 0;
    for (let at = this.#start; size > 0; size--) {
      value = value * 256 + (this.#buffer[--at] as number);
    }
    return value;
  }

  #take(size: number): void {
    while (this.#end - this.#start < size) this.#fill(size);
    this.#start += size;
    this.#taken += size;
  }

  #fill(size: number): void {
    if (this.#start + size > this.#buffer.length) {
      // Views of the old buffer stay as they are.
      const left = this.#buffer.subarray(this.#start, this.#end);
      this.#buffer = new Uint8Array(Math.max(BUFFER_SIZE, size));
      this.#buffer.set(left);
      this.#start = 0;
      this.#end = left.length;
    }
    this.#pipe.waitReadable();
    this.#end += this.#pipe.read(this.#buffer.subarray(this.#end));
  }
}
