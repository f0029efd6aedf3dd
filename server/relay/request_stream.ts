import { ByteSource } from "../../shared/wire/byte_source.ts";
import { allocateShortLived } from "../../shared/wire/buffers.ts";
import type { ConnectionMemory, Release } from "./limits/connection_memory.ts";
import { type Progress, StallDetector } from "./limits/stall_detector.ts";

/** Initial buffer size in bytes; most requests fit. */
const IDLE_SIZE = 1536;

/** The end of a stream. */
export const END = { done: true, value: undefined } as const;

/**
 * What is waited for: a next request, which may never come; a next one while the
 * last one is held; the rest of one that has begun; or nothing of the client's.
 */
type Awaited = "request" | "interruption" | "rest" | "nothing";

/** A payload, and what gives its memory back. */
interface Payload {
  readonly payload: Uint8Array;
  readonly release: Release;
}

/**
 * The requests of one connection, in order. It owns the bytes that arrive, and
 * the memory for them. How requests are framed is the protocol's.
 */
export abstract class RequestStream<R>
  implements AsyncIterable<R>, AsyncIterator<R> {
  /** The bytes that arrive. */
  protected readonly source: ByteSource;
  /** Detects a client that stops. */
  protected readonly stall: StallDetector = new StallDetector();
  /** What is waited for. */
  protected awaits: Awaited = "nothing";
  /** Whether it ends behind the request that is under way. */
  protected stopped = false;
  readonly #memory: ConnectionMemory;

  /** @param memory the memory of the connection */
  constructor(
    transport: Pick<Deno.Conn, "read">,
    memory: ConnectionMemory,
  ) {
    this.#memory = memory;
    this.source = new ByteSource((into) => transport.read(into), {
      idleSize: IDLE_SIZE,
      memory,
      allocate: allocateShortLived,
    });
  }

  /** Whether bytes of the next request have arrived. */
  protected abstract get hasBegun(): boolean;
  /** Time-outs that the client has for what is waited for; 0 for no end. */
  protected abstract get patience(): number;
  /** Whether it has ended though the client goes on, so that the relay ends the connection first. */
  abstract get endsFirst(): boolean;
  /** Whether the last response has padding behind it (DIA-5). */
  abstract get isPadded(): boolean;
  /** Reads the next request. @throws {Error} where the connection breaks */
  abstract next(): Promise<IteratorResult<R, undefined>>;

  /** Bytes that have arrived. */
  get arrived(): number {
    return this.source.arrived;
  }

  /** Whether it waits for the client. */
  get awaitsClient(): boolean {
    return this.awaits !== "nothing";
  }

  /** Whether no request is under way, though one was before. */
  get isIdle(): boolean {
    // A request that has just come in is served in a moment.
    return this.awaits === "request" && !this.hasBegun && this.arrived > 0;
  }

  /** Lets it end behind the request that is under way. */
  stop(): void {
    this.stopped = true;
  }

  /** @returns the client's progress with what is waited for */
  look(): Progress {
    const { patience } = this;
    return this.stall.look(patience > 0, this.arrived, patience);
  }

  /** @returns itself */
  [Symbol.asyncIterator](): AsyncIterator<R> {
    return this;
  }

  /**
   * Waits, while a request is held, until the next one begins to arrive or the
   * connection ends. It doesn't reject: the next read throws the error.
   *
   * @param signal ends the wait
   */
  async interrupted(signal: AbortSignal): Promise<void> {
    const { promise: aborted, resolve: abort } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => abort());
    this.awaits = "interruption";
    try {
      while (!signal.aborted && !this.hasBegun && !this.source.ended) {
        await Promise.race([this.source.more(), aborted]);
      }
    } catch {
      return;
    } finally {
      this.awaits = "nothing";
    }
  }

  /**
   * Waits for a short time whether the client ends the stream.
   *
   * @param ms milliseconds
   */
  async endsWithin(ms: number): Promise<boolean> {
    this.awaits = "request";
    await this.source.hasWithin(1, ms);
    this.awaits = "nothing";
    return this.source.ended;
  }

  /** Reads past everything up to the client's end. */
  async readPast(): Promise<void> {
    this.awaits = "rest";
    this.stall.restart(this.source.consumed);
    while (await this.source.has(1)) {
      await this.source.skip(this.source.buffered);
    }
    this.awaits = "nothing";
  }

  /**
   * Takes in what has arrived by now, which can't speak of a response that goes
   * out next.
   *
   * @returns the offset of its end, and whether it is the end of the stream
   */
  async arrivedByNow(): Promise<{ offset: number; ended: boolean }> {
    const all = await this.source.takeInArrived();
    const { arrived, ended } = this.source;
    return { offset: all ? arrived : Infinity, ended };
  }

  /**
   * Takes a payload that has arrived, with its memory.
   *
   * @param overhead bytes that the request counts for beside it
   */
  protected takePayload(
    size: number,
    overhead: number,
  ): Payload | Promise<Payload> {
    // Where the buffer itself is handed out, its memory goes with it.
    const room = this.source.givesBuffer(size)
      ? undefined
      : this.#memory.payload(size, overhead);
    const take = (reserved: Release | undefined) => {
      const payload = this.source.takeArrived(size);
      return { payload, release: reserved ?? this.#memory.takeGiven() };
    };
    return room instanceof Promise ? room.then(take) : take(room);
  }

  /** Nothing is waited for any more. */
  protected end(): typeof END {
    this.awaits = "nothing";
    return END;
  }

  /** Waits for the next request; holds little memory: this is where silent connections wait. */
  protected async begins(): Promise<boolean> {
    this.awaits = "request";
    while (!this.hasBegun) {
      if (this.source.ended) {
        this.end();
        return false;
      }
      await this.source.more();
    }
    return true;
  }
}
