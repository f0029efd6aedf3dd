/**
 * The interface of stores to the secure protocol: accounts with records, their
 * devices, key packages and mailboxes (section 6 of docs/secure.md).
 *
 * @module
 */

import type { PackageKind } from "../../shared/secure/key_package.ts";
import {
  type AccountId,
  DEVICE_ID_SIZE,
  type DeviceId,
  type SendingState,
  type Seq,
  type Uid,
} from "../../shared/secure/secure_protocol.ts";
import type { MessageId, MessageType } from "../../shared/wire/protocol.ts";
import type { Quota, ResponseMemory, SendRefusal } from "./store.ts";

/** The device of messages that legacy clients send: zeros. */
export const NO_DEVICE: DeviceId = new Uint8Array(
  DEVICE_ID_SIZE,
) as Uint8Array as DeviceId;

/** Size in bytes of a message in a 4008 beside its content. */
export const MAIL_OVERHEAD = 69;

/** Bytes of the copies of a legacy message, beside the first one. */
const MOST_COPIED = 1024 * 1024;

/**
 * Whether a legacy message has too many bytes for an account of so many devices:
 * each of them gets a copy, so that a request writes as often what it carries.
 */
export function isTooLargeToCopy(size: number, devices: number): boolean {
  return size * (devices - 1) > MOST_COPIED;
}

/** A record as a store keeps it: its handler has verified it. */
export interface StoredRecord {
  /** The account. */
  account: AccountId;
  /** The version that the record tells. */
  version: number;
  /** I, 32 bytes. */
  identity: Uint8Array;
  /** The devices that the record tells, with their S of 32 bytes. */
  devices: readonly { id: DeviceId; signingKey: Uint8Array }[];
  /** The record as it was signed. */
  bytes: Uint8Array;
}

/** A secure account to register. */
export interface NewProfile {
  /** Its first record. */
  record: StoredRecord;
  /** The name that the record tells. */
  name: string;
  /** The RSA key for legacy senders, 160 bytes. */
  publicKey: Uint8Array;
  /**
   * Whether the account exists as a legacy one, and its owner has proved to have
   * its key: it must have this name and this RSA key, and no record. What waits
   * in its legacy inbox moves into the mailboxes of the record's devices.
   */
  isLift: boolean;
}

/** An account as a look-up tells it. */
export interface SecureAccount {
  /** The account. */
  account: AccountId;
  /** 160 bytes. */
  publicKey: Uint8Array;
  /** Its newest record; undefined for a legacy client. */
  record: Uint8Array | undefined;
}

/** A device as the relay knows it. */
export interface StoredDevice {
  /** Its account. */
  account: AccountId;
  /** S, 32 bytes. */
  signingKey: Uint8Array;
  /** Version of the account's newest record. */
  recordVersion: number;
}

/** What a device is told once it is authenticated. */
export interface DeviceState {
  /** The highest count that it ever told, this one included. */
  highestCount: number;
  /** Version of the account's newest record. */
  recordVersion: number;
  /** Single-use packages that wait. */
  singleUseLeft: number;
  /** Messages that wait in its mailbox. */
  waiting: number;
}

/** What is handed out of one device's packages. */
export interface ClaimedPackages {
  /** The device. */
  device: DeviceId;
  /** The newest weekly package, 1,309 bytes. */
  weekly: Uint8Array;
  /** A single-use package, deleted in the commit that hands it out. */
  single: Uint8Array | undefined;
}

/** A package to publish. */
export interface NewPackage {
  /** From 1, over both kinds. */
  number: number;
  /** Its kind. */
  kind: PackageKind;
  /** 1,309 bytes. */
  bytes: Uint8Array;
}

/** One sending: an envelope for each device of an account. */
export interface NewSending {
  /** The sender's device. */
  device: DeviceId;
  /** The sender's account. */
  sender: AccountId;
  /** Identifies the sending among those of the device. */
  uid: Uid;
  /** The device's count; each uid has one of its own. */
  count: number;
  /** SHA-256 of the request's payload. */
  digest: Uint8Array;
  /** The recipient's account. */
  account: AccountId;
  /** Version of the recipient's record that the sender knows. */
  recordVersion: number;
  /** Milliseconds for which it waits at most. */
  lifetime: number;
  /** An envelope for each device of that record. */
  envelopes: readonly { device: DeviceId; content: Uint8Array }[];
}

/** Result of a sending. */
export type SendingResult =
  /** Whether it was taken before, and the highest count that the device ever told. */
  | { wasTaken: boolean; highestCount: number }
  /** The record has a higher version, or other devices: the newest one. */
  | { otherDevices: Uint8Array }
  | {
    /**
     * - `unknown`: there is no such secure account, or the sender's device is
     *   in no newest record any more
     * - `closed`: the account was deleted
     * - `full`: a mailbox is
     * - `uid`: the uid is another sending's
     * - `count`: the count is another uid's
     */
    refused: "unknown" | "closed" | "full" | "uid" | "count";
  };

/** A message to a legacy client. */
export interface NewLegacySending {
  /** The sender's device. */
  device: DeviceId;
  /** The sender's account. */
  sender: AccountId;
  /** Identifies the sending among those of the device. */
  uid: Uid;
  /** SHA-256 of the request's payload. */
  digest: Uint8Array;
  /** The recipient. */
  target: AccountId;
  /** One of the four types. */
  type: MessageType;
  /** The encrypted content. */
  content: Uint8Array;
}

/** Result of a message to a legacy client. */
export type LegacySendingResult =
  | { id: MessageId }
  | { refused: SendRefusal | "secured" | "uid" };

