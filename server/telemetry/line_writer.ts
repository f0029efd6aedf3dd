import { concat } from "@std/bytes";
import { inTime } from "../../shared/cli/in_time.ts";

/** Bytes of lines that may wait for their reader. */
const MOST_WAITING = 1024 * 1024;

/**
 * Writes lines in their order and never waits for their reader: what comes
 * while too much waits is dropped and counted.
 */
export class LineWriter {
  readonly #write: (bytes: Uint8Array) => Promise<number>;
  readonly #encoder = new TextEncoder();
  #lines: Uint8Array[] = [];
  #waiting = 0;
  #dropped = 0;
  #writing: Promise<void> | undefined;

  /** @param write writes some of the bytes, without holding up the event loop */
  constructor(write: (bytes: Uint8Array) => Promise<number>) {
    this.#write = write;
  }

  /** Lines that were dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether the reader has caught up by half. */
  get hasRoom(): boolean {
    return this.#waiting < MOST_WAITING / 2;
  }

  /** Adds a line, where there is room for it. */
  add(line: string): void {
    const bytes = this.#encoder.encode(`${line}\n`);
    if (this.#waiting + bytes.length > MOST_WAITING) {
      this.#dropped++;
      return;
    }
    this.#lines.push(bytes);
    this.#waiting += bytes.length;
    this.#writing ??= this.#writeAll();
  }

  /** Waits until all lines are written, so many milliseconds at most. */
  async flush(ms: number): Promise<void> {
    await inTime(this.#writing ?? Promise.resolve(), ms, undefined);
  }

  async #writeAll(): Promise<void> {
    // Lines that come together go out together.
    await Promise.resolve();
    while (this.#lines.length > 0) {
      const lines = this.#lines;
      this.#lines = [];
      const bytes = concat(lines);
      try {
        for (let sent = 0; sent < bytes.length;) {
          sent += await this.#write(bytes.subarray(sent));
        }
      } catch {
        // The reader is gone, or the disk is full: no place is left to say so.
        this.#dropped += lines.length;
      }
      this.#waiting -= bytes.length;
    }
    this.#writing = undefined;
  }
}
