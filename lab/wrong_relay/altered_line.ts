/**
 * A connection whose requests are cut out and whose answers are put together
 * again on the way, so that a fault can change them one by one.
 */

import { concat } from "@std/bytes";
import { ByteSource } from "../../shared/wire/byte_source.ts";
import {
  CLIENT_ID_SIZE,
  type ClientId,
  SEND_OVERHEAD,
} from "../../shared/wire/protocol.ts";
import type { RequestKind } from "../../shared/wire/requests.ts";
import {
  arrivingPayloadSize,
  arrivingRequest,
  requestStart,
} from "../../shared/wire/request_framer.ts";
import {
  type RequestHeader,
  responseHeader,
} from "../../shared/wire/frames.ts";
import {
  responseIn,
  type WholeResponse,
} from "../../shared/wire/response_framer.ts";
import { writeAll } from "../../shared/folder/durable_files.ts";
import type { Seams } from "./fault.ts";
import { type Line, LineAround } from "./line.ts";

/** Bytes of payload that a fault gets to see; what is longer passes by. */
const MOST_SEEN = 16 * 1024 * 1024;
/** Milliseconds in which more follows than a header claims, where more does. */
const MORE_FOLLOWS = 100;

/** A request on its way to the relay; a fault may change its bytes in place. */
export interface Asked {
  /** What it asks for, or undefined where the code means nothing. */
  readonly kind: RequestKind | undefined;
  /** Its header, as it came. */
  readonly header: Readonly<RequestHeader>;
  /** The bytes of its header. */
  readonly head: Uint8Array<ArrayBuffer>;
  /** Its payload, unless that passes by. */
  payload: Uint8Array<ArrayBuffer>;
  /** For the fault, to know it again once it is answered. */
  marked: boolean;
}

/** An answer on its way to the client; a fault may change its payload in place. */
export interface Answer {
  /** The version in its header. */
  version: number;
  /** Its code. */
  code: number;
  /** Its payload. */
  payload: Uint8Array<ArrayBuffer>;
}

/** What a fault does to one connection. */
export interface Hooks {
  /** Bytes that are taken for a request's payload; nothing where it is what is right. */
  payloadSize?(
    kind: RequestKind | undefined,
    claim: number,
    clientId: ClientId,
  ): number | undefined;
  /** Whether a message is taken to be as short as its content's size says. */
  believesContentSize?: boolean;
  /** What the relay gets in place of a request; nothing where it gets the request. */
  request?(asked: Asked): Uint8Array | void;
  /** What the relay gets of a request that was cut off. */
  cutOff?(asked: Asked, missing: number): Uint8Array;
  /** What the client gets in place of an answer; nothing where it gets the answer. */
  answer?(answer: Answer, asked: Asked): Uint8Array | void;
  /** Whether the connection is closed after an answer. */
  closes?(answer: Answer, asked: Asked): boolean;
  /** Is awaited once a request has begun. */
  begun?(): Promise<void>;
  /** Is told that the request is there whole, or that the connection ended. */
  over?(): void;
  /** Is told that the client reset the connection. */
  broken?(): void;
  /** Milliseconds of silence between requests after which it closes. */
  idleTimeout?: number;
  /** Whether requests that came together are answered in reverse. */
  reverses?: boolean;
  /** Whether requests that came together with another are lost. */
  losesFollowing?: boolean;
  /** Whether the connection ends where a request isn't there whole at once. */
  needsWhole?: boolean;
}

/** Cuts frames for the hooks of a fault. */
export class AlteredLine extends LineAround {
  readonly #hooks: Hooks;
  readonly #source: ByteSource;
  /** Requests whose answers haven't gone out. */
  readonly #asked: Asked[] = [];
  /** Bytes for the relay. */
  #incoming = new Uint8Array(0);
  /** Bytes of a payload that pass by. */
  #passing = 0;
  /** Bytes of an answer that isn't there whole. */
  #answered = new Uint8Array(0);
  #closed = false;
  /** Whether nothing more is answered. */
  #closing = false;
  /** Answers that wait for those behind them. */
  #held: Uint8Array[] = [];

