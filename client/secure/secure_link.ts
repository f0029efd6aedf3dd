/**
 * The authenticated connection of a device to one of its relays, made anew where
 * it breaks.
 *
 * @module
 */

import { equals } from "@std/bytes";
import type { Environment } from "../../shared/cli/environment.ts";
import { type Address, formatAddress } from "../../shared/folder/info_files.ts";
import {
  type AccountRecord,
  problemBehind,
  readRecord,
} from "../../shared/secure/account_record.ts";
import type {
  SecureRequestKind,
  SecureRequestPayloads,
  SecureResponsePayloads,
} from "../../shared/secure/secure_requests.ts";
import { FormatError } from "../../shared/wire/format_error.ts";
import { ConnectionError, FolderCopiedError, UserError } from "../errors.ts";
import { Relays } from "../link/relays.ts";
import { refuseAddedRoots } from "./channel.ts";
import { OwnAccount } from "./own_account.ts";
import { type PinnedRelay, SecureConnection } from "./secure_connection.ts";

/** Milliseconds before the second attempt; each later wait is twice as long. */
const FIRST_WAIT = 250;
/** The longest wait between two attempts in milliseconds. */
const LONGEST_WAIT = 30_000;
/** Attempts of a request where the connection breaks. */
const ATTEMPTS = 3;

/** Returns the relays, which share a store. */
export type LocateSecure = () =>
  | readonly PinnedRelay[]
  | Promise<readonly PinnedRelay[]>;

/** How often a request is tried. */
export interface Patience {
  /** Attempts where connections break. Default: 3 */
  attempts?: number;
  /** Ends the waits between attempts. */
  signal?: AbortSignal;
}

/** State of the device at the relay, as it told it when the device authenticated. */
type DeviceState = SecureResponsePayloads["authenticate"];

/** Connects to relays with pinned keys. */
export class SecureRelays {
  readonly #locate: LocateSecure;
  readonly #environment: Environment | undefined;
  readonly #relays: Relays;

  /** @param environment variables of the process. Default: read from it */
  constructor(locate: LocateSecure, environment?: Environment) {
    this.#locate = locate;
    this.#environment = environment;
    this.#relays = new Relays(locate);
  }

  /**
   * Connects to the first relay that responds to a hello.
   *
   * @throws {RelayKeyError} if one shows another key than the pinned ones
   * @throws {NoConnectionError} if none can be reached
   */
  async connect(): Promise<SecureConnection> {
    refuseAddedRoots(this.#environment);
    const relays = await this.#locate();
    return await this.#relays.reach(true, (connected) => {
      const pinned = pinnedAt(connected.address, relays);
      if (pinned !== undefined) {
        return SecureConnection.over(connected, pinned.keys);
      }
      connected.conn.close();
      // The lines changed between the two looks.
      throw new ConnectionError(
        `${
          formatAddress(connected.address)
        } isn't a relay of this folder any more`,
        "Try again",
      );
    });
  }
}

function pinnedAt(
  address: Address,
  relays: readonly PinnedRelay[],
): PinnedRelay | undefined {
  const name = formatAddress(address);
  return relays.find((relay) => formatAddress(relay) === name);
}

/** Requests of the folder's device. */
export class SecureLink implements Disposable {
  readonly #relays: SecureRelays;
  readonly #own: OwnAccount;
  #connecting: Promise<SecureConnection> | undefined;
  #state: DeviceState | undefined;
  #closed = false;

  constructor(relays: SecureRelays, own: OwnAccount) {
    this.#relays = relays;
    this.#own = own;
  }

