/**
 * What a relay keeps of secure accounts, as the model of the fuzz knows it.
 *
 * @module
 */

import { equals } from "@std/bytes";
import { expect } from "../failure.ts";
import type { Fields, ReadPackage, ReadRecord } from "./reading.ts";

/** A message in a mailbox. */
interface Mail {
  readonly uid: string;
  readonly from: Device;
  readonly flags: number;
  readonly content: Uint8Array;
}

/** A mailbox. */
export class Box {
  /** Highest seq that was given out. */
  last = 0;
  /** Messages, oldest first. */
  waiting: (Mail & { seq: number })[] = [];
  /** Uids that were acknowledged. */
  readonly acknowledged = new Set<string>();

  /** A sending was taken. */
  put(mail: Mail): void {
    this.waiting.push({ ...mail, seq: ++this.last });
  }

  /** What is acknowledged goes; a seq above the last acknowledges nothing (BOX-4). */
  acknowledge(upTo: number): void {
    if (upTo > this.last) return;
    for (const { seq, uid, from } of this.waiting) {
      if (seq <= upTo) this.acknowledged.add(`${from.id} ${uid}`);
    }
    this.waiting = this.waiting.filter(({ seq }) => seq > upTo);
  }

  /** Holds the next message of a 4008 against the one that has to be there. */
  check(index: number, told: Fields): void {
    const mail = this.waiting[index];
    const seq = told.u64();
    expect(mail?.seq === seq, `seq ${mail?.seq}`, `${seq}`);
    if (mail === undefined) return;
    const uid = told.id();
    const account = told.id();
    const device = told.id();
    const flags = told.u8();
    told.u64();
    const content = told.sized();
    expect(
      uid === mail.uid && account === mail.from.account.record.account &&
        device === mail.from.id && flags === mail.flags &&
        equals(content, mail.content),
      `the message with uid ${mail.uid}`,
      `${uid} of ${content.length} bytes`,
    );
  }
}

/** A device in a newest record. */
export class Device {
  /** Its mailbox. */
  readonly box = new Box();
  /** Counts that its uids have. */
  readonly counts = new Set<number>();
  /** Its sendings by uid, with the mailboxes that they went to. */
  readonly sent = new Map<
    string,
    { digest: string; boxes: readonly Box[] | undefined }
  >();
  /** Single-use packages that wait, by number. */
  readonly singles = new Map<number, Uint8Array>();
  /** The newest weekly package. */
  weekly: ReadPackage | undefined;
  #highest = 0;
  #mostHighest = 0;
  #published = 0;

  /** @param s its Ed25519 key */
  constructor(
    readonly id: string,
    readonly account: Account,
    readonly s: Uint8Array,
  ) {}

  /** It told a count that the relay keeps. */
  told(count: number): void {
    this.#highest = Math.max(this.#highest, count);
    this.mayHaveTold(count);
  }

  /** It told a count in a request that was refused. */
  mayHaveTold(count: number): void {
    this.#mostHighest = Math.max(this.#mostHighest, count);
  }

