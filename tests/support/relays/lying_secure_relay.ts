/** A relay with the right key that responds as a test says. */

import { concat } from "@std/bytes";
import {
  CHANNEL_VERSION,
  MAX_EARLY_PAYLOAD,
  NONCE_SIZE,
  REFUSAL_CODE,
  type RefusalReason,
  SECURE_VERSION,
} from "../../../shared/secure/secure_protocol.ts";
import {
  refusalCodec,
  secureRequestCodecs,
  type SecureRequestKind,
  secureRequestKind,
  type SecureRequestPayloads,
  secureResponseCode,
  secureResponseCodecs,
  type SecureResponsePayloads,
} from "../../../shared/secure/secure_requests.ts";
import {
  generateSigningKey,
  type SigningKey,
} from "../../../shared/secure/ed25519.ts";
import { relayCredentials } from "../../../shared/secure/relay_certificate.ts";
import type { RelayLine } from "../../../shared/secure/relay_line.ts";
import { writeAll } from "../../../shared/folder/durable_files.ts";
import { ByteSource } from "../../../shared/wire/byte_source.ts";
import { requestHeader, responseHeader } from "../../../shared/wire/frames.ts";
import { REQUEST_HEADER_SIZE } from "../../../shared/wire/protocol.ts";

/** What a relay does with a request of each kind; "end" closes the connection. */
export type Lies = {
  [K in SecureRequestKind]?: (
    payload: SecureRequestPayloads[K],
    nonce: Uint8Array,
  ) => Response | Promise<Response>;
};

/** A frame, or the end of the connection. */
type Response = Uint8Array | "end";

/** The response to a request of this kind. */
export function told<K extends SecureRequestKind>(
  kind: K,
  payload: SecureResponsePayloads[K],
): Uint8Array {
  const bytes = secureResponseCodecs[kind].encode(payload);
  return framed(secureResponseCode(kind), bytes);
}

/** A refusal. */
export function refused(
  reason: number,
  detail: Uint8Array = new Uint8Array(),
): Uint8Array {
  return framed(
    REFUSAL_CODE,
    refusalCodec.encode({
      reason: reason as RefusalReason,
      retryAfter: 0,
      detail,
    }),
  );
}

/** A response with any code, payload and claimed size. */
export function framed(
  code: number,
  payload: Uint8Array,
  payloadSize = payload.length,
): Uint8Array {
  const header = { version: SECURE_VERSION, code, payloadSize };
  return concat([responseHeader.encode(header), payload]);
}

/** Greets truly, and else responds as it is told. */
export class LyingSecureRelay implements AsyncDisposable {
  readonly #listener: Deno.TlsListener;
  readonly #done: Promise<void>;
  readonly #key: SigningKey;
  /** What it does now; requests of other kinds end the connection. */
  lies: Lies = {};
  /** The kinds of the requests so far. */
  readonly asked: SecureRequestKind[] = [];

  private constructor(listener: Deno.TlsListener, key: SigningKey) {
    this.#listener = listener;
    this.#key = key;
    this.#done = this.#accept();
  }

  /** Listens on a free port. */
  static async start(): Promise<LyingSecureRelay> {
    const key = await generateSigningKey();
    const place = { hostname: "127.0.0.1", port: 0 };
    const credentials = await relayCredentials(key);
    const listener = Deno.listenTls({ ...place, ...credentials });
    return new LyingSecureRelay(listener, key);
  }

  /** What a client connects with. */
  get line(): RelayLine {
    const { port } = this.#listener.addr as Deno.NetAddr;
    return { hostname: "127.0.0.1", port, key: this.#key.publicKey };
  }

  async #accept(): Promise<void> {
    const serving: Promise<void>[] = [];
    for await (const conn of this.#listener) serving.push(this.#serve(conn));
    await Promise.all(serving);
  }

  async #serve(conn: Deno.TlsConn): Promise<void> {
    const source = new ByteSource((into) => conn.read(into));
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_SIZE));
    try {
      for (;;) {
        const head = await source.take(REQUEST_HEADER_SIZE);
        if (head === null) break;
        const { code, payloadSize } = requestHeader.decode(head);
        const kind = secureRequestKind(code) ?? "ping";
        const payload = await source.take(payloadSize);
        if (payload === null) break;
        this.asked.push(kind);
        const response = await this.#respond(kind, payload, nonce);
        if (response === "end") break;
        await writeAll(conn, response);
      }
    } catch {
      // The client has closed the connection.
    }
    conn.close();
  }

  async #respond<K extends SecureRequestKind>(
    kind: K,
    payload: Uint8Array,
    nonce: Uint8Array,
  ): Promise<Response> {
    const lie = this.lies[kind];
    if (lie !== undefined) {
      return await lie(secureRequestCodecs[kind].decode(payload), nonce);
    }
    return kind === "hello" ? this.greeting(nonce) : "end";
  }

  /** A true response to a hello. */
  greeting(
    nonce: Uint8Array,
    changes: Partial<SecureResponsePayloads["hello"]> = {},
  ): Uint8Array {
    return told("hello", {
      version: CHANNEL_VERSION,
      features: 0,
      relayKey: this.#key.publicKey,
      nonce,
      time: Date.now(),
      largest: MAX_EARLY_PAYLOAD,
      retention: 30 * 86_400,
      registration: 1,
      ...changes,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#done;
  }
}
