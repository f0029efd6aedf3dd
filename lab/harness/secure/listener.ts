/** A TLS listener with any certificate that greets and nothing else, for tests. */

import {
  CHANNEL_VERSION,
  MAX_EARLY_PAYLOAD,
  SECURE_VERSION,
} from "../../../shared/secure/secure_protocol.ts";
import {
  secureResponseCode,
  secureResponseCodecs,
} from "../../../shared/secure/secure_requests.ts";
import { writeAll } from "../../../shared/folder/durable_files.ts";
import { responseHeader } from "../../../shared/wire/frames.ts";
import { concat } from "@std/bytes";
import type { SigningKey } from "../../../shared/secure/ed25519.ts";

/** Bytes of a DER value as PEM. */
export function pemOf(label: string, bytes: Uint8Array): string {
  return `-----BEGIN ${label}-----\n${bytes.toBase64()}\n-----END ${label}-----\n`;
}

/** Responds to each first request of a connection as to a hello. */
export class GreetingListener implements AsyncDisposable {
  readonly #listener: Deno.TlsListener;
  readonly #done: Promise<void>;
  readonly #toldKey: Uint8Array;

  private constructor(cert: string, key: string, toldKey: Uint8Array) {
    this.#listener = Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      cert,
      key,
    });
    this.#toldKey = toldKey;
    this.#done = this.#serve();
  }

  /**
   * Listens with a certificate.
   *
   * @param key the key that it certifies
   * @param toldKey what the responses tell. Default: the same
   */
  static async start(
    certificate: Uint8Array,
    { privateKey, publicKey }: SigningKey,
    toldKey: Uint8Array = publicKey,
  ): Promise<GreetingListener> {
    const pkcs8 = await crypto.subtle.exportKey("pkcs8", privateKey);
    return new GreetingListener(
      pemOf("CERTIFICATE", certificate),
      pemOf("PRIVATE KEY", new Uint8Array(pkcs8)),
      toldKey,
    );
  }

  /** Where it listens. */
  get address(): { hostname: string; port: number } {
    const { port } = this.#listener.addr as Deno.NetAddr;
    return { hostname: "127.0.0.1", port };
  }

  async #serve(): Promise<void> {
    for await (const conn of this.#listener) {
      try {
        if (await conn.read(new Uint8Array(1024)) !== null) {
          await writeAll(conn, this.#greeting());
        }
      } catch {
        // A handshake that the client refused.
      }
      conn.close();
    }
  }

  #greeting(): Uint8Array {
    const payload = secureResponseCodecs.hello.encode({
      version: CHANNEL_VERSION,
      features: 0,
      relayKey: this.#toldKey,
      nonce: crypto.getRandomValues(new Uint8Array(32)),
      time: Date.now(),
      largest: MAX_EARLY_PAYLOAD,
      retention: 0,
      registration: 1,
    });
    const header = responseHeader.encode({
      version: SECURE_VERSION,
      code: secureResponseCode("hello"),
      payloadSize: payload.length,
    });
    return concat([header, payload]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#done;
  }
}
