/**
 * Serves one connection: requests in, answers out, in order (FRM-4 and
 * section 3 of docs/protocol.md). It ends when the client does; nothing that a client sends ends
 * anything else.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { ByteSource } from "../../shared/wire/byte_source.ts";
import { allocateShortLived } from "../../shared/wire/slab.ts";
import { AnswerQueue } from "./answer_queue.ts";
import { Block, isPaddedAtOnce, isPadding } from "./block_padding.ts";
import {
  type Delivery,
  type Dispatch,
  failureBytes,
  type Reply,
} from "./dispatcher.ts";
import type { Account } from "./limits/account.ts";
import { ConnectionMemory, type Release } from "./limits/connection_memory.ts";
import type { MemoryBudget } from "./limits/memory_budget.ts";
import { Progress } from "./limits/progress.ts";
import type { Silent } from "./limits/silent_connections.ts";
import { type UntakenAnswer, UntakenAnswers } from "./untaken_answers.ts";
import type { RequestWatch, Watcher } from "./watcher.ts";
import {
  awaitPayload,
  isAllZeros,
  isStrayZeroNext,
  readHeader,
  type RefusedRequest,
  type WholeRequest,
} from "./request_reader.ts";

/**
 * Milliseconds that a client gets to be the first to end a connection where
 * messages were handed out: behind our own end a reset that follows the
 * client's isn't seen.
 */
const OWN_END_GRACE = 200;
/** Bytes of an answer that aren't copied to get padding behind them. */
const LONG_ANSWER = 64 * 1024;
/** Time-outs that a client gets for its first byte: a minute. */
const FIRST_BYTE_TIMEOUTS = 2;
/** Bytes of memory for what a silent client may begin with: most requests, whole. */
const IDLE_SIZE = 1536;
const NOTHING = new Uint8Array(0);

/** What a connection has to be able to do; every `Deno.Conn` is. */
export type Transport = Pick<
  Deno.Conn,
  "read" | "write" | "closeWrite" | "close"
>;

/** What connections share. */
export interface ConnectionOptions {
  /** Answers requests. */
  dispatch: Dispatch;
  /** Memory for requests and answers under way. */
  budget: MemoryBudget;
  /** Counts the signs of life of all connections. */
  life: { signs: number };
  /** Bytes of the largest payload that is taken. */
  maxMessage: number;
  /** Milliseconds in which a reset may follow the end of the stream. */
  closeGrace: number;
  /** Is told of requests. */
  watcher: Watcher | undefined;
}

/** A connection that is being served. There may be many: each byte counts. */
export class Connection implements Silent {
  /** Its address, as limits count it. */
  readonly account: Account;
  /** The last sign of life. */
  heard: number;
  readonly #transport: Transport;
  readonly #number: number;
  readonly #options: ConnectionOptions;
  readonly #source: ByteSource;
  readonly #memory: ConnectionMemory;
  readonly #answers: AnswerQueue;
  readonly #reading = new Progress();
  readonly #writing = new Progress();
  /** Bytes that were written since the start. */
  #written = 0;
  /** Whether a write is under way. */
  #isWriting = false;
  /** Whether a request has begun and isn't there whole. */
  #receiving = false;
  /** Whether a request is being read, or answered before the next is read. */
  #busy = false;
  #draining = false;
  #closed = false;
  /** Whether the client has our end of the stream. */
  #halfClosed = false;
  /** The last request; undefined where it can't be padded. */
  #block: Block | undefined;
  readonly #untaken = new UntakenAnswers();

