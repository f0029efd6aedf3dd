/**
 * An encrypted connection to a relay: requests are sent one behind the other,
 * and the responses come in their order (sections 2 and 5 of docs/secure.md).
 *
 * @module
 */

import { equals } from "@std/bytes";
import type { Environment } from "../../shared/cli/environment.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { type Address, formatAddress } from "../../shared/folder/info_files.ts";
import { sign, type SigningKey } from "../../shared/secure/ed25519.ts";
import {
  CHANNEL_VERSION,
  type DeviceId,
  REFUSAL_CODE,
  SECURE_VERSION,
} from "../../shared/secure/secure_protocol.ts";
import {
  refusalCodec,
  secureRequestCode,
  secureRequestCodecs,
  type SecureRequestKind,
  type SecureRequestPayloads,
  secureResponseCode,
  secureResponseCodecs,
  type SecureResponsePayloads,
} from "../../shared/secure/secure_requests.ts";
import {
  authenticationBytes,
  type ChannelBinding,
} from "../../shared/secure/signed_bytes.ts";
import { Writer } from "../../shared/wire/buffers.ts";
import { ByteSource } from "../../shared/wire/byte_source.ts";
import { FormatError } from "../../shared/wire/format_error.ts";
import { requestHeader } from "../../shared/wire/frames.ts";
import {
  type ClientId,
  REQUEST_HEADER_SIZE,
  ZERO_ID,
} from "../../shared/wire/protocol.ts";
import { takeResponse } from "../../shared/wire/response_framer.ts";
import {
  ConnectionError,
  ignoreUserError,
  RelayKeyError,
  UserError,
} from "../errors.ts";
import { Stalled, StallWatch } from "../link/connection.ts";
import { type Connected, connectFirst } from "../link/relays.ts";
import { refuseAddedRoots, startChannel } from "./channel.ts";
import { RefusedError } from "./refused_error.ts";

/** Milliseconds without a byte after which the connection counts as stalled; more than a fetch waits. */
const PROGRESS_TIMEOUT = 60_000;
/** Milliseconds without a request after which a ping keeps the connection alive. */
const PING_INTERVAL = 120_000;
/** Largest write in bytes, after which the connection counts as moving. */
const WRITE_SIZE = 64 * 1024;
/** Largest response in bytes but to a fetch; one to a claim for 255 devices has 656 KiB. */
const MAX_RESPONSE = 1024 * 1024;
/** Bytes that a response to a fetch may have beyond its messages. */
const FETCH_OVERHEAD = 64 * 1024;

/** A relay's secure address, and the keys that it may show. */
export interface PinnedRelay extends Address {
  /** One key of 32 bytes, or two while the relay changes its key. */
  readonly keys: readonly Uint8Array[];
}

/** A device that authenticates itself. */
export interface DeviceKey {
  /** Its id. */
  readonly id: DeviceId;
  /** S. */
  readonly signingKey: SigningKey;
}

/** Options of a connection. */
export interface SecureConnectionOptions {
  /** Variables of the process. Default: read from it. */
  environment?: Environment | undefined;
}

/** A response to a hello. */
type Hello = SecureResponsePayloads["hello"];

/** A connection to a relay whose key is the pinned one. */
export class SecureConnection implements Disposable {
  /** The relay's address. */
  readonly address: Address;
  readonly #where: string;
  readonly #keys: readonly Uint8Array[];
  readonly #channel: Deno.TlsConn;
  readonly #source: ByteSource;
  #hello: Hello | undefined;
  /** The id in the headers of requests. */
  #sender: ClientId = ZERO_ID;
  #writing: Promise<void> = Promise.resolve();
  #reading: Promise<unknown> = Promise.resolve();
  #pending = 0;
  #watch: StallWatch | undefined;
  #stalled = false;
  #closed = false;
  #writeFailure: unknown;
  #lastRequest = performance.now();
  #pinging: ReturnType<typeof setInterval> | undefined;

