/** A secure connection whose requests and responses a fault may change on the way. */

import { concat } from "@std/bytes";
import {
  type SecureRequestKind,
  secureRequestKind,
} from "../../../shared/secure/secure_requests.ts";
import { MAX_EARLY_PAYLOAD } from "../../../shared/secure/secure_protocol.ts";
import { writeAll } from "../../../shared/folder/durable_files.ts";
import { requestHeader, responseHeader } from "../../../shared/wire/frames.ts";
import {
  REQUEST_HEADER_SIZE,
  RESPONSE_HEADER_SIZE,
} from "../../../shared/wire/protocol.ts";
import { responseIn } from "../../../shared/wire/response_framer.ts";

/** A request on its way to the relay. */
export interface SecureAsked {
  /** Undefined for an unknown code. */
  readonly kind: SecureRequestKind | undefined;
  /** A fault may change it in place. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** A response on its way to the client, which a fault may change. */
export interface SecureAnswer {
  version: number;
  code: number;
  payload: Uint8Array<ArrayBuffer>;
}

/** What a fault does to the frames of one connection. */
export interface SecureHooks {
  request?(asked: SecureAsked): void;
  answer?(answer: SecureAnswer, asked: SecureAsked): void;
}

type Bytes = Uint8Array<ArrayBuffer>;
const NOTHING: Bytes = new Uint8Array(0);

/** Cuts both directions into frames. Payloads above 64 KiB pass by unseen. */
export class SecureLine {
  readonly #conn: Deno.TlsConn;
  readonly #hooks: SecureHooks;
  readonly #asked: SecureAsked[] = [];
  /** What came and is no whole request yet. */
  #incoming: Bytes = NOTHING;
  /** What the relay may read. */
  #ready: Bytes = NOTHING;
  /** Bytes of a large payload that are to come. */
  #passing = 0;
  /** What the relay wrote and is no whole response yet. */
  #outgoing: Bytes = NOTHING;

  constructor(conn: Deno.TlsConn, hooks: SecureHooks) {
    this.#conn = conn;
    this.#hooks = hooks;
  }

  get remoteAddr(): Deno.Addr {
    return this.#conn.remoteAddr;
  }

  handshake(): Promise<Deno.TlsHandshakeInfo> {
    return this.#conn.handshake();
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  close(): void {
    this.#conn.close();
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#ready.length === 0) {
      const size = await this.#conn.read(into);
      if (size === null) {
        if (this.#incoming.length === 0) return null;
        // The start of a request that the end has cut off.
        this.#ready = this.#incoming;
        this.#incoming = NOTHING;
        break;
      }
      this.#take(into.slice(0, size));
    }
    const given = this.#ready.subarray(0, into.length);
    into.set(given);
    this.#ready = this.#ready.slice(given.length);
    return given.length;
  }

  #take(bytes: Uint8Array): void {
    this.#incoming = concat([this.#incoming, bytes]) as Bytes;
    for (;;) {
      const passing = this.#incoming.subarray(0, this.#passing);
      this.#passing -= passing.length;
      this.#pass(passing.length);
      if (this.#incoming.length < REQUEST_HEADER_SIZE) return;
      const head = this.#incoming.subarray(0, REQUEST_HEADER_SIZE);
      const { code, payloadSize } = requestHeader.decode(head);
      const kind = secureRequestKind(code);
      const isLarge = payloadSize > MAX_EARLY_PAYLOAD;
      const size = REQUEST_HEADER_SIZE + (isLarge ? 0 : payloadSize);
      if (this.#incoming.length < size) return;
      const payload = this.#incoming.subarray(REQUEST_HEADER_SIZE, size);
      const asked = { kind, payload };
      this.#asked.push({ kind, payload: payload.slice() });
      if (!isLarge) this.#hooks.request?.(asked);
      this.#passing = isLarge ? payloadSize : 0;
      this.#pass(size);
    }
  }

  /** Lets the relay read so many bytes of what came. */
  #pass(size: number): void {
    const passed = this.#incoming.subarray(0, size);
    this.#ready = concat([this.#ready, passed]) as Bytes;
    this.#incoming = this.#incoming.slice(size);
  }

  async write(bytes: Uint8Array): Promise<number> {
    this.#outgoing = concat([this.#outgoing, bytes]) as Bytes;
    const frames: Uint8Array[] = [];
    for (let whole; (whole = responseIn(this.#outgoing)) !== undefined;) {
      const { version, code } = whole;
      const answer = { version, code, payload: whole.payload.slice() };
      const asked = this.#asked.shift() ??
        { kind: undefined, payload: NOTHING };
      this.#hooks.answer?.(answer, asked);
      const { payload, ...header } = answer;
      const payloadSize = payload.length;
      frames.push(responseHeader.encode({ ...header, payloadSize }), payload);
      this.#outgoing = this.#outgoing.slice(
        RESPONSE_HEADER_SIZE + whole.payloadSize,
      );
    }
    if (frames.length > 0) await writeAll(this.#conn, concat(frames));
    return bytes.length;
  }
}