  /** @param hooks hooks, or what makes them and gets what closes the connection */
  constructor(inner: Line, hooks: NonNullable<Seams["frames"]>) {
    super(inner);
    this.#hooks = typeof hooks === "function"
      ? hooks(() => this.close())
      : hooks;
    this.#source = new ByteSource((into) => this.#readInner(into));
  }

  override async read(into: Uint8Array): Promise<number | null> {
    while (this.#incoming.length === 0) {
      if (!(await this.#readSome())) return null;
      while (this.#hasWhole()) {
        if (this.#hooks.losesFollowing) {
          await this.#source.skip(this.#source.buffered);
        } else await this.#readSome();
      }
    }
    const size = Math.min(into.length, this.#incoming.length);
    into.set(this.#incoming.subarray(0, size));
    this.#incoming = this.#incoming.subarray(size);
    return size;
  }

  override async write(bytes: Uint8Array): Promise<number> {
    this.#answered = concat([this.#answered, bytes]);
    if (bytes.length === 0) await this.#isThere();
    for (let answer; (answer = this.#takeAnswer()) !== undefined;) {
      await this.#writeAnswer(answer);
    }
    // What follows the last answer fills a block.
    if (this.#asked.length === 0) {
      const padding = this.#answered;
      this.#answered = new Uint8Array(0);
      await this.#writeAll(padding);
    }
    return bytes.length;
  }

  override close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#hooks.over?.();
    super.close();
  }

  async #readInner(into: Uint8Array): Promise<number | null> {
    try {
      return await this.inner.read(into);
    } catch (error) {
      this.#hooks.broken?.();
      throw error;
    }
  }

  /** @returns false at the end of the stream */
  async #readSome(): Promise<boolean> {
    if (this.#passing > 0) return await this.#pass();
    if (!(await this.#hasBegun())) return false;
    const breaks = this.#hooks.needsWhole && !this.#hasWhole();
    if (breaks) await this.#endResponses();
    if (this.#closing) return await this.#ignoreRest();
    await this.#hooks.begun?.();
    const source = this.#source;
    const start = await arrivingRequest(source);
    if (start === undefined) return this.#passRest();
    const head = source.takeArrived(start.headerSize);
    if (head.every((byte) => byte === 0)) return this.#passPadding(head);
    const payload = new Uint8Array(0);
    const asked: Asked = { ...start, head, payload, marked: false };
    const size = await this.#payloadSize(asked);
    if (size > MOST_SEEN) {
      this.#asked.push(asked);
      this.#passing = size;
      this.#give(head);
      return true;
    }
    const isWhole = await source.has(size);
    asked.payload = source.takeArrived(isWhole ? size : source.buffered);
    this.#hooks.over?.();
    if (!isWhole) {
      const missing = size - asked.payload.length;
      const given = this.#hooks.cutOff?.(asked, missing);
      this.#give(given ?? concat([head, asked.payload]));
      if (given !== undefined) this.#asked.push(asked);
      return true;
    }
    this.#asked.push(asked);
    this.#give(
      this.#hooks.request?.(asked) ?? concat([asked.head, asked.payload]),
    );
    return true;
  }

  async #hasBegun(): Promise<boolean> {
    const { idleTimeout } = this.#hooks;
    return idleTimeout === undefined
      ? await this.#source.has(1)
      : await this.#source.hasWithin(1, idleTimeout);
  }

  async #payloadSize({ kind, header, head }: Asked): Promise<number> {
    const claim = header.payloadSize;
    const wrong = this.#hooks.payloadSize?.(kind, claim, header.clientId);
    if (wrong !== undefined) return wrong;
    const isMessage = kind === "sendMessage" && claim >= SEND_OVERHEAD;
    if (this.#hooks.believesContentSize && isMessage) {
      const size = await this.#messageSize();
      if (size !== undefined) return Math.min(size, claim);
    }
    const source = this.#source;
    return await arrivingPayloadSize(
      source,
      { kind, headerSize: head.length, claim },
      (size, isClaimed) =>
        isClaimed ? source.has(size) : source.hasWithin(size, MORE_FOLLOWS),
    );
  }

  /** Undefined where there is no content, or not so much of the message. */
  async #messageSize(): Promise<number | undefined> {
    if (!(await this.#source.has(SEND_OVERHEAD))) return undefined;
    const head = this.#source.peek(SEND_OVERHEAD);
    const { buffer, byteOffset } = head;
    const size = new DataView(buffer, byteOffset, SEND_OVERHEAD)
      .getUint32(CLIENT_ID_SIZE + 1, true);
    return size === 0 ? undefined : SEND_OVERHEAD + size;
  }

  async #pass(): Promise<boolean> {
    const source = this.#source;
    if (!(await source.has(1))) return false;
    const size = Math.min(this.#passing, source.buffered);
    this.#give(source.takeArrived(size));
    this.#passing -= size;
    return true;
  }

  async #ignoreRest(): Promise<false> {
    while (await this.#source.has(1)) {
      await this.#source.skip(this.#source.buffered);
    }
    return false;
  }

  /** DIA-5: zeros behind a request fill a block, and no request follows. */
  #passPadding(zeros: Uint8Array): true {
    this.#hooks.over?.();
    this.#give(zeros);
    this.#passing = Infinity;
    return true;
  }

  /** The end came within a header. */
  #passRest(): boolean {
    this.#hooks.over?.();
    this.#give(this.#source.takeArrived(this.#source.buffered));
    return this.#incoming.length > 0;
  }

  #give(bytes: Uint8Array): void {
    this.#incoming = concat([this.#incoming, bytes]);
  }

