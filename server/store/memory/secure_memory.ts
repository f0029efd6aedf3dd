import { concat, equals } from "@std/bytes";
import { PackageKind } from "../../../shared/secure/key_package.ts";
import {
  type AccountId,
  type DeviceId,
  drawUid,
  MailFlag,
  SendingState,
  type Seq,
  type Uid,
} from "../../../shared/secure/secure_protocol.ts";
import {
  type ClientId,
  MAX_MESSAGE_ID,
  type MessageId,
  type MessageType,
} from "../../../shared/wire/protocol.ts";
import { MailWaiters } from "../mail_waiters.ts";
import {
  type ClaimedPackages,
  type DeviceState,
  isTooLargeToCopy,
  type LegacySendingResult,
  type Mail,
  MAIL_OVERHEAD,
  type MailBatch,
  type NewLegacySending,
  type NewPackage,
  type NewProfile,
  type NewSending,
  NO_DEVICE,
  type SecureAccount,
  type SecureStore,
  type SendingOutcome,
  type SendingResult,
  type StoredDevice,
  type StoredRecord,
} from "../secure_store.ts";
import {
  isFull,
  type Quota,
  type ResponseMemory,
  restOf,
  type SendResult,
} from "../store.ts";
import { PART_SIZE } from "../store_rows.ts";
import type {
  Device,
  KeptMail,
  MemoryTables,
  Sending,
  User,
} from "./tables.ts";

/** The secure accounts of a memory store. */
export class MemorySecureStore implements SecureStore {
  readonly #tables: MemoryTables;
  readonly #waiters = new MailWaiters();

  constructor(tables: MemoryTables) {
    this.#tables = tables;
  }

