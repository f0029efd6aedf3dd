/**
 * What a relay has to keep and to answer on its secure port, by docs/secure.md.
 *
 * @module
 */

import { equals } from "@std/bytes";
import { expect, FuzzFailure } from "../failure.ts";
import { type Account, Accounts, type Box, type Device } from "./accounts.ts";
import {
  Fields,
  hashOf,
  isSigned,
  label,
  PACKAGE,
  readPackageAgain,
  type ReadRecord,
  readRecordAgain,
  type ReadRequest,
  sizes,
} from "./reading.ts";

/** Reasons of refusals. */
const FORM = 1;
const NOT_AUTHENTICATED = 2;
const UNKNOWN = 3;
const TAKEN = 4;
const FULL = 6;
const OTHER_DEVICES = 5;
const TOO_LARGE = 7;
const TOO_OFTEN = 8;
const OLDER = 9;
const CLOSED = 10;
const COUNT_USED = 12;
const REFUSAL = 4999;

/** Bytes of the largest payload before a 4003 (STA-3). */
const EARLY = 64 * 1024;
/** Devices that an account may have. */
const MOST_DEVICES = 8;
/** Claims of a device that are answered in a minute, and of an account in an hour. */
const CLAIMS = 20;
const SINGLES = 10;

/** Whether a nonce is used up; a request of no form may have done so. */
type Used = "no" | "maybe" | "yes";

/** What the model knows of a connection. */
export interface Channel {
  /** The relay's key. */
  readonly relayKey: Uint8Array;
  /** Bytes of the largest payload after a 4003. */
  readonly largest: number;
  /** The nonce of the last 4000. */
  nonce: Uint8Array | undefined;
  /** Whether a 3001 or 3003 has used the nonce up, and a 3002 (STA-6). */
  used: Record<"signature" | "challenge", Used>;
  /** The device that is authenticated, in hex. */
  device: string | undefined;
}

/** What a request may be answered with. */
export interface Expectation {
  /** Reasons that hold: one of them must be told. */
  readonly must: readonly number[];
  /** Reasons that may be told beside. */
  readonly may?: readonly number[];
  /** Whether the relay ends the connection then. */
  readonly ends?: boolean;
  /** Works what is granted into the model; throws where the response is wrong. */
  readonly granted?: (payload: Uint8Array) => void;
}

/** One request with its payload, on a connection. */
interface Asked {
  readonly channel: Channel;
  readonly header: string;
  readonly fields: Fields;
  readonly payload: Uint8Array;
}

type Handler = (asked: Asked) => Expectation;

const refused = (...must: number[]): Expectation => ({ must });

/** The state of a relay, as its secure port shows it. */
export class SecureModel {
  /** What is registered. */
  readonly accounts = new Accounts();

  /** What a whole request is to be answered with; its effects follow the response. */
  expected(channel: Channel, request: ReadRequest): Expectation {
    const { code, device, size, payload } = request;
    const isIn = channel.device !== undefined;
    if (size > (isIn ? channel.largest : EARLY)) {
      return { must: [TOO_LARGE], ends: true };
    }
    if (payload === undefined) throw new Error("Expected a whole request");
    const reasons: number[] = [];
    const [handler, isOpen] = this.#handlers[code] ?? [];
    if (handler === undefined) reasons.push(FORM);
    const isServed = code === 3000 || isIn ||
      channel.nonce !== undefined && (isOpen ?? false);
    if (!isServed) reasons.push(NOT_AUTHENTICATED);
    if (isIn && device !== channel.device) reasons.push(NOT_AUTHENTICATED);
    const isGone = isIn &&
      this.accounts.device(channel.device ?? "") === undefined;
    const sound = handler?.({
      channel,
      header: device,
      fields: new Fields(payload),
      payload,
    });
    // A device that has left may greet, and is then another connection's affair.
    if (isGone && code !== 3000) {
      return {
        must: [...reasons, NOT_AUTHENTICATED, ...sound?.must ?? []],
        may: sound?.may ?? [],
      };
    }
    if (reasons.length > 0) {
      return { must: [...reasons, ...sound?.must ?? []] };
    }
    return sound ?? refused(FORM);
  }