  /**
   * Nothing is read before {@linkcode serve}.
   *
   * @param account where it comes from
   * @param number tells it from all others to watchers
   */
  constructor(
    transport: Transport,
    account: Account,
    number: number,
    options: ConnectionOptions,
  ) {
    this.#transport = transport;
    this.account = account;
    this.heard = ++options.life.signs;
    this.#number = number;
    this.#options = options;
    this.#memory = new ConnectionMemory(options.budget, account, this);
    this.#source = new ByteSource((into) => transport.read(into), {
      idleSize: IDLE_SIZE,
      memory: this.#memory,
      allocate: allocateShortLived,
    });
    this.#answers = new AnswerQueue((bytes) => this.#write(bytes));
  }

  /** Bytes that have come from the client. */
  get received(): number {
    return this.#source.arrived;
  }

  /** Bytes that have gone to the client. */
  get sent(): number {
    return this.#written;
  }

  /** Bytes that have moved in either direction. */
  get moved(): number {
    return this.received + this.sent;
  }

  /** Whether it isn't the store that is waited for. */
  get awaitsClient(): boolean {
    return !this.#busy || this.#receiving || this.#isWriting ||
      this.#memory.waiting;
  }

  /**
   * Serves requests until the connection ends.
   *
   * @throws {Error} where the connection breaks, a reset or a time-out
   */
  async serve(): Promise<void> {
    try {
      while (
        !this.#draining && await this.#source.has(1) &&
        (!this.#isZeroAlone || await this.#source.has(2))
      ) {
        this.#busy = true;
        if (!(await this.#serveOne())) break;
        this.#busy = false;
      }
      this.#busy = true;
      await this.#answers.drained();
      if (!this.#draining) await this.#ended();
    } catch (error) {
      // Our own close interrupts a read; that is no failure.
      if (!this.#closed) throw error;
    } finally {
      this.close();
      this.#memory.end();
    }
  }

  /**
   * Finishes what is under way, then closes; at once where nothing is, unless
   * the client has asked for nothing yet: it may have sent its first request.
   */
  drain(): void {
    this.#draining = true;
    // A request that has just come in is served in a moment.
    const hasAsked = this.#source.buffered > 0 && !this.#isZeroAlone;
    if (this.#busy || hasAsked || this.#source.arrived === 0) return;
    this.#answers.drained().catch(() => {}).finally(() => this.close());
  }

  /** Closes where nothing has ever come in. */
  closeIfSilent(): void {
    if (this.#source.arrived === 0) this.close();
  }

  /** Closes at once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#transport.close();
    this.#memory.cancel();
  }

  /**
   * Closes the connection where the client sends no first byte, or doesn't get
   * further with a request that it has begun, or with taking an answer. To be
   * called `LOOKS_PER_TIMEOUT` times within the time-out.
   *
   * @returns whether it did
   */
  closeIfStuck(): boolean {
    // Between requests a client may be silent for ever (CON-3, CON-11, CON-12).
    const { arrived } = this.#source;
    const isNew = arrived === 0;
    const reads = this.#receiving || isNew;
    // What waits for memory isn't spared: it keeps what it has meanwhile.
    const writes = this.#isWriting || !reads && this.#memory.waiting;
    const stuck = [
      this.#reading.isStuck(reads, arrived, isNew ? FIRST_BYTE_TIMEOUTS : 1),
      this.#writing.isStuck(writes, this.#written),
    ];
    const moves = reads && this.#reading.isMoving ||
      writes && this.#writing.isMoving;
    if (moves && !isNew) this.heard = ++this.#options.life.signs;
    if (this.#closed || !stuck.includes(true)) return false;
    this.close();
    return true;
  }

  /** @returns false where no further request is served */
  async #serveOne(): Promise<boolean> {
    let start = this.#source.consumed;
    this.#receiving = true;
    this.#reading.restart(start);
    const block = this.#block;
    if (block !== undefined && block.end > start && this.#zeroIsNext) {
      const padded = await isPadding(this.#source, block.end - start);
      // The end within zeros is that of a block, not of requests.
      if (padded === undefined) return false;
      if (padded) return await this.#complete(block);
    }
    if (block !== undefined && await isStrayZeroNext(this.#source)) {
      await this.#source.skip(1);
      start++;
    }
    const header = await readHeader(this.#source);
    if (header === null) return false;
    if (!this.#untaken.empty) {
      // The store's time isn't the client's.
      this.#receiving = false;
      await this.#untaken.takenByRequest(start);
      this.#receiving = true;
    }
    const arrived = await awaitPayload(
      this.#source,
      header,
      this.#options.maxMessage,
    );
    this.#receiving = false;
    if (arrived === null) return false;
    if (arrived.kind === undefined) {
      this.#watch(header.code, arrived.skip)?.ended(arrived.refusal);
      const isPaddable = !isAllZeros(header);
      return await this.#refuse(arrived, isPaddable ? start : undefined);
    }
    this.heard = ++this.#options.life.signs;
    const { kind, size } = arrived;
    const watch = this.#watch(header.code, size);
    // Where the buffer itself is handed out, its memory goes with it.
    const reserved = this.#source.givesBuffer(size)
      ? undefined
      : this.#memory.tryPayload(size) ?? await this.#memory.payload(size);
    const payload = this.#source.takeArrived(size);
    const release = reserved ?? this.#memory.takeGiven();
    const request = { kind, header, payload };
    const asked = this.#block = new Block(start, this.#source.consumed);
    if (this.#zeroIsNext) asked.padded = await this.#skipPadding(asked);
    if (request.kind === "sendMessage") {
      await this.#answerLater(request, asked, watch, release);
    } else {
      await this.#answer(request, asked, watch, release);
    }
    return asked.padded ? await this.#endFirst() : true;
  }

  /** Whether nothing but a zero has come behind the last request: it need not begin another one. */
  get #isZeroAlone(): boolean {
    const { buffered, consumed } = this.#source;
    const left = (this.#block?.end ?? 0) - consumed;
    return buffered === 1 && left > 1 && this.#zeroIsNext;
  }

  get #zeroIsNext(): boolean {
    return this.#source.buffered > 0 && this.#source.peek(1)[0] === 0;
  }

  /** Reads past the padding behind a request, where it is there. */
  async #skipPadding({ end }: Block): Promise<boolean> {
    const left = end - this.#source.consumed;
    return left > 0 && await isPaddedAtOnce(this.#source, left) &&
      await this.#source.skip(left);
  }

  /** Follows a request, where somebody wants to know. */
  #watch(code: number, size: number): RequestWatch | undefined {
    const connection = this.#number;
    return this.#options.watcher?.requested({ code, size, connection });
  }

  /** Has a request answered while the next ones are read: they may share its commit. */
  async #answerLater(
    request: WholeRequest,
    block: Block,
    watch: RequestWatch | undefined,
    release: Release,
  ): Promise<void> {
    const { reply } = await this.#dispatch(request);
    watch?.working?.();
    this.#answers.add(reply.then(({ bytes, outcome }) => {
      watch?.ended(outcome);
      release();
      if (outcome === "unknown") this.close();
      block.answered = bytes.length;
      return block.fill(bytes);
    }));
    if (this.#answers.full) await this.#answers.room();
  }

  /** Answers a request, after those before it and before those behind it. */
  async #answer(
    request: WholeRequest,
    block: Block,
    watch: RequestWatch | undefined,
    release: Release,
  ): Promise<void> {
    let reply: Reply;
    try {
      if (!this.#answers.empty) await this.#answers.drained();
      const begun = await this.#dispatch(request);
      watch?.working?.();
      reply = await begun.reply;
    } finally {
      // How long the client takes over the answer is another matter.
      release();
    }
    watch?.ended(reply.outcome);
    try {
      const { bytes, pieces } = reply;
      if (pieces === undefined) this.#memory.keepAnswer(bytes.length);
      await this.#send(reply, block);
    } finally {
      this.#memory.endAnswer();
    }
  }

  #dispatch(request: WholeRequest): ReturnType<Dispatch> {
    const { address } = this.account;
    return this.#options.dispatch(request, address, this.#memory);
  }

  /** @param start where the request starts; undefined where it can't be padded */
  async #refuse(
    { atOnce, skip }: RefusedRequest,
    start: number | undefined,
  ): Promise<boolean> {
    await this.#answers.drained();
    if (atOnce) await this.#write(failureBytes);
    this.#receiving = true;
    if (!(await this.#source.skip(skip))) return false;
    this.#receiving = false;
    this.#block = undefined;
    if (start === undefined) {
      if (!atOnce) await this.#write(failureBytes);
      return true;
    }
    const block = this.#block = new Block(start, this.#source.consumed);
    block.answered = failureBytes.length;
    if (atOnce) return true;
    if (this.#zeroIsNext) block.padded = await this.#skipPadding(block);
    await this.#write(block.fill(failureBytes));
    return block.padded ? await this.#endFirst() : true;
  }

  async #send(
    { bytes, pieces, delivery, outcome }: Reply,
    block: Block,
  ): Promise<void> {
    if (outcome === "unknown") return this.close();
    let last = bytes;
    block.answered = bytes.length;
    for (const { memory, read } of pieces ?? []) {
      const joins = last.length + memory <= LONG_ANSWER;
      if (!joins) {
        await this.#write(last);
        last = NOTHING;
      }
      if (memory > 0) await this.#memory.reserve(memory);
      const piece = await read();
      block.answered += piece.length;
      // What is short goes out in one write (FRM-5).
      if (joins && last.length + piece.length <= LONG_ANSWER) {
        last = concat([last, piece]);
      } else {
        await this.#write(last);
        last = piece;
      }
    }
    if (block.padded) {
      const whole = last.length > LONG_ANSWER ? last.length - 1 : 0;
      await this.#write(last.subarray(0, whole));
      last = block.fill(last.subarray(whole));
    }
    if (delivery === undefined) await this.#write(last);
    else await this.#deliver(last, delivery);
  }

  /** Pads an answer that went out before it was seen that its request is padded. */
  async #complete(block: Block): Promise<false> {
    this.#receiving = false;
    await this.#answers.drained();
    await this.#write(block.answerPadding);
    return await this.#endFirst();
  }

  /**
   * Ends the connection behind a padded answer, which some clients read up to
   * the end. Theirs, which is waited for, tells whether they took it.
   */
  async #endFirst(): Promise<false> {
    await this.#answers.drained();
    this.#busy = false;
    if (!this.#untaken.empty && !this.#draining) {
      await this.#source.hasWithin(1, OWN_END_GRACE);
      if (this.#source.ended) return false;
    }
    await this.#transport.closeWrite();
    this.#halfClosed = true;
    if (this.#draining) return false;
    this.#receiving = true;
    this.#reading.restart(this.#source.consumed);
    while (await this.#source.has(1)) {
      await this.#source.skip(this.#source.buffered);
    }
    this.#receiving = false;
    return false;
  }

  /** Writes the end of an answer of which it must be known whether it was taken. */
  async #deliver(bytes: Uint8Array, delivery: Delivery): Promise<void> {
    let before = await this.#before();
    this.#writing.restart(this.#written);
    let sent = await this.#writeSome(bytes);
    if (sent < bytes.length) {
      // It doesn't fit into the buffers: the last byte goes out by itself, so
      // that what the client sends while it still reads shows nothing.
      await this.#write(bytes.subarray(sent, -1));
      before = await this.#before();
      sent = await this.#writeSome(bytes.subarray(-1));
    }
    this.#untaken.add({ delivery, ...before });
  }

  /** What has come in by now can't speak of an answer that goes out next. */
  async #before(): Promise<Omit<UntakenAnswer, "delivery">> {
    const all = await this.#source.takeInArrived();
    const { arrived, ended } = this.#source;
    return { arrived: all ? arrived : Infinity, ended };
  }

  /** The end of the stream: in good order unless a reset comes behind it. */
  async #ended(): Promise<void> {
    if (this.#untaken.empty) return;
    const decision = this.#decide();
    this.#untaken.pending(decision);
    await decision;
  }

  async #decide(): Promise<void> {
    // A client that closes with bytes unread or under way sends an end first
    // and a reset behind it, which only a write notices; one of no bytes,
    // since nobody reads any more.
    await new Promise((resolve) =>
      setTimeout(resolve, this.#options.closeGrace)
    );
    if (this.#closed) return;
    try {
      await this.#transport.write(new Uint8Array(0));
    } catch (error) {
      // Behind our own end this is what a write throws where no reset came.
      const isOurs = error instanceof Deno.errors.BrokenPipe;
      if (!this.#halfClosed || !isOurs) throw error;
    }
    await this.#untaken.takenByEnd();
  }

  /** Writes all of it: in one system call where the buffers have room. */
  async #write(bytes: Uint8Array): Promise<void> {
    this.#writing.restart(this.#written);
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#writeSome(bytes.subarray(sent));
    }
  }

  async #writeSome(bytes: Uint8Array): Promise<number> {
    this.#isWriting = true;
    try {
      const count = await this.#transport.write(bytes);
      this.#written += count;
      return count;
    } finally {
      this.#isWriting = false;
    }
  }
}
