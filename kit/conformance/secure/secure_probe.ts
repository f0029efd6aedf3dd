/**
 * The tools of a check of the secure protocol: connections, accounts and legacy
 * clients. All frames are recorded for the report.
 *
 * @module
 */

import { encodeRequest } from "../../../shared/wire/frames.ts";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import {
  type RequestKind,
  type RequestPayloads,
  responseCode,
  responseCodecs,
} from "../../../shared/wire/requests.ts";
import type {
  SecureRequestPayloads,
  SecureResponsePayloads,
} from "../../../shared/secure/secure_requests.ts";
import type { AccountId } from "../../../shared/secure/secure_protocol.ts";
import { signRegistration } from "../../../shared/secure/registration.ts";
import {
  authenticationBytes,
  deviceBytes,
} from "../../../shared/secure/signed_bytes.ts";
import { sign } from "../../../shared/secure/ed25519.ts";
import { reasonOf } from "../../../shared/cli/reason.ts";
import { writeAll } from "../../../shared/folder/durable_files.ts";
import { inTime } from "../../../shared/cli/time.ts";
import {
  takeResponse,
  type WholeResponse,
} from "../../../shared/wire/response_framer.ts";
import { closeConn } from "../../close_conn.ts";
import { RawConnection } from "../../raw_connection.ts";
import { type Exchange, type Exchanged, exchanged } from "../report/outcome.ts";
import {
  CheckFailure,
  NoResponse,
  prepare,
  Unprepared,
} from "../server/check.ts";
import { randomKey, randomName, registration } from "../server/frames.ts";
import { expectCode } from "../server/response.ts";
import {
  type Account,
  type Device,
  drawAccount,
  drawDevice,
  nextRecord,
} from "./account.ts";
import { fetching } from "./requests.ts";
import { SecureChannel, type SecureChannelOptions } from "./secure_channel.ts";
import type { SecureTarget } from "./secure_target.ts";

/** Largest number of recorded frames. */
const MOST_NOTED = 400;

/** A legacy client. */
export interface LegacyClient {
  readonly id: AccountId;
  readonly name: string;
  readonly publicKey: Uint8Array;
}

/** An account, and a connection that its device is authenticated on. */
export interface LoggedIn {
  readonly account: Account;
  readonly channel: SecureChannel;
}

/**
 * The accounts of a run that any check may use, with open connections: their
 * mailboxes are empty.
 */
export type AccountPool = LoggedIn[];

/** The tools of a check. */
export class SecureProbe {
  readonly #target: SecureTarget;
  readonly #pool: AccountPool;
  readonly #noted: Exchanged[] = [];
  readonly #channels = new Set<SecureChannel>();
  readonly #conns: Deno.Conn[] = [];
  readonly #taken: LoggedIn[] = [];
  #connections = 0;
  #responses = 0;
  #prepares = false;
  #notes = true;

  constructor(target: SecureTarget, pool: AccountPool) {
    this.#target = target;
    this.#pool = pool;
  }

  /** Time-out of a response in milliseconds. */
  get timeout(): number {
    return this.#target.timeout;
  }

  /** The pinned key. */
  get relayKey(): Uint8Array {
    return this.#target.line.key;
  }

  /** Number of whole responses so far. */
  get responses(): number {
    return this.#responses;
  }

  /** Whether it has opened a connection. */
  get connected(): boolean {
    return this.#connections > 0;
  }

  /** The recorded frames. */
  get exchange(): Exchange {
    return this.#noted;
  }

  /** Whether the legacy port is known. */
  get hasLegacy(): boolean {
    return this.#target.legacy !== undefined;
  }