  /**
   * Holds a response against what was expected.
   *
   * @throws {FuzzFailure} where it is another
   */
  settle(
    request: ReadRequest,
    { must, may = [], granted }: Expectation,
    { code, payload }: { code: number; payload: Uint8Array },
  ): void {
    const got = code === REFUSAL ? `a refusal with ${payload[0]}` : `a ${code}`;
    const wanted = must.length > 0 ? `a refusal with ${must}` : "its response";
    const asked = `${wanted} for a ${request.code}`;
    if (code === REFUSAL) {
      const reason = payload[0] ?? 0;
      expect(must.includes(reason) || may.includes(reason), asked, got);
      expect(
        reason === OTHER_DEVICES || payload.length === 6,
        "no detail",
        `${payload.length - 6} bytes`,
      );
      return;
    }
    expect(must.length === 0 && code === request.code + 1000, asked, got);
    granted?.(payload);
  }

  /** Handlers by code, and whether they serve a greeted connection. */
  readonly #handlers: Readonly<Record<number, readonly [Handler, boolean]>> = {
    3000: [(asked) => this.#hello(asked), true],
    3001: [(asked) => this.#register(asked), true],
    3002: [(asked) => this.#challenge(asked), true],
    3003: [(asked) => this.#authenticate(asked), true],
    3004: [(asked) => this.#lookUp(asked), false],
    3005: [(asked) => this.#claim(asked), false],
    3006: [(asked) => this.#publish(asked), false],
    3007: [(asked) => this.#send(asked), false],
    3008: [(asked) => this.#fetch(asked), false],
    3009: [(asked) => this.#replace(asked), true],
    3010: [(asked) => this.#outcome(asked), false],
    3011: [(asked) => this.#sendLegacy(asked), false],
    3012: [(asked) => this.#delete(asked), false],
    3013: [
      ({ payload }) => payload.length > 0 ? refused(FORM) : sound(),
      false,
    ],
  };

  #hello({ channel, fields }: Asked): Expectation {
    const least = fields.u8();
    const most = fields.u8();
    fields.u32();
    if (!fields.whole || least > 1 || most < 1) return refused(FORM);
    return sound((payload) => {
      const told = new Fields(payload);
      expect(told.u8() === 1, "version 1", "another");
      told.u32();
      expect(
        equals(told.take(sizes.KEY), channel.relayKey),
        "the relay's key",
        "another",
      );
      const nonce = told.take(sizes.KEY).slice();
      told.u64();
      expect(told.u32() === channel.largest, `${channel.largest}`, "another");
      told.take(5);
      expect(told.whole, "86 bytes", `${payload.length}`);
      expect(
        channel.nonce === undefined || !equals(channel.nonce, nonce),
        "a new nonce",
        "the same",
      );
      channel.nonce = nonce;
      channel.used = { signature: "no", challenge: "no" };
    });
  }

  /** Uses the nonce up; reasons to refuse over its earlier use. */
  #use(
    channel: Channel,
    of: keyof Channel["used"],
    isWhole: boolean,
  ): { must: number[]; may: number[] } {
    const was = channel.used[of];
    if (channel.nonce !== undefined && was !== "yes") {
      channel.used[of] = isWhole ? "yes" : "maybe";
    }
    if (!isWhole) return { must: [FORM], may: [] };
    return {
      must: was === "yes" ? [NOT_AUTHENTICATED] : [],
      may: was === "maybe" ? [NOT_AUTHENTICATED] : [],
    };
  }

  #register({ channel, header, fields, payload }: Asked): Expectation {
    fields.take(sizes.RSA);
    const record = readRecordAgain(fields.sized());
    fields.sized();
    if (fields.u8(1) === 1) fields.take(sizes.KEY);
    const signature = fields.take(sizes.SIGNATURE);
    const { must: reasons, may } = this.#use(
      channel,
      "signature",
      fields.whole,
    );
    if (!fields.whole) return refused(FORM);
    const { nonce = new Uint8Array() } = channel;
    const device = record?.devices.get(header);
    if (record === undefined || device === undefined) {
      return refused(...reasons, FORM);
    }
    const hash = Uint8Array.fromHex(
      hashOf(payload.subarray(0, -sizes.SIGNATURE)),
    );
    const signed = label("MessageU register 1", channel.relayKey, nonce, hash);
    if (!isSigned(device.s, signature, signed)) reasons.push(NOT_AUTHENTICATED);
    if (this.accounts.isTaken(record)) reasons.push(TAKEN);
    if (reasons.length > 0) return refused(...reasons);
    const granted = (payload: Uint8Array) => {
      expect(payload.toHex() === record.account, record.account, "another");
      this.accounts.add(record);
    };
    return { must: [], may, granted };
  }

  #challenge({ channel, fields }: Asked): Expectation {
    const id = fields.id();
    const { must: reasons, may } = this.#use(
      channel,
      "challenge",
      fields.whole,
    );
    if (!fields.whole) return refused(FORM);
    if (this.accounts.byId(id) !== undefined) reasons.push(TAKEN);
    else if (!this.accounts.legacy.has(id)) reasons.push(UNKNOWN);
    return reasons.length > 0 ? refused(...reasons) : { must: [], may };
  }

  #authenticate({ channel, header, fields }: Asked): Expectation {
    const count = fields.u64();
    fields.u32();
    const signature = fields.take(sizes.SIGNATURE);
    const { must: reasons, may } = this.#use(
      channel,
      "signature",
      fields.whole,
    );
    if (!fields.whole) return refused(FORM);
    const { nonce = new Uint8Array() } = channel;
    const device = this.accounts.device(header);
    if (device === undefined) return refused(...reasons, UNKNOWN, 2);
    const counted = new Uint8Array(8);
    new DataView(counted.buffer).setBigUint64(0, BigInt(count), true);
    const signed = label(
      "MessageU auth 1",
      channel.relayKey,
      nonce,
      Uint8Array.fromHex(header),
      counted,
    );
    if (!isSigned(device.s, signature, signed)) reasons.push(NOT_AUTHENTICATED);
    if (reasons.length > 0) return refused(...reasons);
    const granted = (payload: Uint8Array) => {
      channel.device = header;
      device.told(count);
      const told = new Fields(payload);
      device.checkHighest(told.u64());
      const version = told.u32();
      expect(
        version === device.account.record.version,
        `version ${device.account.record.version}`,
        `${version}`,
      );
      device.checkSingles(told.u16());
      const waiting = told.u32();
      expect(
        waiting === device.box.waiting.length,
        `${device.box.waiting.length} waiting`,
        `${waiting}`,
      );
    };
    return { must: [], may, granted };
  }

  #lookUp({ fields }: Asked): Expectation {
    const isId = fields.u8(1) === 1;
    const field = fields.take(isId ? sizes.ID : sizes.NAME);
    if (!fields.whole) return refused(FORM);
    const end = field.indexOf(0);
    const isName = end > 0 &&
      field.subarray(0, end).every((byte) => byte >= 0x20 && byte <= 0x7e);
    if (!isId && !isName) return { must: [FORM, UNKNOWN] };
    const name = String.fromCharCode(...field.subarray(0, end));
    const found = isId
      ? this.accounts.byId(field.toHex())
      : this.accounts.byName(name);
    if (found?.isClosed) return refused(CLOSED);
    if (found === undefined) {
      const isLegacy = isId
        ? this.accounts.legacy.has(field.toHex())
        : [...this.accounts.legacy.values()].includes(name);
      return isLegacy ? sound() : refused(UNKNOWN);
    }
    return sound((payload) => {
      const told = new Fields(payload);
      const id = told.id();
      told.take(sizes.RSA);
      const record = told.sized();
      expect(
        told.whole && id === found.record.account &&
          equals(record, found.record.bytes),
        `the record of ${found.record.name}`,
        "another",
      );
    });
  }

  #claim({ channel, fields }: Asked): Expectation {
    const id = fields.id();
    const ids: string[] = [];
    while (fields.more) ids.push(fields.id());
    if (!fields.whole) return refused(FORM);
    const account = this.accounts.byId(id);
    const { device: requester = "" } = channel;
    const often = this.accounts.claimed(requester) > CLAIMS ? [TOO_OFTEN] : [];
    // The relay counts also what it refuses then.
    const claims = this.accounts.claimed(requester, id);
    // A device twice, or none at all, has no use.
    if (new Set(ids).size < ids.length) {
      return { must: [FORM, UNKNOWN], may: often };
    }
    if (ids.length === 0) return { must: [], may: [FORM, UNKNOWN, ...often] };
    if (account === undefined || account.isClosed) {
      return { must: [UNKNOWN, CLOSED], may: often };
    }
    const devices = ids.map((id) => account.devices.get(id));
    if (devices.some((device) => device?.weekly === undefined)) {
      return { must: [UNKNOWN], may: often };
    }
    return {
      must: [],
      may: often,
      granted: (payload) => this.#claimed(payload, devices, claims > SINGLES),
    };
  }

  #claimed(
    payload: Uint8Array,
    devices: readonly (Device | undefined)[],
    mayLack: boolean,
  ): void {
    const told = new Fields(payload);
    for (const device of devices) {
      if (device === undefined) throw new FuzzFailure("3", "packages");
      expect(told.id() === device.id, device.id, "another device");
      const weekly = told.take(PACKAGE);
      expect(
        device.weekly !== undefined && equals(weekly, device.weekly.bytes),
        "the newest weekly package",
        "another",
      );
      if (told.u8(1) === 0) {
        expect(
          mayLack || device.singles.size === 0,
          "a single-use package",
          "none",
        );
      } else device.handOut(told.take(PACKAGE));
    }
    expect(told.whole, "a package of each device", `${payload.length} bytes`);
  }

  #publish({ channel, fields }: Asked): Expectation {
    const device = this.accounts.device(channel.device ?? "");
    const packages = [];
    while (fields.more) packages.push(fields.take(PACKAGE));
    if (!fields.whole || device === undefined) return refused(FORM);
    const read = packages.map((bytes) =>
      readPackageAgain(bytes, device.id, device.s)
    );
    if (read.includes(undefined)) return refused(FORM);
    return sound((payload) => {
      for (const made of read) if (made !== undefined) device.publish(made);
      device.checkSingles(new Fields(payload).u16());
    });
  }