  private constructor(
    channel: Deno.TlsConn,
    address: Address,
    keys: readonly Uint8Array[],
  ) {
    this.#channel = channel;
    this.address = address;
    this.#where = formatAddress(address);
    this.#keys = keys;
    this.#source = new ByteSource(async (into) => {
      const count = await channel.read(into);
      this.#watch?.moved();
      return count;
    });
  }

  /**
   * Connects to a relay and greets it.
   *
   * @throws {RelayKeyError} if it shows or tells another key
   * @throws {NoConnectionError} if it can't be reached
   * @throws {ConnectionError} if the connection breaks
   * @throws {UserError} if the runtime trusts more than the pinned key
   */
  static async open(
    { keys, ...address }: PinnedRelay,
    options: SecureConnectionOptions = {},
  ): Promise<SecureConnection> {
    refuseAddedRoots(options.environment);
    return await SecureConnection.over(await connectFirst([address]), keys);
  }

  /**
   * Encrypts an established connection and greets the relay. The caller has
   * called {@linkcode refuseAddedRoots}.
   */
  static async over(
    connected: Pick<Connected, "conn" | "address">,
    keys: readonly Uint8Array[],
  ): Promise<SecureConnection> {
    const channel = await startChannel(connected, keys);
    const connection = new SecureConnection(channel, connected.address, keys);
    try {
      await connection.greet();
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** What the relay told in its last response to a hello. */
  get hello(): Hello {
    if (this.#hello !== undefined) return this.#hello;
    throw new Error("Expected a response to a hello");
  }

  /** What signatures on this connection are bound to. */
  get binding(): ChannelBinding {
    return this.hello;
  }

  /**
   * Greets the relay, which draws a new nonce.
   *
   * @throws {RelayKeyError} if it tells another key than the pinned ones
   * @throws {ConnectionError} if it has no version in common with this client
   */
  async greet(): Promise<Hello> {
    const version = CHANNEL_VERSION;
    const offer = { least: version, most: version, features: 0 };
    const hello = await this.request("hello", offer);
    if (hello.version !== version) {
      throw new ConnectionError(
        `${this.#where} speaks version ${hello.version} of the secure protocol, this program ${version}`,
        "Use a newer program, or another relay",
      );
    }
    if (!this.#keys.some((key) => equals(key, hello.relayKey))) {
      throw new RelayKeyError(this.#where, "it tells another one");
    }
    return this.#hello = hello;
  }

  /**
   * Authenticates a device with the nonce of the last hello. Later requests are
   * the device's.
   *
   * @param count the highest count that the device has used
   * @param recordVersion the version of the account's newest record that it knows
   * @throws {RefusedError} if the relay doesn't know the device
   */
  async authenticate(
    { id, signingKey }: DeviceKey,
    count: number,
    recordVersion: number,
  ): Promise<SecureResponsePayloads["authenticate"]> {
    const signed = authenticationBytes(this.binding, id, count);
    const signature = await sign(signingKey, signed);
    this.#sender = id as Uint8Array as ClientId;
    return await this.request("authenticate", {
      count,
      recordVersion,
      signature,
    });
  }

  /** Names the device of later requests, which they tell in their headers. */
  sendAs(id: DeviceId): void {
    this.#sender = id as Uint8Array as ClientId;
  }

  /**
   * Sends a request. Further requests may be sent before its response is there.
   *
   * @throws {RefusedError} if the relay refuses
   * @throws {ConnectionError} if the connection breaks, or the response is malformed
   */
  async request<K extends SecureRequestKind>(
    kind: K,
    payload: SecureRequestPayloads[K],
  ): Promise<SecureResponsePayloads[K]> {
    const frame = this.#encode(kind, payload);
    this.#begin();
    try {
      this.#writing = this.#writing.then(() => this.#write(frame))
        .catch((error) => {
          // The relay may have refused the request before it had read all of it.
          this.#writeFailure ??= error;
        });
      const most = "most" in payload && "acknowledged" in payload
        ? Math.max(payload.most, this.hello.largest) + FETCH_OVERHEAD
        : MAX_RESPONSE;
      const take = () => this.#takeResponse(kind, most);
      const response = this.#reading.then(take, take);
      this.#reading = response;
      return await response;
    } finally {
      this.#end();
    }
  }

  /**
   * Sends pings while no other request is sent, until it is closed (CHN-5).
   *
   * @param interval milliseconds. Default: 2 minutes
   */
  keepAlive(interval: number = PING_INTERVAL): void {
    this.#pinging ??= setInterval(() => {
      const idle = performance.now() - this.#lastRequest;
      if (this.#pending > 0 || idle < interval / 2) return;
      // The next request reports a broken connection.
      this.request("ping", {}).catch(ignoreUserError);
    }, interval);
    Deno.unrefTimer(this.#pinging);
  }

  /** Closes the connection; requests without a response fail. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#pinging);
    this.#channel.close();
  }

  /** Closes the connection, see {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #encode<K extends SecureRequestKind>(
    kind: K,
    payload: SecureRequestPayloads[K],
  ): Uint8Array {
    const codec = secureRequestCodecs[kind];
    const payloadSize = codec.size(payload);
    const writer = new Writer(REQUEST_HEADER_SIZE + payloadSize);
    requestHeader.write(writer, {
      clientId: this.#sender,
      version: SECURE_VERSION,
      code: secureRequestCode(kind),
      payloadSize,
    });
    codec.write(writer, payload);
    return writer.bytes;
  }

  #begin(): void {
    this.#lastRequest = performance.now();
    if (this.#pending++ > 0) return;
    this.#watch = new StallWatch(PROGRESS_TIMEOUT, () => {
      this.#stalled = true;
      this.close();
    });
  }

  #end(): void {
    if (--this.#pending > 0) return;
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
  }

  async #write(frame: Uint8Array): Promise<void> {
    for (let at = 0; at < frame.length;) {
      at += await this.#channel.write(frame.subarray(at, at + WRITE_SIZE));
      this.#watch?.moved();
    }
  }

  async #takeResponse<K extends SecureRequestKind>(
    kind: K,
    most: number,
  ): Promise<SecureResponsePayloads[K]> {
    try {
      const response = await takeResponse(this.#source, most);
      if (response === undefined) throw this.#broken(this.#writeFailure);
      if (response.code === REFUSAL_CODE) {
        throw new RefusedError(kind, refusalCodec.decode(response.payload));
      }
      if (response.code !== secureResponseCode(kind)) {
        throw this.#malformed(`expected ${kind}, got ${response.code}`);
      }
      return secureResponseCodecs[kind].decode(response.payload);
    } catch (error) {
      if (error instanceof FormatError) throw this.#malformed(error.message);
      if (error instanceof UserError) throw error;
      throw this.#broken(error);
    }
  }

  /** Which response is whose can't be known any more. */
  #malformed(reason: string): ConnectionError {
    this.close();
    return new ConnectionError(
      `The response of ${this.#where} can't be read: ${reason}`,
      "Is it a MessageU relay's secure port?",
    );
  }

  #broken(cause: unknown): ConnectionError {
    const reason = this.#stalled
      ? reasonOf(new Stalled())
      : cause === undefined
      ? "it closed the connection before its response was complete"
      : reasonOf(cause);
    return new ConnectionError(
      `The connection to ${this.#where} broke: ${reason}`,
      "Try again",
      { cause },
    );
  }
}
