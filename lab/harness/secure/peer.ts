/** A client of a relay's secure port in a few words, for tests and lab. */

import {
  refusalCodec,
  secureRequestCode,
  secureRequestCodecs,
  type SecureRequestKind,
  type SecureRequestPayloads,
  secureResponseCode,
  secureResponseCodecs,
  type SecureResponsePayloads,
} from "../../../shared/secure/secure_requests.ts";
import {
  RELAY_HOST_NAME,
  trustAnchor,
} from "../../../shared/secure/relay_certificate.ts";
import type { RelayLine } from "../../../shared/secure/relay_line.ts";
import {
  CHANNEL_VERSION,
  NONCE_SIZE,
  REFUSAL_CODE,
  type RefusalReason,
  SECURE_VERSION,
} from "../../../shared/secure/secure_protocol.ts";
import {
  authenticationBytes,
  type ChannelBinding,
} from "../../../shared/secure/signed_bytes.ts";
import { sign } from "../../../shared/secure/ed25519.ts";
import { signRegistration } from "../../../shared/secure/registration.ts";
import { writeAll } from "../../../shared/folder/durable_files.ts";
import { ByteSource } from "../../../shared/wire/byte_source.ts";
import { requestHeader } from "../../../shared/wire/frames.ts";
import { ZERO_ID } from "../../../shared/wire/protocol.ts";
import {
  takeResponse,
  type WholeResponse,
} from "../../../shared/wire/response_framer.ts";
import { concat } from "@std/bytes";
import { closeConn } from "../../../kit/close_conn.ts";
import type { SecureIdentity } from "./identity.ts";

/** The relay refused a request. */
export class Refused extends Error {
  override name = "Refused";

  /** What a 4999 tells. */
  constructor(
    readonly kind: SecureRequestKind,
    readonly reason: RefusalReason,
    readonly retryAfter: number,
    readonly detail: Uint8Array,
  ) {
    super(`${kind}: refused with reason ${reason}`);
  }
}

/** The connection ended where a response was due. */
export class Ended extends Error {
  override name = "Ended";
}

/** Encodes a request: header and payload. */
export function secureFrame<K extends SecureRequestKind>(
  kind: K,
  payload: SecureRequestPayloads[K],
  device: Uint8Array = ZERO_ID,
): Uint8Array<ArrayBuffer> {
  return rawSecureFrame(
    secureRequestCode(kind),
    secureRequestCodecs[kind].encode(payload),
    device,
  );
}

/** A request with any code and payload. */
export function rawSecureFrame(
  code: number,
  payload: Uint8Array,
  device: Uint8Array = ZERO_ID,
): Uint8Array<ArrayBuffer> {
  const header = requestHeader.encode({
    clientId: device as typeof ZERO_ID,
    version: SECURE_VERSION,
    code,
    payloadSize: payload.length,
  });
  return concat([header, payload]) as Uint8Array<ArrayBuffer>;
}

/** A request that registers an account, signed for one connection. */
export async function registrationFrame(
  { record, publicKey, signing, device }: SecureIdentity,
  binding: ChannelBinding,
): Promise<Uint8Array<ArrayBuffer>> {
  const content = { publicKey, record: record.bytes };
  const payload = await signRegistration(content, binding, signing);
  return secureFrame("register", payload, device);
}

/** Reads a response to a request of this kind. @throws {Refused} for a 4999 */
export function readSecureResponse<K extends SecureRequestKind>(
  kind: K,
  { code, payload }: WholeResponse,
): SecureResponsePayloads[K] {
  if (code === secureResponseCode(kind)) {
    return secureResponseCodecs[kind].decode(payload);
  }
  if (code !== REFUSAL_CODE) {
    throw new Error(`${kind}: expected its response, got ${code}`);
  }
  const { reason, retryAfter, detail } = refusalCodec.decode(payload);
  throw new Refused(kind, reason, retryAfter, detail);
}