  /** The relay's state of the device when it last authenticated; connects if it hasn't. */
  async state(): Promise<DeviceState> {
    await this.connected();
    if (this.#state !== undefined) return this.#state;
    throw new Error("Expected the device to be authenticated");
  }

  /** The authenticated connection. @throws {UserError} if there can't be one */
  connected(): Promise<SecureConnection> {
    if (this.#closed) throw new UserError("The client is being closed");
    if (this.#own.row().copied !== undefined) throw new FolderCopiedError();
    const connecting = this.#connecting ??= this.#connect();
    // The next request tries again.
    connecting.catch(() => this.#drop(connecting));
    return connecting;
  }

  /**
   * Sends a request; where the connection breaks, the same one again.
   *
   * @throws {RefusedError} if the relay refuses
   * @throws {ConnectionError} if connections break each time
   */
  async request<K extends SecureRequestKind>(
    kind: K,
    payload: SecureRequestPayloads[K],
    { attempts = ATTEMPTS, signal }: Patience = {},
  ): Promise<SecureResponsePayloads[K]> {
    for (let attempt = 1;; attempt++) {
      const connecting = this.connected();
      try {
        return await (await connecting).request(kind, payload);
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error;
        await this.#abandon(connecting);
        if (this.#closed || attempt >= attempts) throw error;
        await wait(attempt, signal);
        if (signal?.aborted) throw error;
      }
    }
  }

  /**
   * Compares a count that the relay told with the store's (CNT-6).
   *
   * @throws {FolderCopiedError} if a copy of the folder counts, too
   */
  checkCount(told: number): void {
    if (told > this.#own.row().count) throw this.#own.noteCopied();
  }

  /** Closes the connection. */
  close(): void {
    this.#closed = true;
    const connecting = this.#connecting;
    this.#connecting = undefined;
    connecting?.then((connection) => connection.close(), () => {});
  }

  /** Closes the connection, see {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #connect(): Promise<SecureConnection> {
    const row = this.#own.row();
    const device = await OwnAccount.deviceOf(row);
    const { version } = await this.#own.record();
    const connection = await this.#relays.connect();
    try {
      const state = await connection.authenticate(device, row.count, version);
      this.checkCount(state.highestCount);
      await this.#agreeOnRecord(connection, state.recordVersion, version);
      this.#state = state;
      connection.keepAlive();
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Publishes the own record where the relay has an older one; else takes the newer one (AUT-4). */
  async #agreeOnRecord(
    connection: SecureConnection,
    told: number,
    own: number,
  ): Promise<void> {
    if (told === own) return;
    const record = await this.#own.record();
    if (told < own) {
      // The relay's record has this device, since it has authenticated it.
      await connection.request("record", {
        record: record.bytes,
        signatures: [],
      });
      return;
    }
    const by = { account: record.account };
    const response = await connection.request("lookUp", { by });
    const newest = await readNewer(record, response.record, told);
    const { device } = this.#own.row();
    if (!newest.devices.some(({ id }) => equals(id, device))) {
      throw ownRecordAlarm("this device isn't in it");
    }
    this.#own.replaceRecord(newest.bytes);
  }

  async #abandon(connecting: Promise<SecureConnection>): Promise<void> {
    this.#drop(connecting);
    const connection = await connecting.catch(() => undefined);
    connection?.close();
  }

  #drop(connecting: Promise<SecureConnection>): void {
    if (this.#connecting === connecting) this.#connecting = undefined;
  }
}

/**
 * Reads a record of the own account that is newer than the known one.
 *
 * @param version what the relay told of it
 * @throws {UserError} if it can't be
 */
async function readNewer(
  known: AccountRecord,
  told: Uint8Array,
  version: number,
): Promise<AccountRecord> {
  let newest: AccountRecord;
  try {
    newest = await readRecord(told);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw ownRecordAlarm(`malformed record: ${error.message}`);
  }
  const problem = newest.version < version
    ? "older version"
    : await problemBehind(known, newest);
  if (problem === undefined) return newest;
  throw ownRecordAlarm(problem);
}

function ownRecordAlarm(problem: string): UserError {
  return new UserError(
    `WARNING: THE RELAY TELLS A RECORD OF YOUR ACCOUNT THAT ISN'T YOURS: ${problem}`,
    "Nothing is sent. Another program may have your identity.key, or the relay forges records",
  );
}

/** Waits before the attempt that follows; many clients don't come back at once. */
function wait(attempt: number, signal: AbortSignal | undefined): Promise<void> {
  const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1));
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, longest * (0.5 + Math.random() / 2));
  const end = () => {
    clearTimeout(timer);
    resolve();
  };
  if (signal?.aborted) end();
  signal?.addEventListener("abort", end, { once: true });
  return promise.finally(() => signal?.removeEventListener("abort", end));
}