  /** Whether another request has come together with those before it. */
  #hasWhole(): boolean {
    const { buffered } = this.#source;
    const start = this.#passing > 0
      ? undefined
      : requestStart(this.#source.peek(buffered));
    return start !== undefined &&
      buffered >= start.headerSize + start.header.payloadSize;
  }

  #takeAnswer(): WholeResponse | undefined {
    const response = responseIn(this.#answered);
    if (response !== undefined) {
      this.#answered = this.#answered.slice(response.bytes.length);
    }
    return response;
  }

  async #writeAnswer(
    { version, code, payload, bytes }: WholeResponse,
  ): Promise<void> {
    const asked = this.#asked.shift();
    if (asked === undefined) return await this.#writeAll(bytes);
    const answer: Answer = { version, code, payload: payload.slice() };
    const given = this.#hooks.answer?.(answer, asked) ?? encodeAnswer(answer);
    await this.#writeInOrder(given);
    if (this.#hooks.closes?.(answer, asked)) await this.#endResponses();
  }

  /** A write of no bytes asks whether the connection was reset. */
  async #isThere(): Promise<void> {
    // Behind our own end any write fails, and a read only then.
    if (this.#closing) await this.inner.read(new Uint8Array(1));
    else await this.inner.write(new Uint8Array(0));
  }

  /** As a close looks to the client; the relay still sees how the client ends. */
  async #endResponses(): Promise<void> {
    this.#closing = true;
    await this.inner.closeWrite();
  }

  async #writeInOrder(bytes: Uint8Array): Promise<void> {
    if (!this.#hooks.reverses) return await this.#writeAll(bytes);
    this.#held.unshift(bytes);
    if (this.#asked.length > 0) return;
    const held = this.#held;
    this.#held = [];
    await this.#writeAll(concat(held));
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    await writeAll(this.inner, bytes);
  }
}

/** An answer with the size of its payload. */
export function encodeAnswer({ version, code, payload }: Answer): Uint8Array {
  const header = { version, code, payloadSize: payload.length };
  return concat([responseHeader.encode(header), payload]);
}
