import { concat } from "@std/bytes";
import { blockPadding } from "../../shared/wire/request_framer.ts";
import type { Connection } from "./connection.ts";
import { giveBack, join, LONGEST_JOIN } from "./joined_bytes.ts";
import type { ConnectionMemory } from "./limits/connection_memory.ts";
import { type Progress, StallDetector } from "./limits/stall_detector.ts";
import type { Request } from "./request.ts";
import type { Response, ResponsePiece } from "./response.ts";

/** Responses that may be due on a connection before more of its requests are read. */
const MOST_WAITING = 256;
/** Unacknowledged responses that a connection remembers. */
const MOST_UNACKNOWLEDGED = 16;
/** Bytes of a response that takes no memory to speak of. */
const SMALL = 1024;
const NOTHING = new Uint8Array(0);
const YES = Promise.resolve(true);

/** A response that the client may not have received (DLV-3). */
interface Unacknowledged {
  readonly confirm: NonNullable<Response["confirm"]>;
  /** Offset of the first request that can have been sent after the response had gone out. */
  readonly offset: number;
  /** Whether the client's end had arrived before it: that confirms nothing. */
  readonly ended: boolean;
}

/** Most connections have none, and share this. */
const NONE: readonly Unacknowledged[] = [];

/** A response's place in the order of requests. */
interface Slot {
  bytes: Uint8Array | undefined;
  /** The request, whose memory stands for that of a large response until it has gone out. */
  request: Request<unknown> | undefined;
}

/**
 * The responses of one connection. It owns their order, the padding behind them
 * and their confirmation: each goes out once all before it have, and those that
 * are ready together go out in one write.
 */
export class ResponseQueue {
  readonly #transport: Pick<Deno.Conn, "write">;
  readonly #memory: ConnectionMemory;
  readonly #connection: Pick<Connection<never>, "arrivedByNow" | "close">;
  readonly #stall = new StallDetector();
  readonly #slots: Slot[] = [];
  #unacknowledged = NONE;
  #sent = 0;
  /** Bytes of the last response as far as it has gone out, padding included. */
  #lastSize = 0;
  /** Whether a write is under way. */
  #isWriting = false;
  /** Whether slots are being written. */
  #isFlushing = false;
  #failure: { error: unknown } | undefined;
  /** Resolves when a flush ends; undefined while nothing waits for that. */
  #flushed: PromiseWithResolvers<void> | undefined;

  /** @param memory the memory of the connection */
  constructor(
    transport: Pick<Deno.Conn, "write">,
    memory: ConnectionMemory,
    connection: Pick<Connection<never>, "arrivedByNow" | "close">,
  ) {
    this.#transport = transport;
    this.#memory = memory;
    this.#connection = connection;
  }

  /** Bytes that have gone out. */
  get sent(): number {
    return this.#sent;
  }

  /** Whether it waits for the client to read. */
  get isWriting(): boolean {
    return this.#isWriting;
  }

  /** Whether there are responses that the client may not have received. */
  get hasUnacknowledged(): boolean {
    return this.#unacknowledged.length > 0;
  }

  /**
   * Looks at the client's progress in reading.
   *
   * @param waiting whether it is waited for though nothing is being written
   */
  look(waiting: boolean): Progress {
    return this.#stall.look(this.#isWriting || waiting, this.#sent);
  }

  /**
   * Has a request handled, and sends its response. What shares a commit with
   * requests that are read next is handled at once; all else is handled once
   * everything before it has gone out.
   *
   * @param handle handles the request; it never rejects
   * @returns once another request may be read
   * @throws {Error} where a write failed, or a piece couldn't be read
   */
  async add(
    request: Request<unknown>,
    handle: () => Promise<Response>,
  ): Promise<void> {
    if (request.sharesCommit) {
      this.#enqueue(request, handle());
      if (this.#slots.length < MOST_WAITING) return;
      return await this.#until(() => this.#slots.length < MOST_WAITING);
    }
    let response: Response;
    try {
      if (!this.#isEmpty) await this.drained();
      response = await handle();
    } finally {
      // The time that the client takes to read isn't the request's.
      request.release();
    }
    try {
      if (response.pieces === undefined) {
        this.#memory.keepResponse(response.bytes.length);
      }
      await this.#send(request, response);
    } finally {
      this.#memory.endResponse();
    }
  }

  /** Resolves once everything has gone out. @throws {Error} where a write failed */
  async drained(): Promise<void> {
    await this.#until(() => this.#isEmpty);
  }

  /**
   * Confirms what had gone out before a request was sent.
   *
   * @param start offset of the request
   * @returns undefined where nothing is unacknowledged
   */
  confirmBefore(start: number): Promise<void> | undefined {
    if (!this.hasUnacknowledged) return undefined;
    return this.#confirm(({ offset }) => start >= offset, YES);
  }

  /**
   * Confirms what had gone out before the client's end was sent.
   *
   * @param orderly resolves to whether the connection ends in good order
   */
  async confirmAtEnd(orderly: Promise<boolean>): Promise<void> {
    await this.#confirm(({ ended }) => !ended, orderly);
  }

  /** Writes the padding that the last response lacks, once everything has gone out. */
  async pad(): Promise<void> {
    await this.#write(paddingOf(this.#lastSize));
  }

  get #isEmpty(): boolean {
    return this.#slots.length === 0 && !this.#isFlushing;
  }

  async #until(holds: () => boolean): Promise<void> {
    while (this.#failure === undefined && !holds()) {
      this.#flushed ??= Promise.withResolvers();
      await this.#flushed.promise;
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #confirm(
    concerns: (response: Unacknowledged) => boolean,
    received: Promise<boolean>,
  ): Promise<void> {
    const confirmed = this.#unacknowledged.filter(concerns);
    this.#unacknowledged = this.#unacknowledged
      .filter((response) => !concerns(response));
    await Promise.all(confirmed.map(({ confirm }) => confirm(received)));
  }

  #enqueue(request: Request<unknown>, handled: Promise<Response>): void {
    const slot: Slot = { bytes: undefined, request: undefined };
    this.#slots.push(slot);
    handled.then(({ bytes }) => {
      if (bytes.length > SMALL) slot.request = request;
      else request.release();
      if (bytes.length === 0) this.#connection.close();
      slot.bytes = request.padded
        ? concat([bytes, paddingOf(bytes.length)])
        : bytes;
      // Once all that came in together have their bytes.
      queueMicrotask(() => this.#flush());
    });
  }

  async #flush(): Promise<void> {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    try {
      for (;;) {
        const ready: Uint8Array[] = [];
        for (let slot; (slot = this.#slots[ready.length])?.bytes;) {
          ready.push(slot.bytes);
        }
        if (ready.length === 0) break;
        const gone = this.#slots.splice(0, ready.length);
        try {
          if (this.#failure !== undefined) continue;
          this.#lastSize = ready.at(-1)?.length ?? 0;
          const [first] = ready;
          await this.#write(
            ready.length === 1 && first ? first : concat(ready),
          );
        } finally {
          for (const { request } of gone) request?.release();
        }
      }
    } catch (error) {
      this.#failure = { error };
    } finally {
      this.#isFlushing = false;
      this.#flushed?.resolve();
      this.#flushed = undefined;
    }
  }