  register(profile: NewProfile, now: Date): Promise<boolean> {
    return this.#tables.commit(() => {
      const { record, name, publicKey, isLift } = profile;
      const areNew = record.devices.every(({ id }) =>
        this.#tables.device(id) === undefined
      );
      const known = this.#tables.find(record.account);
      if (!areNew || (known !== undefined) !== isLift) return false;
      if (known === undefined) {
        if (this.#tables.names.has(name)) return false;
        const client = { id: record.account, name, publicKey };
        this.#keepRecord(this.#tables.add(client, now), record);
        return true;
      }
      const isTheirs = known.name === name &&
        equals(known.publicKey, publicKey);
      if (!isTheirs || known.record !== undefined) return false;
      this.#keepRecord(known, record);
      this.#moveInbox(known, now);
      return true;
    });
  }

  #keepRecord(user: User, record: StoredRecord): void {
    user.record = {
      ...record,
      identity: record.identity.slice(),
      bytes: record.bytes.slice(),
    };
    user.isClosed = false;
    for (const { id, signingKey } of record.devices) {
      if (this.#tables.device(id) !== undefined) continue;
      this.#tables.devices.set(id.toHex(), {
        id: id.slice() as Uint8Array as DeviceId,
        account: user.id,
        signingKey: signingKey.slice(),
        count: 0,
        lastPackage: 0,
        weekly: undefined,
        single: [],
        lastSeq: 0,
        bytes: 0,
        mailbox: new Map(),
        sendings: new Map(),
      });
    }
  }

  #moveInbox(user: User, now: Date): void {
    for (const message of user.inbox.values()) {
      const arrived = now.getTime() - (performance.now() - message.arrived);
      const { sender, type, content } = message;
      this.#putLegacy(user, sender, type, content, Math.round(arrived));
      this.#tables.drop(user, message);
    }
  }

  /** Stores a message of a legacy client in the mailboxes of a secure account. */
  keepLegacy(
    user: User,
    { sender, type, content }: {
      sender: ClientId;
      type: MessageType;
      content: Uint8Array;
    },
    quota: Quota,
  ): SendResult {
    if (user.isClosed) return { refused: "unknown_target" };
    if (user.lastId >= MAX_MESSAGE_ID) return { refused: "ids_used_up" };
    const devices = this.#devicesOf(user);
    const size = content.length + 1;
    const hasRoom = !isTooLargeToCopy(size, devices.length) &&
      devices.every((device) => !isMailboxFull(device, size, quota));
    if (!hasRoom) return { refused: "inbox_full" };
    this.#putLegacy(user, sender, type, content, Date.now());
    return { id: ++user.lastId as MessageId };
  }

  #putLegacy(
    user: User,
    sender: ClientId,
    type: number,
    content: Uint8Array,
    arrived: number,
  ): void {
    const uid = drawUid();
    for (const device of this.#devicesOf(user)) {
      this.#put(device, {
        uid,
        account: sender,
        device: NO_DEVICE,
        flags: MailFlag.Legacy,
        arrived,
        content: concat([new Uint8Array([type]), content]),
        expires: undefined,
      });
    }
  }

  #put(device: Device, mail: Omit<KeptMail, "seq" | "size">): void {
    const seq = ++device.lastSeq as Seq;
    const size = mail.content.length;
    device.mailbox.set(seq, { ...mail, seq, size });
    device.bytes += size;
    this.#waiters.wake(device.id);
  }

  #devicesOf({ record }: User): Device[] {
    return (record?.devices ?? [])
      .flatMap(({ id }) => this.#tables.device(id) ?? []);
  }

  lookUp(
    by: { name: string } | { account: AccountId },
  ): Promise<SecureAccount | "closed" | undefined> {
    const user = "name" in by
      ? this.#tables.names.get(by.name)
      : this.#tables.find(by.account);
    if (user === undefined) return Promise.resolve(undefined);
    if (user.isClosed) return Promise.resolve("closed");
    const { id: account, publicKey, record } = user;
    return Promise.resolve({ account, publicKey, record: record?.bytes });
  }

  newestRecord(account: AccountId): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#tables.find(account)?.record?.bytes);
  }

  device(id: DeviceId): Promise<StoredDevice | undefined> {
    const device = this.#tables.device(id);
    if (device === undefined) return Promise.resolve(undefined);
    const { account, signingKey } = device;
    const recordVersion = this.#versionOf(account);
    return Promise.resolve({ account, signingKey, recordVersion });
  }

  #versionOf(account: AccountId): number {
    return this.#tables.find(account)?.record?.version ?? 0;
  }

  authenticated(
    id: DeviceId,
    count: number,
    now: Date,
  ): Promise<DeviceState | undefined> {
    return this.#tables.commit(() => {
      const device = this.#tables.device(id);
      const user = device && this.#tables.find(device.account);
      if (device === undefined || user === undefined) return undefined;
      user.lastSeen = now;
      device.count = Math.max(device.count, count);
      return {
        highestCount: device.count,
        recordVersion: this.#versionOf(device.account),
        singleUseLeft: device.single.length,
        waiting: device.mailbox.size,
      };
    });
  }

  replaceRecord(
    record: StoredRecord,
    previous: Uint8Array,
  ): Promise<boolean> {
    return this.#tables.commit(() => {
      const user = this.#tables.find(record.account);
      const newest = user?.record;
      if (user === undefined || newest === undefined) return false;
      if (equals(newest.bytes, record.bytes)) return !user.isClosed;
      const follows = equals(newest.bytes, previous) &&
        record.version > newest.version &&
        (!user.isClosed || equals(newest.identity, record.identity));
      const areFree = record.devices.every(({ id, signingKey }) => {
        const device = this.#tables.device(id);
        return device === undefined ||
          equals(device.account, user.id) &&
            equals(device.signingKey, signingKey);
      });
      if (!follows || !areFree) return false;
      for (const { id } of newest.devices) {
        const stays = record.devices.some((other) => equals(other.id, id));
        if (!stays) this.#tables.removeDevice(id);
      }
      this.#keepRecord(user, record);
      return true;
    });
  }

  claim(
    account: AccountId,
    devices: readonly DeviceId[],
    withSingle: boolean,
  ): Promise<readonly ClaimedPackages[] | undefined> {
    return this.#tables.commit(() => {
      const isEachOnce = new Set(devices.map((id) => id.toHex())).size ===
        devices.length;
      const found = devices.flatMap((id) => {
        const device = this.#tables.device(id);
        const weekly = device?.weekly;
        if (device === undefined || weekly === undefined) return [];
        return equals(device.account, account) ? { device, weekly } : [];
      });
      if (!isEachOnce || found.length < devices.length) return undefined;
      return found.map(({ device, weekly }) => ({
        device: device.id,
        weekly,
        single: withSingle ? device.single.shift()?.bytes : undefined,
      }));
    });
  }

  publish(
    id: DeviceId,
    packages: readonly NewPackage[],
  ): Promise<number> {
    return this.#tables.commit(() => {
      const device = this.#tables.device(id);
      if (device === undefined) return 0;
      for (const { number, kind, bytes } of packages) {
        if (number <= device.lastPackage) continue;
        device.lastPackage = number;
        const kept = bytes.slice();
        if (kind === PackageKind.Weekly) device.weekly = kept;
        else device.single.push({ number, kind, bytes: kept });
      }
      return device.single.length;
    });
  }

  send(
    sending: NewSending,
    quota: Quota,
    now: Date,
  ): Promise<SendingResult> {
    return this.#tables.commit((): SendingResult => {
      const { uid, digest, count } = sending;
      const sender = this.#tables.device(sending.device);
      const user = this.#tables.find(sending.account);
      if (sender === undefined) return { refused: "unknown" };
      const before = sender.sendings.get(uid.toHex());
      if (before !== undefined) {
        if (!equals(before.digest, digest)) return { refused: "uid" };
        return { wasTaken: true, highestCount: sender.count };
      }
      if (user?.record === undefined) return { refused: "unknown" };
      if (user.isClosed) return { refused: "closed" };
      const { record } = user;
      if (!isForAll(record, sending)) return { otherDevices: record.bytes };
      const hasRoom = sending.envelopes.every(({ device: id, content }) => {
        const device = this.#tables.device(id);
        return device && !isMailboxFull(device, content.length, quota);
      });
      if (!hasRoom) return { refused: "full" };
      if (isCountUsed(sender, count)) return { refused: "count" };
      sender.count = Math.max(sender.count, count);
      sender.sendings.set(uid.toHex(), {
        digest: digest.slice(),
        count,
        legacyId: undefined,
        state: SendingState.Waits,
        time: now.getTime(),
        left: sending.envelopes.length,
      });
      this.#putEnvelopes(sending, now.getTime());
      return { wasTaken: false, highestCount: sender.count };
    });
  }

  #putEnvelopes(sending: NewSending, arrived: number): void {
    const { uid, sender, lifetime, envelopes } = sending;
    for (const { device: id, content } of envelopes) {
      const device = this.#tables.device(id);
      if (device === undefined) continue;
      this.#put(device, {
        uid: uid.slice() as Uint8Array as Uid,
        account: sender.slice() as Uint8Array as AccountId,
        device: sending.device.slice() as Uint8Array as DeviceId,
        flags: 0,
        arrived,
        content: content.slice(),
        expires: arrived + lifetime,
      });
    }
  }

  sendLegacy(
    sending: NewLegacySending,
    quota: Quota,
    now: Date,
  ): Promise<LegacySendingResult> {
    return this.#tables.commit((): LegacySendingResult => {
      const { uid, digest, target, sender, type, content } = sending;
      const device = this.#tables.device(sending.device);
      const before = device?.sendings.get(uid.toHex());
      if (before !== undefined) {
        const { legacyId: id } = before;
        const isSame = id !== undefined && equals(before.digest, digest);
        return isSame ? { id } : { refused: "uid" };
      }
      const user = this.#tables.find(target);
      if (device === undefined || user === undefined || user.isClosed) {
        return { refused: "unknown_target" };
      }
      if (user.record !== undefined) return { refused: "secured" };
      const message = { recipient: target, sender, type, content };
      const result = this.#tables.keep(user, message, quota);
      if ("refused" in result) return result;
      device.sendings.set(uid.toHex(), {
        digest: digest.slice(),
        count: undefined,
        legacyId: result.id,
        state: SendingState.Unknown,
        time: now.getTime(),
        left: 0,
      });
      return result;
    });
  }

  acknowledge(id: DeviceId, upTo: Seq, now: Date): Promise<void> {
    return this.#tables.commit(() => {
      const device = this.#tables.device(id);
      if (device === undefined || upTo > device.lastSeq) return;
      for (const mail of device.mailbox.values()) {
        if (mail.seq > upTo) break;
        const { Taken } = SendingState;
        this.#tables.dropMail(device, mail, Taken, now.getTime());
      }
    });
  }

  async mail(
    id: DeviceId,
    after: Seq,
    most: number,
    memory?: ResponseMemory,
  ): Promise<MailBatch> {
    const found = this.#oldest(id, after, most);
    if (memory?.tryReserve(found.bytes) ?? true) return found.batch;
    await memory?.reserve(found.bytes);
    // There is room for so much, whatever has changed meanwhile.
    return this.#oldest(id, after, found.bytes).batch;
  }

  #oldest(
    id: DeviceId,
    after: Seq,
    most: number,
  ): { batch: MailBatch; bytes: number } {
    const device = this.#tables.device(id);
    const mail: Mail[] = [];
    let bytes = 0;
    for (const { expires: _, ...kept } of device?.mailbox.values() ?? []) {
      if (kept.seq <= after) continue;
      const isTooMuch = bytes + kept.size + MAIL_OVERHEAD > most;
      if (mail.length > 0 && isTooMuch) break;
      const content = kept.content.subarray(0, PART_SIZE);
      bytes += content.length + MAIL_OVERHEAD;
      mail.push({ ...kept, content });
      if (isTooMuch) break;
    }
    const lastSeq = (device?.lastSeq ?? 0) as Seq;
    return { batch: { lastSeq, mail }, bytes };
  }

  restOfMail(id: DeviceId, mail: Mail): AsyncIterable<Uint8Array> {
    return restOf(mail, (part) => {
      const at = part * PART_SIZE;
      return this.#tables.device(id)?.mailbox.get(mail.seq)?.content
        .subarray(at, at + PART_SIZE);
    });
  }

  arrival(id: DeviceId, after: Seq, signal: AbortSignal): Promise<void> {
    const { lastSeq = 0 } = this.#tables.device(id) ?? {};
    if (lastSeq > after) return Promise.resolve();
    return this.#waiters.wait(id, signal);
  }

  outcomes(
    id: DeviceId,
    uids: readonly Uid[],
  ): Promise<readonly SendingOutcome[]> {
    const sendings = this.#tables.device(id)?.sendings;
    return Promise.resolve(uids.map((uid) => {
      const sending = sendings?.get(uid.toHex());
      return sending === undefined || sending.legacyId !== undefined
        ? { state: SendingState.Unknown, time: 0 }
        : { state: sending.state, time: sending.time };
    }));
  }

  deleteAccount(account: AccountId): Promise<boolean> {
    return this.#tables.commit(() => {
      const user = this.#tables.find(account);
      if (user?.record === undefined) return false;
      for (const { id } of user.record.devices) this.#tables.removeDevice(id);
      user.isClosed = true;
      return true;
    });
  }

  expire(retention: number, most: number, now: Date): Promise<number> {
    return this.#tables.commit(() => {
      const time = now.getTime();
      const before = time - retention;
      return this.#expireMail(time, before, most) +
        this.#forgetSendings(before, most);
    });
  }

  #expireMail(now: number, before: number, most: number): number {
    const dueAt = ({ expires, arrived }: KeptMail) =>
      expires ?? arrived + (now - before);
    const due = [...this.#tables.devices.values()].flatMap((device) =>
      [...device.mailbox.values()]
        .filter((mail) => dueAt(mail) <= now)
        .map((mail) => ({ device, mail }))
    ).sort((a, b) => dueAt(a.mail) - dueAt(b.mail)).slice(0, most);
    for (const { device, mail } of due) {
      this.#tables.dropMail(device, mail, SendingState.Expired, now);
    }
    return due.length;
  }

  #forgetSendings(before: number, most: number): number {
    const due = [...this.#tables.devices.values()].flatMap(({ sendings }) =>
      [...sendings].filter(([_, sending]) => isOver(sending, before))
        .map(([uid]) => ({ sendings, uid }))
    ).slice(0, most);
    for (const { sendings, uid } of due) sendings.delete(uid);
    return due.length;
  }

  countMail(): Promise<number> {
    let count = 0;
    for (const { mailbox } of this.#tables.devices.values()) {
      count += mailbox.size;
    }
    return Promise.resolve(count);
  }
}

function isMailboxFull(device: Device, size: number, quota: Quota): boolean {
  const { mailbox: { size: messages }, bytes } = device;
  return isFull({ messages, bytes }, size, quota);
}

/** Whether a sending knows the newest record, and has an envelope for each of its devices. */
function isForAll(
  { version, devices }: StoredRecord,
  { recordVersion, envelopes }: NewSending,
): boolean {
  const told = new Set(envelopes.map(({ device }) => device.toHex()));
  return recordVersion === version && envelopes.length === devices.length &&
    devices.every(({ id }) => told.has(id.toHex()));
}

function isCountUsed(device: Device, count: number): boolean {
  if (count > device.count) return false;
  for (const sending of device.sendings.values()) {
    if (sending.count === count) return true;
  }
  return false;
}

function isOver({ state, time }: Sending, before: number): boolean {
  return state !== SendingState.Waits && time <= before;
}
