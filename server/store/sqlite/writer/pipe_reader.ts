import type { SharedPipe } from "./shared_pipe.ts";

/** Bytes that are read off the pipe at a time: an allocation costs more than a copy. */
const BUFFER_SIZE = 256 * 1024;

/** Reads values off a pipe, and waits for them. */
export class PipeReader {
  readonly #pipe: SharedPipe;
  #buffer = new Uint8Array(0);
  #view = new DataView(this.#buffer.buffer);
  #start = 0;
  #end = 0;
  #taken = 0;
  /** Full ones, of which there may be views. */
  #full: Uint8Array<ArrayBuffer>[] = [];
  /** Those of which nobody has a view. */
  readonly #free: Uint8Array<ArrayBuffer>[] = [];

  /** Nothing is read yet. */
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

  /** Blocks until there is something to take. */
  wait(): void {
    if (this.#end === this.#start) this.#pipe.waitReadable();
  }

  /** The next byte. */
  u8(): number {
    const at = this.#take(1);
    return this.#buffer[at] as number;
  }

  /** The next 4 bytes as an unsigned integer. */
  u32(): number {
    const at = this.#take(4);
    return this.#view.getUint32(at);
  }

  /** The next 8 bytes as a number. */
  f64(): number {
    const at = this.#take(8);
    return this.#view.getFloat64(at);
  }

  /** Says that all views so far have been used. */
  reuse(): void {
    this.#free.push(...this.#full);
    this.#full = [];
  }

  /** The next bytes: a view that stays as it is until {@linkcode reuse}. */
  bytes(size: number): Uint8Array<ArrayBuffer> {
    const start = this.#take(size);
    return this.#buffer.subarray(start, start + size);
  }

  /** @returns where they stand in the buffer, which may be another one now */
  #take(size: number): number {
    if (this.#end - this.#start < size) this.#refill(size);
    this.#start += size;
    this.#taken += size;
    return this.#start - size;
  }

  /** Views of the old buffer stay as they are: there is another one. */
  #refill(size: number): void {
    const buffer = size > BUFFER_SIZE
      ? new Uint8Array(size)
      : this.#free.pop() ?? new Uint8Array(BUFFER_SIZE);
    buffer.set(this.#buffer.subarray(this.#start, this.#end));
    if (this.#buffer.length === BUFFER_SIZE) this.#full.push(this.#buffer);
    this.#end -= this.#start;
    this.#start = 0;
    this.#buffer = buffer;
    this.#view = new DataView(buffer.buffer);
    while (this.#end < size) {
      this.#pipe.waitReadable();
      this.#end += this.#pipe.read(buffer.subarray(this.#end));
    }
  }
}