  #send({ channel, fields, payload }: Asked): Expectation {
    const device = this.accounts.device(channel.device ?? "");
    const uid = fields.id();
    const count = fields.u64();
    const target = fields.id();
    const version = fields.u32();
    fields.u32();
    const envelopes: [string, Uint8Array][] = [];
    while (fields.more) envelopes.push([fields.id(), fields.sized()]);
    if (!fields.whole || device === undefined) return refused(FORM);
    const digest = hashOf(payload);
    const known = device.sent.get(uid);
    if (known?.digest === digest) {
      return sound((payload) => taken(device, payload, 2));
    }
    const account = this.accounts.byId(target);
    const ids = envelopes.map(([id]) => id).sort();
    const reasons = [
      ...known === undefined ? [] : [TAKEN],
      ...device.counts.has(count) ? [COUNT_USED] : [],
      ...account === undefined ? [UNKNOWN] : [],
      ...account?.isClosed ? [CLOSED] : [],
    ];
    const isExact = account?.record.version === version &&
      ids.join() === [...account.devices.keys()].sort().join();
    if (account !== undefined && !isExact) reasons.push(OTHER_DEVICES);
    if (reasons.length > 0) {
      device.mayHaveTold(count);
      return refused(...reasons);
    }
    return sound((payload) => {
      device.counts.add(count);
      device.told(count);
      taken(device, payload, 1);
      const boxes: Box[] = [];
      for (const [id, content] of envelopes) {
        const box = account?.devices.get(id)?.box;
        if (box === undefined) continue;
        boxes.push(box);
        box.put({ uid, from: device, flags: 0, content: content.slice() });
      }
      device.sent.set(uid, { digest, boxes });
    });
  }

  #fetch({ channel, fields }: Asked): Expectation {
    const device = this.accounts.device(channel.device ?? "");
    const acknowledged = fields.u64();
    fields.u16();
    const most = fields.u32();
    if (!fields.whole || device === undefined) return refused(FORM);
    return sound((payload) => {
      const { box } = device;
      box.acknowledge(acknowledged);
      const told = new Fields(payload);
      told.u64();
      const last = told.u64();
      expect(last === box.last, `last seq ${box.last}`, `${last}`);
      let handed = 0;
      for (; told.more; handed++) box.check(handed, told);
      expect(told.whole, "whole messages", `${payload.length} bytes`);
      const expected = box.waiting.length;
      expect(
        handed > 0 || expected === 0,
        `at least one of ${expected} messages`,
        "none",
      );
      expect(
        handed <= 1 || payload.length <= most + 16,
        `${most} bytes`,
        `${payload.length}`,
      );
    });
  }

  #replace({ channel, fields }: Asked): Expectation {
    const record = readRecordAgain(fields.sized());
    const signatures: Uint8Array[] = [];
    while (fields.more) signatures.push(fields.take(sizes.SIGNATURE));
    if (!fields.whole || record === undefined) return refused(FORM);
    const account = this.accounts.byId(record.account);
    if (account === undefined) return refused(UNKNOWN);
    if (equals(account.record.bytes, record.bytes)) {
      return { must: [], may: [FORM], granted: checkVersion(record) };
    }
    const reasons = this.#replaceReasons(account, record);
    const { nonce = new Uint8Array() } = channel;
    const added = [...record.devices].filter(([id]) =>
      !account.record.devices.has(id)
    );
    const hash = Uint8Array.fromHex(hashOf(record.bytes));
    const said = label("MessageU device 1", channel.relayKey, nonce, hash);
    const isSignedByAll = added.length === signatures.length &&
      added.every(([, { s }], i) =>
        isSigned(s, signatures[i] ?? new Uint8Array(), said)
      );
    if (!isSignedByAll) reasons.push(FORM, NOT_AUTHENTICATED);
    if (reasons.length > 0) return refused(...reasons);
    return sound((payload) => {
      checkVersion(record)(payload);
      this.accounts.replace(account, record);
    });
  }

  #replaceReasons(account: Account, record: ReadRecord): number[] {
    const known = account.record;
    const isNext = record.version === known.version + 1;
    const isConsented = record.identity === known.identity
      ? record.old === undefined
      : record.old === known.identity;
    return [
      ...record.name !== known.name ? [FORM] : [],
      ...record.version <= known.version ? [OLDER] : [],
      ...isNext && record.previous !== hashOf(known.bytes) ? [OLDER] : [],
      ...isConsented ? [] : [TAKEN, FORM],
      ...this.accounts.hasOtherKeys(account, record) ? [TAKEN] : [],
      ...record.devices.size > MOST_DEVICES ? [FULL] : [],
    ];
  }

  #outcome({ channel, fields }: Asked): Expectation {
    const device = this.accounts.device(channel.device ?? "");
    const uids: string[] = [];
    while (fields.more) uids.push(fields.id());
    if (!fields.whole || device === undefined) return refused(FORM);
    return sound((payload) => {
      const told = new Fields(payload);
      for (const uid of uids) {
        expect(told.id() === uid, uid, "another uid");
        const state = told.u8();
        const time = told.u64();
        const wanted = device.stateOf(uid);
        expect(
          wanted.includes(state) && (state === 4) === (time === 0),
          `state ${wanted}`,
          `${state} since ${time}`,
        );
      }
      expect(told.whole, "nothing more", `${told.left} bytes`);
    });
  }

  #sendLegacy({ channel, fields, payload }: Asked): Expectation {
    const device = this.accounts.device(channel.device ?? "");
    const uid = fields.id();
    const target = fields.id();
    const type = fields.u8(4);
    fields.sized();
    const isForm = fields.whole && type >= 1;
    if (!isForm || device === undefined) return refused(FORM);
    const digest = hashOf(payload);
    const known = device.sent.get(uid);
    if (known?.digest === digest) return sound();
    const reasons = known === undefined ? [] : [TAKEN];
    const account = this.accounts.byId(target);
    if (account?.isClosed) reasons.push(CLOSED, OTHER_DEVICES, UNKNOWN);
    else if (account !== undefined) reasons.push(OTHER_DEVICES);
    else if (!this.accounts.legacy.has(target)) reasons.push(UNKNOWN);
    if (reasons.length > 0) return refused(...reasons);
    return sound(() => device.sent.set(uid, { digest, boxes: undefined }));
  }

  #delete({ channel, fields }: Asked): Expectation {
    const device = this.accounts.device(channel.device ?? "");
    const signature = fields.take(sizes.SIGNATURE);
    if (!fields.whole || device === undefined) return refused(FORM);
    const { account } = device;
    const { nonce = new Uint8Array() } = channel;
    const signed = label(
      "MessageU delete 1",
      channel.relayKey,
      nonce,
      Uint8Array.fromHex(account.record.account),
    );
    const identity = Uint8Array.fromHex(account.record.identity);
    return isSigned(identity, signature, signed)
      ? sound(() => this.accounts.close(account))
      : refused(NOT_AUTHENTICATED);
  }
}

function sound(granted: (payload: Uint8Array) => void = () => {}): Expectation {
  return { must: [], granted };
}

function checkVersion({ version }: ReadRecord) {
  return (payload: Uint8Array) => {
    const told = new Fields(payload).u32();
    expect(told === version, `version ${version}`, `${told}`);
  };
}

/** A 4007: whether it was taken before, and the device's highest count. */
function taken(device: Device, payload: Uint8Array, wanted: number): void {
  const told = new Fields(payload);
  const was = told.u8();
  expect(was === wanted, `taken ${wanted}`, `${was}`);
  device.checkHighest(told.u64());
}