  async #send(
    request: Request<unknown>,
    { bytes, pieces, confirm }: Response,
  ): Promise<void> {
    if (bytes.length === 0) return this.#connection.close();
    this.#lastSize = bytes.length;
    let last = pieces === undefined
      ? bytes
      : await this.#writePieces(bytes, pieces);
    if (request.padded) {
      const whole = last.length > LONGEST_JOIN ? last.length - 1 : 0;
      await this.#write(last.subarray(0, whole));
      last = this.#fill(last.subarray(whole));
    }
    if (confirm === undefined) await this.#writeJoined(last);
    else await this.#writeUnacknowledged(last, confirm);
  }

  /** Writes pieces behind what stands before them. @returns the last of it, which is left to write */
  async #writePieces(
    head: Uint8Array,
    pieces: Iterable<ResponsePiece>,
  ): Promise<Uint8Array> {
    let last = head;
    for (const { memory, read } of pieces) {
      if (last.length + memory > LONGEST_JOIN) {
        await this.#writeJoined(last);
        last = NOTHING;
      }
      if (memory > 0) await this.#memory.reserve(memory);
      const piece = await read();
      this.#lastSize += piece.length;
      // What is short goes out in one write (FRM-5).
      if (last.length + piece.length <= LONGEST_JOIN) last = join(last, piece);
      else {
        await this.#writeJoined(last);
        last = piece;
      }
    }
    return last;
  }

  async #writeJoined(bytes: Uint8Array): Promise<void> {
    await this.#write(bytes);
    giveBack(bytes);
  }

  /** Appends the padding that a response of `#lastSize` bytes lacks. */
  #fill(last: Uint8Array): Uint8Array {
    const padding = paddingOf(this.#lastSize);
    this.#lastSize += padding.length;
    return concat([last, padding]);
  }

  /** Writes the end of a response whose receipt is to be confirmed. */
  async #writeUnacknowledged(
    bytes: Uint8Array,
    confirm: Unacknowledged["confirm"],
  ): Promise<void> {
    let before = await this.#connection.arrivedByNow();
    this.#stall.restart(this.#sent);
    const sent = await this.#writeSome(bytes);
    if (sent < bytes.length) {
      // It doesn't fit into the system's buffers: the last byte goes out by
      // itself, so that what the client sends while it still reads shows nothing.
      await this.#write(bytes.subarray(sent, -1));
      before = await this.#connection.arrivedByNow();
      await this.#write(bytes.subarray(-1));
    }
    // What is forgotten for it still waits, and is handed out again.
    this.#unacknowledged = [...this.#unacknowledged, { confirm, ...before }]
      .slice(-MOST_UNACKNOWLEDGED);
  }

  /** Writes all of it: in one system call where the buffers have room. */
  async #write(bytes: Uint8Array): Promise<void> {
    this.#stall.restart(this.#sent);
    for (let left = bytes; left.length > 0;) {
      left = left.subarray(await this.#writeSome(left));
    }
  }

  async #writeSome(bytes: Uint8Array): Promise<number> {
    this.#isWriting = true;
    try {
      const count = await this.#transport.write(bytes);
      this.#sent += count;
      return count;
    } finally {
      this.#isWriting = false;
    }
  }
}

/** Zeros that fill the last block of a response (DIA-5). */
function paddingOf(size: number): Uint8Array {
  return new Uint8Array(blockPadding(size));
}