  /** Holds a highest count against those that it told (CNT-3). */
  checkHighest(told: number): void {
    const [least, most] = [this.#highest, this.#mostHighest];
    expect(told >= least && told <= most, `${least} to ${most}`, `${told}`);
  }

  /** A package is kept, unless its number isn't new (PBL-2). */
  publish(made: ReadPackage): void {
    if (made.number <= this.#published) return;
    this.#published = made.number;
    const bytes = made.bytes.slice();
    if (made.isSingle) this.singles.set(made.number, bytes);
    else this.weekly = { ...made, bytes };
  }

  /** Holds a number of single-use packages against those that wait. */
  checkSingles(told: number): void {
    const { size } = this.singles;
    expect(told === size, `${size} single-use packages`, `${told}`);
  }

  /** One of them was handed out, which happens once. */
  handOut(bytes: Uint8Array): void {
    const found = [...this.singles].find(([, known]) => equals(known, bytes));
    expect(found !== undefined, "a package that waits", "another");
    if (found !== undefined) this.singles.delete(found[0]);
  }

  /** The states that a sending may have (OUT-1). */
  stateOf(uid: string): readonly number[] {
    const sending = this.sent.get(uid);
    if (sending === undefined) return [4];
    const { boxes } = sending;
    // The legacy protocol tells no outcome.
    if (boxes === undefined) return [4];
    const key = `${this.id} ${uid}`;
    return boxes.some((box) => box.acknowledged.has(key)) ? [2] : [1, 3];
  }
}

/** An account. */
export interface Account {
  record: ReadRecord;
  isClosed: boolean;
  devices: Map<string, Device>;
}

/** All accounts, and the ids of devices. */
export class Accounts {
  /** Names of legacy clients by their ids. */
  readonly legacy = new Map<string, string>();
  readonly #byId = new Map<string, Account>();
  readonly #claims = new Map<string, number>();

  /** Another claim of a device, or of one from an account; how many there were. */
  claimed(device: string, account = ""): number {
    const key = `${device} ${account}`;
    const count = 1 + (this.#claims.get(key) ?? 0);
    this.#claims.set(key, count);
    return count;
  }

  /** All of them. */
  get all(): readonly Account[] {
    return [...this.#byId.values()];
  }

  /** The account with an id. */
  byId(id: string): Account | undefined {
    return this.#byId.get(id);
  }

  /** The account with a name. */
  byName(name: string): Account | undefined {
    return this.all.find(({ record }) => record.name === name);
  }

  /** A device in the newest record of an open account. */
  device(id: string): Device | undefined {
    for (const { isClosed, devices } of this.#byId.values()) {
      const device = devices.get(id);
      if (device !== undefined && !isClosed) return device;
    }
    return undefined;
  }

  /** Whether a record's name, id or a device is another's (ENR-3). */
  isTaken({ account, name, devices }: ReadRecord): boolean {
    return this.#byId.has(account) || this.legacy.has(account) ||
      this.byName(name) !== undefined ||
      [...this.legacy.values()].includes(name) ||
      this.all.some((known) => sharesDevice(known, devices));
  }

  /** An account is registered. */
  add(record: ReadRecord): void {
    const account: Account = {
      record: kept(record),
      isClosed: false,
      devices: new Map(),
    };
    this.#byId.set(record.account, account);
    this.#takeDevices(account);
  }

  /** Whether devices have other keys than they had, or are another's (RPL-3). */
  hasOtherKeys(account: Account, record: ReadRecord): boolean {
    const changed = [...record.devices].some(([id, { s, d }]) => {
      const before = account.record.devices.get(id);
      return before !== undefined && !(equals(before.s, s) && before.d === d);
    });
    return changed ||
      this.all.some((other) =>
        other !== account && sharesDevice(other, record.devices)
      );
  }

  /** A record takes the place of the one before. */
  replace(account: Account, record: ReadRecord): void {
    account.record = kept(record);
    if (account.isClosed) account.devices = new Map();
    account.isClosed = false;
    this.#takeDevices(account);
  }

  /** An account is deleted. */
  close(account: Account): void {
    account.isClosed = true;
  }

  #takeDevices(account: Account): void {
    const { devices } = account;
    for (const id of devices.keys()) {
      if (!account.record.devices.has(id)) devices.delete(id);
    }
    for (const [id, { s }] of account.record.devices) {
      if (!devices.has(id)) devices.set(id, new Device(id, account, s));
    }
  }
}

const sharesDevice = (
  { record }: Account,
  devices: ReadRecord["devices"],
): boolean => [...devices.keys()].some((id) => record.devices.has(id));

/** A record in bytes of its own: a stream's are used again. */
function kept(record: ReadRecord): ReadRecord {
  const devices = new Map(
    [...record.devices].map(([id, { s, d }]) => [id, { s: s.slice(), d }]),
  );
  return { ...record, bytes: record.bytes.slice(), devices };
}
