import {
  type DeviceId,
  SendingState,
} from "../../../shared/secure/secure_protocol.ts";
import type { ClientId, MessageId } from "../../../shared/wire/protocol.ts";
import { CommitFigures } from "../commit_figures.ts";
import type { Mail, NewPackage, StoredRecord } from "../secure_store.ts";
import {
  type NewClient,
  type NewMessage,
  type Quota,
  refusalOf,
  type SendResult,
} from "../store.ts";

/** A registered user with its inbox. */
export interface User extends NewClient {
  position: number;
  lastSeen: Date;
  /** The last id that was given out. */
  lastId: number;
  /** Bytes of all contents that wait. */
  bytes: number;
  /** What waits, in the order of its ids. */
  inbox: Map<number, Message>;
  /** The newest record of an account of the secure protocol; it stays when the account is deleted. */
  record: StoredRecord | undefined;
  /** Whether the account is deleted. */
  isClosed: boolean;
}

/** A waiting message. */
export interface Message extends NewMessage {
  id: MessageId;
  /** On the clock of `performance.now()`. */
  arrived: number;
}

/** A device of a newest record, with its mailbox. */
export interface Device {
  id: DeviceId;
  account: ClientId;
  signingKey: Uint8Array;
  /** The highest count that it told. */
  count: number;
  /** The highest number of a package that was published. */
  lastPackage: number;
  weekly: Uint8Array | undefined;
  /** Single-use packages in the order of their numbers. */
  single: NewPackage[];
  /** The last position that was given out. */
  lastSeq: number;
  /** Bytes of all contents that wait. */
  bytes: number;
  /** What waits, by position, the oldest first. */
  mailbox: Map<number, KeptMail>;
  /** What it sent, by uid. */
  sendings: Map<string, Sending>;
}

/** A message in a mailbox. */
export interface KeptMail extends Mail {
  /** When its lifetime is over, in milliseconds since 1970; undefined for a legacy message. */
  expires: number | undefined;
}

/** What is known of a sending. */
export interface Sending {
  digest: Uint8Array;
  /** Undefined for a message to a legacy client. */
  count: number | undefined;
  /** Id of a message to a legacy client. */
  legacyId: MessageId | undefined;
  state: SendingState;
  /** When it got there. */
  time: number;
  /** Number of envelopes that wait. */
  left: number;
}

/** What a memory store keeps. */
export class MemoryTables {
  readonly commits: CommitFigures = new CommitFigures();
  readonly users: Map<string, User> = new Map();
  readonly names: Map<string, User> = new Map();
  readonly devices: Map<string, Device> = new Map();
  /** Of all inboxes, in the order of arrival. */
  readonly messages: Set<Message> = new Set();
  /** By position. */
  ordered: User[] = [];
  #lastPosition = 0;

  find(id: ClientId): User | undefined {
    return this.users.get(id.toHex());
  }

  device(id: DeviceId): Device | undefined {
    return this.devices.get(id.toHex());
  }

  add(client: NewClient, now: Date): User {
    const user: User = {
      id: client.id.slice() as Uint8Array as ClientId,
      name: client.name,
      publicKey: client.publicKey.slice(),
      position: ++this.#lastPosition,
      lastSeen: now,
      lastId: 0,
      bytes: 0,
      inbox: new Map(),
      record: undefined,
      isClosed: false,
    };
    this.users.set(user.id.toHex(), user);
    this.names.set(user.name, user);
    this.ordered.push(user);
    return user;
  }

  /** Deletes a user; what waits for it is deleted before. */
  remove(user: User): void {
    this.users.delete(user.id.toHex());
    this.names.delete(user.name);
    this.ordered = this.ordered.filter((other) => other !== user);
  }

  /** Stores a message in an inbox. */
  keep(user: User, message: NewMessage, quota: Quota): SendResult {
    const { lastId, bytes, inbox: { size: messages } } = user;
    const { length } = message.content;
    const refused = refusalOf({ lastId, messages, bytes }, length, quota);
    if (refused !== undefined) return { refused };
    const kept: Message = {
      id: ++user.lastId as MessageId,
      recipient: user.id,
      sender: message.sender.slice() as Uint8Array as ClientId,
      type: message.type,
      content: message.content.slice(),
      arrived: performance.now(),
    };
    user.bytes += length;
    user.inbox.set(kept.id, kept);
    this.messages.add(kept);
    return { id: kept.id };
  }

  /** Deletes a message in an inbox. */
  drop(user: User, message: Message): void {
    user.inbox.delete(message.id);
    user.bytes -= message.content.length;
    this.messages.delete(message);
  }

  /** Deletes a message in a mailbox, and notes what became of its sending. */
  dropMail(
    device: Device,
    mail: KeptMail,
    state: SendingState,
    time: number,
  ): void {
    device.mailbox.delete(mail.seq);
    device.bytes -= mail.size;
    const sending = this.device(mail.device)?.sendings.get(mail.uid.toHex());
    if (sending === undefined) return;
    sending.left--;
    if (sending.state !== SendingState.Waits) return;
    const isSettled = state === SendingState.Taken || sending.left === 0;
    if (isSettled) Object.assign(sending, { state, time });
  }

  /**
   * Deletes a device with its packages and mail, and forgets its sendings.
   *
   * @returns the number of messages deleted
   */
  removeDevice(id: DeviceId): number {
    const device = this.device(id);
    if (device === undefined) return 0;
    const { size } = device.mailbox;
    for (const mail of device.mailbox.values()) {
      this.dropMail(device, mail, SendingState.Expired, Date.now());
    }
    this.devices.delete(id.toHex());
    return size;
  }

  /** Nothing can fail, and nothing is waited for. */
  commit<T>(write: () => T): Promise<T> {
    const begin = performance.now();
    const result = write();
    this.commits.record(1, performance.now() - begin);
    return Promise.resolve(result);
  }
}