/** A TLS connection to a relay's secure port. */
export class SecurePeer implements Disposable {
  /** The connection itself. */
  readonly conn: Deno.TlsConn;
  readonly #relayKey: Uint8Array;
  readonly #source: ByteSource;
  /** What the headers tell; zeros before {@linkcode authenticate}. */
  device: Uint8Array = ZERO_ID;
  /** The nonce of the last hello. */
  nonce: Uint8Array = new Uint8Array(NONCE_SIZE);

  private constructor(conn: Deno.TlsConn, relayKey: Uint8Array) {
    this.conn = conn;
    this.#relayKey = relayKey;
    this.#source = new ByteSource((into) => conn.read(into));
  }

  /** Connects and completes the handshake. @throws {Error} if either fails */
  static async connect(
    { hostname, port, key }: RelayLine,
  ): Promise<SecurePeer> {
    const tcp = await Deno.connect({ hostname, port });
    try {
      tcp.setNoDelay(true);
      const conn = await Deno.startTls(tcp, {
        hostname: RELAY_HOST_NAME,
        caCerts: [trustAnchor(key)],
      });
      return await SecurePeer.#shaken(conn, key);
    } catch (error) {
      closeConn(tcp);
      throw error;
    }
  }

  static async #shaken(
    conn: Deno.TlsConn,
    key: Uint8Array,
  ): Promise<SecurePeer> {
    try {
      await conn.handshake();
      return new SecurePeer(conn, key);
    } catch (error) {
      conn.close();
      throw error;
    }
  }

  /** Connects, registers an account and authenticates its device. */
  static async registered(
    line: RelayLine,
    identity: SecureIdentity,
  ): Promise<SecurePeer> {
    const peer = await SecurePeer.connect(line);
    try {
      await peer.register(identity);
      await peer.authenticate(identity);
      return peer;
    } catch (error) {
      peer.close();
      throw error;
    }
  }

  /** Connects and authenticates a registered device. */
  static async authenticated(
    line: RelayLine,
    identity: SecureIdentity,
    count = 0,
  ): Promise<SecurePeer> {
    const peer = await SecurePeer.connect(line);
    try {
      await peer.authenticate(identity, count);
      return peer;
    } catch (error) {
      peer.close();
      throw error;
    }
  }

  /** Writes any bytes. */
  write(bytes: Uint8Array): Promise<void> {
    return writeAll(this.conn, bytes);
  }

  /** The next response. @throws {Ended} at the end of the stream */
  async take(): Promise<WholeResponse> {
    const response = await takeResponse(this.#source);
    if (response === undefined) throw new Ended("Expected a response");
    return response;
  }

  /** Sends a request and returns its response. @throws {Refused} for a 4999 */
  async ask<K extends SecureRequestKind>(
    kind: K,
    payload: SecureRequestPayloads[K],
  ): Promise<SecureResponsePayloads[K]> {
    await this.write(secureFrame(kind, payload, this.device));
    return readSecureResponse(kind, await this.take());
  }

  /** Asks for a nonce. */
  async hello(): Promise<SecureResponsePayloads["hello"]> {
    const response = await this.ask("hello", {
      least: CHANNEL_VERSION,
      most: CHANNEL_VERSION,
      features: 0,
    });
    this.nonce = response.nonce;
    return response;
  }

  /** Registers an account, with a hello of its own. */
  async register(identity: SecureIdentity): Promise<void> {
    await this.hello();
    this.device = identity.device;
    await this.write(await registrationFrame(identity, this.#binding));
    readSecureResponse("register", await this.take());
  }

  /** Authenticates a device, with a hello of its own. */
  async authenticate(
    { device, signing, record }: SecureIdentity,
    count = 0,
  ): Promise<SecureResponsePayloads["authenticate"]> {
    await this.hello();
    const signed = authenticationBytes(this.#binding, device, count);
    this.device = device;
    return await this.ask("authenticate", {
      count,
      recordVersion: record.version,
      signature: await sign(signing, signed),
    });
  }

  /** Closes the connection; doing so again does nothing. */
  close(): void {
    closeConn(this.conn);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  get #binding() {
    return { relayKey: this.#relayKey, nonce: this.nonce };
  }
}
