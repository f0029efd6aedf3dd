/**
 * A TLS connection to the checked server on which anything can be written. Every
 * wait has a time-out, and all frames are recorded.
 *
 * @module
 */

import { concat } from "@std/bytes";
import {
  CHANNEL_VERSION,
  NONCE_SIZE,
  type RefusalReason,
  SECURE_VERSION,
} from "../../../shared/secure/secure_protocol.ts";
import {
  type Refusal,
  secureRequestCode,
  secureRequestCodecs,
  type SecureRequestKind,
  type SecureRequestPayloads,
  type SecureResponsePayloads,
} from "../../../shared/secure/secure_requests.ts";
import type { ChannelBinding } from "../../../shared/secure/signed_bytes.ts";
import { reasonOf } from "../../../shared/cli/reason.ts";
import { inTime } from "../../../shared/cli/time.ts";
import { writeAll } from "../../../shared/folder/durable_files.ts";
import { ByteSource } from "../../../shared/wire/byte_source.ts";
import { FormatError } from "../../../shared/wire/format_error.ts";
import { requestHeader } from "../../../shared/wire/frames.ts";
import { type ClientId, ZERO_ID } from "../../../shared/wire/protocol.ts";
import {
  takeResponse,
  type WholeResponse,
} from "../../../shared/wire/response_framer.ts";
import { closeConn } from "../../close_conn.ts";
import type { Exchanged } from "../report/outcome.ts";
import { CheckFailure, NoResponse } from "../server/check.ts";
import { expectRefusal, expectResponse } from "./expect.ts";

/** What a header tells that a check wants to be wrong. */
export interface HeaderChange {
  readonly code?: number;
  readonly version?: number;
  readonly payloadSize?: number;
  readonly id?: Uint8Array;
}

/** Options of {@linkcode SecureChannel}. */
export interface SecureChannelOptions {
  /** The pinned key. */
  readonly relayKey: Uint8Array;
  /** Time-out of a response in milliseconds. */
  readonly timeout: number;
  /** Records a frame. */
  readonly note: (
    entry: Pick<Exchanged, "direction" | "note">,
    bytes: Uint8Array,
  ) => void;
  /** Called with each whole response. */
  readonly answered: () => void;
}

/** Size in bytes of the largest response that is read. */
const MOST_RESPONSE = 8 * 1024 * 1024;

const LATE = Symbol();

/** A connection of a check. */
export class SecureChannel {
  readonly #conn: Deno.TlsConn;
  readonly #source: ByteSource;
  #options: SecureChannelOptions;
  /** What the headers tell; zeros before a log-in. */
  device: Uint8Array = ZERO_ID;
  /** What signatures on this connection are bound to. */
  binding: ChannelBinding;

  /** Takes over `conn`, whose handshake is over. */
  constructor(conn: Deno.TlsConn, options: SecureChannelOptions) {
    this.#conn = conn;
    this.#options = options;
    this.#source = new ByteSource((into) => conn.read(into));
    const { relayKey } = options;
    this.binding = { relayKey, nonce: new Uint8Array(NONCE_SIZE) };
  }

  /** Serves another check from here on. */
  serve(options: SecureChannelOptions): void {
    this.#options = options;
  }

  /** Encodes a request, whose header may be wrong. */
  frame<K extends SecureRequestKind>(
    kind: K,
    payload: SecureRequestPayloads[K],
    change: HeaderChange = {},
  ): Uint8Array<ArrayBuffer> {
    const code = secureRequestCode(kind);
    const bytes = secureRequestCodecs[kind].encode(payload);
    return this.raw(bytes, { code, ...change });
  }

  /** Encodes a request with any payload and code. */
  raw(
    payload: Uint8Array,
    { code = 0, version = SECURE_VERSION, payloadSize, id }: HeaderChange,
  ): Uint8Array<ArrayBuffer> {
    const header = requestHeader.encode({
      clientId: (id ?? this.device) as ClientId,
      version,
      code,
      payloadSize: payloadSize ?? payload.length,
    });
    return concat([header, payload]) as Uint8Array<ArrayBuffer>;
  }