/** A message in a mailbox. */
export interface Mail {
  /** Its position in the mailbox. */
  seq: Seq;
  /** The uid of its sending. */
  uid: Uid;
  /** The sender's account. */
  account: AccountId;
  /** The sender's device; zeros for a legacy message. */
  device: DeviceId;
  /** See `MailFlag`. */
  flags: number;
  /** When it arrived, in milliseconds since 1970. */
  arrived: number;
  /** Size in bytes of the whole content. */
  size: number;
  /** The content, or the start of a large one; {@linkcode SecureStore.restOfMail} reads the rest. */
  content: Uint8Array;
}

/** What waits in a mailbox. */
export interface MailBatch {
  /** The highest position that was ever given out in this mailbox. */
  lastSeq: Seq;
  /** The oldest messages. */
  mail: readonly Mail[];
}

/** What became of a sending. */
export interface SendingOutcome {
  /** The state. */
  state: SendingState;
  /** When it got there, in milliseconds since 1970; 0 where it is unknown. */
  time: number;
}

/**
 * Secure accounts. Every promise settles within bounded time, except that of
 * {@linkcode SecureStore.arrival}. A failed write has the outcomes that the
 * methods of `Store` name.
 */
export interface SecureStore {
  /**
   * Registers an account, or lifts a legacy one.
   *
   * @returns false if the name or the id is another's, or already has a record
   */
  register(profile: NewProfile, now: Date): Promise<boolean>;

  /** The account with a name or an id; undefined if there is none, `closed` if it was deleted. */
  lookUp(
    by: { name: string } | { account: AccountId },
  ): Promise<SecureAccount | "closed" | undefined>;

  /**
   * The newest record of an account, also of a deleted one; undefined if it has
   * none.
   */
  newestRecord(account: AccountId): Promise<Uint8Array | undefined>;

  /** The device with this id; undefined if it is in no newest record. */
  device(
    id: DeviceId,
  ): StoredDevice | undefined | Promise<StoredDevice | undefined>;

  /**
   * Notes that a device is there, and raises its highest count.
   *
   * @returns undefined if it is in no newest record any more
   */
  authenticated(
    id: DeviceId,
    count: number,
    now: Date,
  ): Promise<DeviceState | undefined>;

  /**
   * Puts a record in the place of the newest one, whose hash and version it must
   * follow. Devices that it lacks go with their packages and mail; a deleted
   * account opens again. The same record again is taken as replaced.
   *
   * @param previous the record that the handler compared it with
   * @returns false if another one is the newest, or a device's id is another's
   */
  replaceRecord(
    record: StoredRecord,
    previous: Uint8Array,
    now: Date,
  ): Promise<boolean>;

  /**
   * Hands out packages of an account's devices.
   *
   * @param withSingle whether single-use packages are handed out
   * @returns undefined if one of the devices isn't the account's, is told twice or
   * has no weekly package
   */
  claim(
    account: AccountId,
    devices: readonly DeviceId[],
    withSingle: boolean,
  ): Promise<readonly ClaimedPackages[] | undefined>;

  /**
   * Keeps packages of a device. Numbers up to the highest that was ever published
   * are skipped, so that a repeat can't bring back what was handed out.
   *
   * @param packages in the order of their numbers
   * @returns the number of single-use packages that wait
   */
  publish(
    device: DeviceId,
    packages: readonly NewPackage[],
  ): Promise<number>;

  /**
   * Stores a sending in the mailboxes of all devices, or in none. A sending that
   * was taken is taken once: the same uid and digest again change nothing.
   */
  send(sending: NewSending, quota: Quota, now: Date): Promise<SendingResult>;

  /**
   * Stores a message to a legacy client; a uid that was taken is taken once. What
   * becomes of it isn't followed: its outcome is unknown.
   */
  sendLegacy(
    sending: NewLegacySending,
    quota: Quota,
    now: Date,
  ): Promise<LegacySendingResult>;

  /**
   * Deletes the messages of a mailbox up to a position, and notes their sendings
   * as taken. A position above the last one deletes nothing.
   */
  acknowledge(device: DeviceId, upTo: Seq, now: Date): Promise<void>;

  /**
   * The oldest messages behind a position, as many as fit and at least one.
   *
   * @param most maximum size in bytes of all messages, with their overhead
   * @param memory reserves room for them before they are read. Default: none
   */
  mail(
    device: DeviceId,
    after: Seq,
    most: number,
    memory?: ResponseMemory,
  ): Promise<MailBatch>;

  /**
   * The rest of a large content, piece by piece.
   *
   * @throws {MessageGoneError} if the message was deleted meanwhile
   */
  restOfMail(device: DeviceId, mail: Mail): AsyncIterable<Uint8Array>;

  /**
   * Resolves once mail behind a position may have come in, here or at another
   * relay on the same store, or the signal is aborted. Many thousands may wait.
   */
  arrival(device: DeviceId, after: Seq, signal: AbortSignal): Promise<void>;

  /**
   * What became of sendings of a device, in the order of the uids: taken once one
   * device acknowledged it, expired once no envelope waits and none was
   * acknowledged.
   */
  outcomes(
    device: DeviceId,
    uids: readonly Uid[],
  ): Promise<readonly SendingOutcome[]>;

  /**
   * Deletes an account's mail, packages and devices. Its id and name stay taken.
   *
   * @returns false if there is no such account
   */
  deleteAccount(account: AccountId): Promise<boolean>;

  /**
   * Deletes the oldest messages whose lifetime is over, and those of legacy
   * clients that have waited for the retention. Forgets sendings whose outcome is
   * older than the retention.
   *
   * @param retention milliseconds
   * @param most maximum number of messages and of sendings
   * @returns the number of both; 0 once there are no more
   */
  expire(retention: number, most: number, now: Date): Promise<number>;

  /** Approximate number of messages in all mailboxes. */
  countMail(): Promise<number>;
}
