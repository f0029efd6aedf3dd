/**
 * What one connection takes of the relay's memory for requests: the buffer in
 * which they arrive, beyond what every connection has, and the payloads that
 * are being answered.
 *
 * @module
 */

import type { BufferMemory } from "../../shared/byte_source.ts";
import type { Hold, MemoryBudget } from "./memory_budget.ts";

/** Gives memory back. */
export type Release = () => void;

/** The memory of one connection. */
export class RequestMemory implements BufferMemory {
  readonly #budget: MemoryBudget;
  /** Bytes that a buffer of the usual size has. */
  #usual = 0;
  /** What the buffer has of the share for large requests. */
  #large: Hold | undefined;
  /** Gives back what a payload has that was the buffer itself. */
  #given: Release | undefined;
  /** Whether nothing is to be had any more. */
  #ended = false;

  /** It has nothing yet. */
  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  /** Whether somebody waits for memory of which the buffer has some. */
  get wanted(): boolean {
    const { buffers, large } = this.#budget;
    return this.#usual > 0 && buffers.pressed ||
      this.#large !== undefined && large.pressed;
  }

  /** Room for a buffer of the usual size, where it is there already or to be had at once. */
  tryGrow(size: number): boolean {
    if (this.#usual > 0) return true;
    if (this.#ended || !this.#budget.buffers.tryReserve(size)) return false;
    this.#usual = size;
    return true;
  }

  /** Room for a buffer of any size, in place of the one that is there. */
  async grow(size: number, usual: boolean): Promise<void> {
    if (usual) {
      await this.#budget.buffers.reserve(size);
      this.#usual = size;
    } else {
      this.#large ??= this.#budget.large.open();
      await this.#large.grow(size);
      this.#releaseUsual();
    }
  }

  /** The buffer has its idle size again. */
  shrink(): void {
    this.#large?.close();
    this.#large = undefined;
    this.#releaseUsual();
  }

  /** The connection has ended: a read that is still under way gets nothing. */
  end(): void {
    this.#ended = true;
    this.shrink();
  }

  /** The buffer was handed out; another one of idle size is in its place. */
  give(): void {
    const large = this.#large;
    const small = this.#usual;
    this.#large = undefined;
    this.#usual = 0;
    this.#given = () => {
      large?.close();
      if (small > 0) this.#budget.buffers.release(small);
    };
  }

  /**
   * Room for a payload that is taken out of the buffer.
   *
   * @returns what gives it back once the request is answered, or undefined
   * where there is no room at once
   */
  tryPayload(size: number): Release | undefined {
    const { payloads } = this.#budget;
    return payloads.tryReserve(size) ? () => payloads.release(size) : undefined;
  }

  /** The same, waiting for room. */
  async payload(size: number): Promise<Release> {
    const { payloads } = this.#budget;
    await payloads.reserve(size);
    return () => payloads.release(size);
  }

  /** What gives the buffer's memory back where it was handed out, itself being the payload. */
  takeGiven(): Release {
    const given = this.#given ?? (() => {});
    this.#given = undefined;
    return given;
  }

  #releaseUsual(): void {
    if (this.#usual > 0) this.#budget.buffers.release(this.#usual);
    this.#usual = 0;
  }
}