  /** Writes bytes. The server may have ended the connection before. */
  async send(...frames: readonly Uint8Array[]): Promise<void> {
    for (const frame of frames) {
      this.#options.note({ direction: "request" }, frame);
    }
    await this.#write(concat(frames));
  }

  /** Writes a frame piece by piece; each is a TLS record of its own. */
  async sendCut(frame: Uint8Array, size: number): Promise<void> {
    const note = `in pieces of ${size === 1 ? "1 byte" : `${size} bytes`}`;
    this.#options.note({ direction: "request", note }, frame);
    for (let at = 0; at < frame.length; at += size) {
      await this.#write(frame.subarray(at, at + size));
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#conn, bytes);
    } catch (error) {
      throw new NoResponse("a connection", `its end: ${reasonOf(error)}`);
    }
  }

  /**
   * The next response.
   *
   * @throws {NoResponse} if none comes in time
   */
  async response(): Promise<WholeResponse> {
    const { timeout, note, answered } = this.#options;
    const response = await this.#inTime(
      takeResponse(this.#source, MOST_RESPONSE),
      undefined,
    );
    if (response === LATE) {
      throw new NoResponse("a response", `none within ${timeout} ms`);
    }
    if (response === undefined) {
      throw new NoResponse("a response", "the end of the connection");
    }
    note({ direction: "answer" }, response.bytes);
    answered();
    return response;
  }

  /**
   * Waits until the server ends the connection.
   *
   * @throws {CheckFailure} if it doesn't in time, or sends more
   */
  async ended(): Promise<void> {
    const more = await this.#inTime(this.#source.has(1), false);
    if (more === false) return;
    throw new CheckFailure(
      "the end of the connection",
      more === LATE ? "an open connection" : "more bytes",
    );
  }

  /** @param broken stands for a reset, or for what isn't TLS */
  async #inTime<T>(work: Promise<T>, broken: T): Promise<T | typeof LATE> {
    const outcome = work.catch((error) => {
      if (!(error instanceof FormatError)) return broken;
      throw new CheckFailure("a response that can be read", error.message);
    });
    return await inTime(outcome, this.#options.timeout, LATE);
  }

  /** Sends a request and returns its response. */
  async ask<K extends SecureRequestKind>(
    kind: K,
    payload: SecureRequestPayloads[K],
    change?: HeaderChange,
  ): Promise<WholeResponse> {
    await this.send(this.frame(kind, payload, change));
    return await this.response();
  }

  /**
   * Sends a request and returns the payload of its response.
   *
   * @throws {CheckFailure} if it is refused, or its response malformed
   */
  async expect<K extends SecureRequestKind>(
    kind: K,
    payload: SecureRequestPayloads[K],
  ): Promise<SecureResponsePayloads[K]> {
    return expectResponse(kind, await this.ask(kind, payload));
  }

  /**
   * Sends a request that must be refused.
   *
   * @throws {CheckFailure} if it isn't, or with another reason
   */
  async refused<K extends SecureRequestKind>(
    kind: K,
    payload: SecureRequestPayloads[K],
    ...reasons: readonly RefusalReason[]
  ): Promise<Refusal> {
    return expectRefusal(await this.ask(kind, payload), ...reasons);
  }

  /** Asks for a nonce. */
  async hello(): Promise<SecureResponsePayloads["hello"]> {
    const response = await this.expect("hello", {
      least: CHANNEL_VERSION,
      most: CHANNEL_VERSION,
      features: 0,
    });
    this.binding = { ...this.binding, nonce: response.nonce };
    return response;
  }

  /** Closes the connection; doing so again does nothing. */
  close(): void {
    closeConn(this.#conn);
  }
}