  #noteOn(connection: number) {
    const prepares = this.#prepares ? { prepares: true } : {};
    return (
      entry: Pick<Exchanged, "direction" | "note">,
      bytes: Uint8Array,
    ) => {
      if (!this.#notes || this.#noted.length >= MOST_NOTED) return;
      this.#noted.push(
        exchanged(bytes, {
          ...entry,
          connection,
          plays: "client",
          ...prepares,
        }),
      );
    };
  }

  /**
   * Opens a connection, closed by the end of the check.
   *
   * @throws {CheckFailure} if the handshake fails
   */
  async connect(): Promise<SecureChannel> {
    const conn = await this.#target.connect();
    const channel = new SecureChannel(conn, this.#channelOptions());
    this.#channels.add(channel);
    return channel;
  }

  #channelOptions(): SecureChannelOptions {
    return {
      relayKey: this.relayKey,
      timeout: this.timeout,
      note: this.#noteOn(++this.#connections),
      answered: () => this.#responses++,
    };
  }

  /** Opens a connection and asks for a nonce. */
  async greeted(): Promise<SecureChannel> {
    const channel = await this.connect();
    await channel.hello();
    return channel;
  }

  /**
   * Opens a TCP connection to the secure port, closed by the end of the check.
   *
   * @throws {CheckFailure} if it fails
   */
  async open(): Promise<Deno.TcpConn> {
    const conn = await this.#target.open();
    this.#conns.push(conn);
    this.#connections++;
    return conn;
  }

  /** Writes bytes to a TCP connection, which the server may have ended. */
  async write(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
    this.#noteOn(this.#connections)(
      { direction: "request", note: "without TLS" },
      bytes,
    );
    try {
      await writeAll(conn, bytes);
    } catch (error) {
      throw new NoResponse("a connection", `its end: ${reasonOf(error)}`);
    }
  }

  /**
   * Waits until the server ends a TCP connection.
   *
   * @returns what it sent before; undefined if it doesn't end in time
   */
  async rest(conn: Deno.TcpConn): Promise<Uint8Array | undefined> {
    const parts: number[] = [];
    const reading = (async () => {
      const into = new Uint8Array(4096);
      try {
        for (let size; (size = await conn.read(into)) !== null;) {
          parts.push(...into.subarray(0, size));
        }
      } catch {
        // A reset ends it as well.
      }
      return Uint8Array.from(parts);
    })();
    return await inTime(reading, this.timeout, undefined);
  }

  /** Draws an account, registers it for this check alone, and authenticates its device. */
  async freshLogin(): Promise<LoggedIn> {
    return await this.#prepare("register and authenticate", async () => {
      const account = await drawAccount();
      const channel = await this.greeted();
      const payload = await this.registration(channel, account);
      await channel.expect("register", payload);
      await channel.hello();
      await this.authenticate(channel, account);
      return { account, channel };
    });
  }

  /** Registers a fresh account, enters a second device, and authenticates both. */
  async twoDevices(): Promise<{
    readonly account: Account & { readonly devices: readonly [Device, Device] };
    readonly channels: readonly [SecureChannel, SecureChannel];
  }> {
    const { account, channel } = await this.freshLogin();
    const added = await drawDevice();
    await this.#prepare("enter a device", async () => {
      const devices = [account.device.entry, added.entry];
      const record = await nextRecord(account, { devices });
      const signed = await deviceBytes(channel.binding, record.bytes);
      const signatures = [await sign(added.signing, signed)];
      await channel.expect("record", { record: record.bytes, signatures });
      account.record = record;
    });
    const devices = [account.device, added] as const;
    const other = await this.login(account, added);
    return {
      account: Object.assign(account, { devices }),
      channels: [channel, other],
    };
  }

  /** An account with an empty mailbox that another check may have used, and a connection. */
  async user(): Promise<LoggedIn> {
    const user = await this.#pooled() ?? await this.freshLogin();
    this.#taken.push(user);
    return user;
  }

  async #pooled(): Promise<LoggedIn | undefined> {
    const user = this.#pool.pop();
    if (user === undefined) return undefined;
    const { account, channel } = user;
    channel.serve(this.#channelOptions());
    this.#channels.add(channel);
    this.#notes = false;
    try {
      await channel.expect("ping", {});
      return user;
    } catch (error) {
      if (!(error instanceof CheckFailure)) throw error;
      return { account, channel: await this.login(account) };
    } finally {
      this.#notes = true;
    }
  }

  /** Two such accounts. */
  async pair(): Promise<[LoggedIn, LoggedIn]> {
    return [await this.user(), await this.user()];
  }

  /** Opens a connection and authenticates a device of an account on it. */
  async login(account: Account, device?: Device): Promise<SecureChannel> {
    return await this.#prepare("authenticate", async () => {
      const channel = await this.greeted();
      await this.authenticate(channel, account, device);
      return channel;
    });
  }

  /** Authenticates a device on a channel that has a nonce. */
  async authenticate(
    channel: SecureChannel,
    account: Account,
    device: Device = account.device,
  ): Promise<SecureResponsePayloads["authenticate"]> {
    channel.device = device.id;
    return await channel.expect(
      "authenticate",
      await this.authentication(channel, account, { device }),
    );
  }

  /**
   * The payload of a 3003.
   *
   * @param but what is signed in place of what is right
   */
  async authentication(
    { binding }: Pick<SecureChannel, "binding">,
    account: Account,
    { device = account.device, count = account.count }: {
      readonly device?: Device;
      readonly count?: number;
    } = {},
  ): Promise<SecureRequestPayloads["authenticate"]> {
    const signed = authenticationBytes(binding, device.id, count);
    const signature = await sign(device.signing, signed);
    return { count, recordVersion: account.record.version, signature };
  }

  /** The payload of a 3001; the channel's header gets the device. */
  async registration(
    channel: SecureChannel,
    account: Account,
    change: {
      readonly record?: Uint8Array;
      readonly proof?: Uint8Array;
      readonly signing?: Device["signing"];
      readonly relayKey?: Uint8Array;
    } = {},
  ): Promise<SecureRequestPayloads["register"]> {
    const { device, publicKey } = account;
    channel.device = device.id;
    const { relayKey = channel.binding.relayKey } = change;
    return await signRegistration(
      {
        publicKey,
        record: change.record ?? account.record.bytes,
        proof: change.proof,
      },
      { ...channel.binding, relayKey },
      change.signing ?? device.signing,
    );
  }

  /**
   * Registers a legacy client.
   *
   * @throws {Unprepared} if the legacy port isn't known
   */
  async legacyClient(
    publicKey: Uint8Array = randomKey(),
  ): Promise<LegacyClient> {
    return await this.#prepare("register a legacy client", async () => {
      const name = randomName();
      const response = await this.#askLegacy(registration(name, {}, publicKey));
      const { payload } = expectCode(response, responseCode.register);
      const { clientId } = responseCodecs.register.decode(payload);
      return { id: clientId, name, publicKey };
    });
  }

  /**
   * Makes a legacy request on a connection of its own.
   *
   * @throws {Unprepared} if the legacy port isn't known
   */
  async legacy<K extends RequestKind>(
    kind: K,
    payload: RequestPayloads[K],
    clientId: ClientId,
  ): Promise<WholeResponse> {
    return await this.#askLegacy(encodeRequest(kind, payload, { clientId }));
  }

  async #askLegacy(frame: Uint8Array): Promise<WholeResponse> {
    const { legacy } = this.#target;
    if (legacy === undefined) {
      throw new Unprepared(
        "it needs the server's legacy port: give it with --legacy HOST:PORT",
      );
    }
    const note = this.#noteOn(++this.#connections);
    using connection = new RawConnection(await this.#target.open(legacy));
    note({ direction: "request", note: "to the legacy port" }, frame);
    await connection.write(frame);
    const response = await inTime(
      takeResponse(connection.source).catch(() => undefined),
      this.timeout,
      undefined,
    );
    if (response === undefined) throw new NoResponse("a response", "none");
    note({ direction: "answer" }, response.bytes);
    this.#responses++;
    return response;
  }

  async #prepare<T>(what: string, work: () => Promise<T>): Promise<T> {
    const before = this.#prepares;
    this.#prepares = true;
    try {
      return await prepare(what, work);
    } finally {
      this.#prepares = before;
    }
  }

  /** Returns the check's accounts with empty mailboxes to the pool. */
  async giveBack(): Promise<void> {
    this.#notes = false;
    for (const { account, channel } of this.#taken) {
      try {
        const { lastSeq } = await channel.expect("fetch", fetching());
        await channel.expect("fetch", fetching({ acknowledged: lastSeq }));
        this.#channels.delete(channel);
        this.#pool.push({ account, channel });
      } catch (error) {
        // Its connection is closed: another check gets another account.
        if (!(error instanceof CheckFailure)) throw error;
      }
    }
  }

  /** Closes all connections. */
  close(): void {
    for (const channel of this.#channels) channel.close();
    for (const conn of this.#conns) closeConn(conn);
  }
}
