/** What every store owes the secure protocol: one suite, which each kind runs. */

import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import { concat } from "@std/bytes";
import { PART_SIZE } from "../../../server/store/store_rows.ts";
import type { StoreKind } from "../../../server/store/store_kind.ts";
import { storeKinds } from "../../../server/store/store_kinds.ts";
import {
  MAIL_OVERHEAD,
  NO_DEVICE,
} from "../../../server/store/secure_store.ts";
import {
  type Mail,
  MessageGoneError,
  type NewSending,
  type Store,
} from "../../../server/mod.ts";
import { PackageKind } from "../../../shared/secure/key_package.ts";
import {
  type AccountId,
  type DeviceId,
  drawUid,
  MailFlag,
  SendingState,
  type Seq,
} from "../../../shared/secure/secure_protocol.ts";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import {
  anna,
  ben,
  cora,
  deviceOf,
  legacyOf,
  NOW,
  numberOf,
  packageOf,
  type Person,
  profileOf,
  recordOf,
  sendingOf,
} from "../../support/stores/secure_accounts.ts";
import {
  type StoreCheck,
  storeTest,
} from "../../support/stores/store_kinds.ts";

const NO_QUOTA = { messages: 0, bytes: 0 };
const ALL = 1_000_000;
/** A content that doesn't stand in one row. */
const LARGE = new Uint8Array(2_500_000).map((_, i) => i % 251);
const START = 0 as Seq;
const bytes = (...values: number[]) => new Uint8Array(values);
const later = (ms: number) => new Date(NOW.getTime() + ms);

/** Registers secure accounts. */
async function enter(store: Store, ...people: Person[]): Promise<void> {
  for (const person of people) {
    assertEquals(await store.secure.register(profileOf(person), NOW), true);
  }
}

/** Registers legacy clients. */
async function enterLegacy(store: Store, ...people: Person[]): Promise<void> {
  for (const { account: id, name, publicKey } of people) {
    assertEquals(await store.register({ id, name, publicKey }, NOW), true);
  }
}

const send = (store: Store, sending: NewSending, quota = NO_QUOTA) =>
  store.secure.send(sending, quota, NOW);

async function sendAll(store: Store, sendings: NewSending[]): Promise<void> {
  for (const sending of sendings) {
    const result = await send(store, sending);
    assert("wasTaken" in result && !result.wasTaken);
  }
}

const sendLegacy = (
  store: Store,
  from: ClientId,
  to: Person,
  content: Uint8Array,
  quota = NO_QUOTA,
) =>
  store.send({ recipient: to.account, sender: from, type: 3, content }, quota);

const mailOf = async (store: Store, device: DeviceId, after = START) =>
  (await store.secure.mail(device, after, ALL)).mail;

/** The first bytes of what waits in a mailbox. */
const firsts = async (store: Store, device: DeviceId) =>
  (await mailOf(store, device)).map(({ content }) => content[0]);

async function wholeOf(
  store: Store,
  device: DeviceId,
  mail: Mail,
): Promise<Uint8Array> {
  const pieces = [mail.content];
  for await (const piece of store.secure.restOfMail(device, mail)) {
    pieces.push(piece.slice());
  }
  return concat(pieces);
}

const statesOf = async (
  store: Store,
  { device }: Person,
  ...of: NewSending[]
) =>
  (await store.secure.outcomes(device, of.map(({ uid }) => uid)))
    .map(({ state }) => state);

/** Anna's account with a second device. */
const SECOND = deviceOf(0xa2);
const both = (first: Uint8Array, second: Uint8Array) =>
  [[anna.device, first], [SECOND, second]] as const;
const enterTwo = async (store: Store) => {
  const profile = profileOf(anna, { devices: [anna.device, SECOND] });
  assertEquals(await store.secure.register(profile, NOW), true);
  await enter(store, ben);
};

function secureContract(kind: StoreKind): void {
  const withStore = (name: string, check: StoreCheck) =>
    storeTest(kind, `secure: ${name}`, check);

  withStore("an account is registered once", async (store, reopen) => {
    await enterLegacy(store, ben);
    const first = profileOf(anna, { version: 7 });
    assertEquals(await store.secure.register(first, NOW), true);
    const { account, name, publicKey, device } = anna;
    const refused = [
      first,
      profileOf({ ...cora, name }),
      profileOf({ ...cora, account }),
      profileOf({ ...cora, device }),
      profileOf({ ...cora, name: "ben" }),
      profileOf({ ...cora, account: ben.account }),
      profileOf(cora, { isLift: true }),
    ];
    for (const profile of refused) {
      assertEquals(await store.secure.register(profile, NOW), false);
    }
    assertEquals(
      await store.register({ id: cora.account, name, publicKey }, NOW),
      false,
    );
    store = await reopen();
    const { bytes: record } = first.record;
    for (const by of [{ name }, { account }]) {
      assertEquals(await store.secure.lookUp(by), {
        account,
        publicKey,
        record,
      });
    }
    assertEquals(await store.secure.lookUp({ name: "ben" }), {
      account: ben.account,
      publicKey: ben.publicKey,
      record: undefined,
    });
    assertEquals(await store.secure.lookUp({ name: "cora" }), undefined);
    assertEquals(await store.secure.lookUp(cora), undefined);
    assertEquals(await store.secure.newestRecord(account), record);
    assertEquals(await store.secure.newestRecord(ben.account), undefined);
    assertEquals(await store.secure.device(device), {
      account,
      signingKey: first.record.devices[0]?.signingKey ?? bytes(),
      recordVersion: 7,
    });
    assertEquals(await store.secure.device(ben.device), undefined);
    // To legacy clients it is one of them.
    assertEquals(await store.registeredId({ name, publicKey }), account);
    assertEquals(await store.publicKey(account), publicKey);
    const clients = await store.clients(0, 9);
    assertEquals(clients.map(({ name }) => name), ["ben", "anna"]);
    assertEquals((await store.requester(account))?.isSecured, true);
    assertEquals((await store.requester(ben.account))?.isSecured, false);
  });

  withStore("a legacy account is lifted by its key", async (store, reopen) => {
    await enter(store, ben);
    await enterLegacy(store, anna, cora);
    assertEquals((await store.requester(anna.account))?.isSecured, false);
    await sendLegacy(store, cora.account, anna, bytes(1, 2));
    await sendLegacy(store, ben.account, anna, LARGE);
    await sendLegacy(store, cora.account, anna, bytes());
    assertEquals(await store.secure.countMail(), 0);
    const lift = profileOf(anna, { isLift: true });
    const refused = [
      profileOf(anna),
      { ...lift, name: "Anna" },
      { ...lift, publicKey: ben.publicKey },
      profileOf({ ...anna, device: ben.device }, { isLift: true }),
      profileOf(ben, { isLift: true }),
    ];
    for (const profile of refused) {
      assertEquals(await store.secure.register(profile, NOW), false);
    }
    assertEquals(await store.secure.register(lift, NOW), true);
    assertEquals(await store.secure.register(lift, NOW), false);
    assertEquals((await store.requester(anna.account))?.isSecured, true);
    assertEquals(await store.countWaiting(), 0);
    assertEquals(await store.secure.countMail(), 3);
    assertEquals(
      await store.waiting(anna.account, { bytes: ALL, perMessage: 25 }),
      [],
    );
    // Its ids go on.
    assertEquals<unknown>(
      await sendLegacy(store, cora.account, anna, bytes(9)),
      { id: 4 },
    );
    store = await reopen();
    const all: Mail[] = [];
    for (
      let rest;
      (rest = await mailOf(store, anna.device, all.at(-1)?.seq)).length > 0;
    ) {
      all.push(...rest);
    }
    assertEquals(all.map(({ seq }) => Number(seq)), [1, 2, 3, 4]);
    assertEquals(
      all.map(({ account, device, flags }) => [account, device, flags]),
      [cora, ben, cora, cora].map(({ account }) => [
        account,
        NO_DEVICE,
        MailFlag.Legacy,
      ]),
    );
    assertEquals(new Set(all.map(({ uid }) => uid.toHex())).size, 4);
    const contents = [];
    for (const one of all) {
      contents.push(await wholeOf(store, anna.device, one));
    }
    const moved = [bytes(1, 2), LARGE, bytes(), bytes(9)];
    assertEquals(contents, moved.map((content) => concat([bytes(3), content])));
    assertEquals(all.map(({ size }) => size), [3, LARGE.length + 1, 1, 2]);
    assertEquals<unknown>(
      await sendLegacy(store, cora.account, anna, bytes(9)),
      { id: 5 },
    );
    await store.secure.acknowledge(anna.device, 5 as Seq, NOW);
    assertEquals(await mailOf(store, anna.device), []);
  });

  withStore("a record follows the newest one", async (store, reopen) => {
    await enterTwo(store);
    const first = recordOf(anna, 1, [anna.device, SECOND]);
    const replace = (record: typeof first, previous = first) =>
      store.secure.replaceRecord(record, previous.bytes, NOW);
    const third = deviceOf(0xa3);
    const next = recordOf(anna, 2, [anna.device, third]);
    const [firstDevice, ...devices] = next.devices;
    assert(firstDevice !== undefined);
    const otherKey = { ...firstDevice, signingKey: new Uint8Array(32) };
    const refused = [
      replace(next, recordOf(anna, 1)),
      replace(recordOf(anna, 1, [third])),
      replace(recordOf(anna, 2, [ben.device])),
      replace({ ...next, devices: [otherKey, ...devices] }),
      replace(recordOf(cora, 2)),
    ];
    assertEquals(
      await Promise.all(refused),
      refused.map(() => false),
    );
    await store.secure.publish(SECOND, [packageOf(1, PackageKind.Weekly)]);
    const sending = sendingOf(ben, anna, both(bytes(1), LARGE));
    await sendAll(store, [sending]);
    await store.secure.acknowledge(anna.device, 1 as Seq, NOW);
    const gone = sendingOf(ben, anna, both(bytes(2), bytes(3)));
    await sendAll(store, [gone]);
    assertEquals(await store.secure.countMail(), 3);
    assertEquals(await replace(next), true);
    assertEquals(await replace(next), true);
    assertEquals(await replace(recordOf(anna, 3), first), false);
    store = await reopen();
    assertEquals(await store.secure.device(SECOND), undefined);
    assertEquals(await store.secure.authenticated(SECOND, 1, NOW), undefined);
    assertEquals(await mailOf(store, SECOND), []);
    assertEquals(await firsts(store, anna.device), [2]);
    assertEquals(await store.secure.countMail(), 1);
    assertEquals(
      await store.secure.claim(anna.account, [SECOND], true),
      undefined,
    );
    assertEquals(
      (await store.secure.device(third))?.recordVersion,
      2,
    );
    assertEquals(await mailOf(store, third), []);
    const { Taken, Waits, Expired } = SendingState;
    assertEquals(await statesOf(store, ben, sending, gone), [Taken, Waits]);
    const last = recordOf(anna, 3, [third]);
    assertEquals(
      await store.secure.replaceRecord(last, next.bytes, NOW),
      true,
    );
    assertEquals(await statesOf(store, ben, gone), [Expired]);
    assertEquals(await store.secure.newestRecord(anna.account), last.bytes);
  });

  withStore("a device is told its state", async (store, reopen) => {
    await enter(store, anna, ben);
    const state = { recordVersion: 1, singleUseLeft: 0, waiting: 0 };
    const told = (count: number) =>
      store.secure.authenticated(anna.device, count, NOW);
    assertEquals(await told(0), { highestCount: 0, ...state });
    assertEquals(await told(2 ** 40), { highestCount: 2 ** 40, ...state });
    assertEquals(await told(3), { highestCount: 2 ** 40, ...state });
    await store.secure.publish(anna.device, [
      packageOf(1, PackageKind.Weekly),
      packageOf(2),
      packageOf(3),
    ]);
    // Under a count that isn't hers.
    await sendAll(store, [
      sendingOf(ben, anna, bytes(1), { count: 2 ** 41 }),
    ]);
    await sendLegacy(store, ben.account, anna, bytes(1));
    store = await reopen();
    assertEquals(await store.secure.authenticated(anna.device, 4, NOW), {
      highestCount: 2 ** 40,
      recordVersion: 1,
      singleUseLeft: 2,
      waiting: 2,
    });
    assertEquals(
      await store.secure.authenticated(cora.device, 1, NOW),
      undefined,
    );
  });

  withStore("packages are handed out once", async (store, reopen) => {
    await enterTwo(store);
    const { Weekly } = PackageKind;
    const claim = async (withSingle = true, ...devices: DeviceId[]) =>
      (await store.secure.claim(anna.account, devices, withSingle))
        ?.map(({ device, weekly, single }) => [
          device,
          numberOf(weekly),
          numberOf(single),
        ]);
    const first = [packageOf(1, Weekly), packageOf(2), packageOf(3)];
    assertEquals(await store.secure.publish(anna.device, first), 2);
    // A device without a weekly one, another account's, one that isn't there.
    for (const other of [SECOND, ben.device, cora.device]) {
      assertEquals(await claim(true, anna.device, other), undefined);
    }
    assertEquals(await store.secure.publish(SECOND, [packageOf(9, Weekly)]), 0);
    assertEquals(await claim(false, anna.device), [[
      anna.device,
      1,
      undefined,
    ]]);
    assertEquals(await claim(true, SECOND, anna.device), [
      [SECOND, 9, undefined],
      [anna.device, 1, 2],
    ]);
    // A repeat brings nothing back.
    assertEquals(await store.secure.publish(anna.device, first), 1);
    assertEquals(await claim(true, anna.device), [[anna.device, 1, 3]]);
    const more = [packageOf(3), packageOf(4), packageOf(6, Weekly)];
    assertEquals(await store.secure.publish(anna.device, more), 1);
    assertEquals(await store.secure.publish(anna.device, [packageOf(5)]), 1);
    assertEquals(await store.secure.publish(cora.device, first), 0);
    store = await reopen();
    assertEquals(await store.secure.publish(anna.device, [packageOf(4)]), 1);
    assertEquals(await claim(true, anna.device), [[anna.device, 6, 4]]);
    assertEquals(await claim(true, anna.device), [[
      anna.device,
      6,
      undefined,
    ]]);
    assertEquals(await claim(true), []);
  });

  withStore("64 who claim at once get each package once", async (store) => {
    await enter(store, anna);
    const packages = Array.from({ length: 100 }, (_, i) => packageOf(i + 2));
    await store.secure.publish(anna.device, [
      packageOf(1, PackageKind.Weekly),
      ...packages,
    ]);
    const numbers: (number | undefined)[] = [];
    await Promise.all(Array.from({ length: 64 }, async () => {
      for (let time = 0; time < 2; time++) {
        const claimed = await store.secure.claim(
          anna.account,
          [anna.device],
          true,
        );
        numbers.push(numberOf(claimed?.[0]?.single));
      }
    }));
    const handedOut = numbers.flatMap((number) => number ?? []);
    assertEquals(
      handedOut.toSorted((a, b) => a - b),
      packages.map(({ number }) => number),
    );
    assertEquals(numbers.length, 128);
  });

  withStore("a sending is taken once", async (store, reopen) => {
    await enterTwo(store);
    await enterLegacy(store, cora);
    const contents = both(bytes(1), bytes(2));
    const sending = sendingOf(ben, anna, contents, { count: 50 });
    const taken = { wasTaken: false, highestCount: 50 };
    const repeated = { ...taken, wasTaken: true };
    assertEquals(
      await Promise.all([sending, sending].map((one) => send(store, one))),
      [taken, repeated],
    );
    store = await reopen();
    assertEquals(await send(store, sending), repeated);
    const { device, uid, count, digest } = sending;
    const isRefused = async (
      reason: string,
      changes: Partial<NewSending>,
      to: Person = anna,
    ) =>
      assertEquals<unknown>(
        await send(store, sendingOf(ben, to, contents, changes)),
        { refused: reason },
      );
    await isRefused("uid", { uid });
    await isRefused("uid", { uid, count });
    await isRefused("count", { count });
    await isRefused("count", { count, digest });
    await isRefused("unknown", {}, cora);
    await isRefused("unknown", {}, { ...cora, account: cora.device as never });
    await isRefused("unknown", { device: cora.device });
    const { bytes: record } = recordOf(anna, 1, [anna.device, SECOND]);
    const envelope = { device: anna.device, content: bytes(1) };
    const other: Partial<NewSending>[] = [
      { recordVersion: 0 },
      { recordVersion: 2 },
      { envelopes: [] },
      { envelopes: [envelope] },
      { envelopes: [envelope, envelope] },
      { envelopes: [envelope, { ...envelope, device }] },
    ];
    for (const changes of other) {
      assertEquals(
        await send(store, sendingOf(ben, anna, contents, changes)),
        { otherDevices: record },
      );
    }
    assertEquals(await firsts(store, anna.device), [1]);
    assertEquals(await firsts(store, SECOND), [2]);
    // What was refused used no uid and no count.
    const low = sendingOf(ben, anna, contents, { count: 49 });
    const stale = { ...low, recordVersion: 0 };
    assertEquals(await send(store, stale), { otherDevices: record });
    assertEquals(await send(store, low), taken);
    // Counts below the highest are used one by one, in any order.
    const used = new Set([49, 50]);
    for (const count of [20, 0, 49, 48, 20, 21, 19, 50, 0, 1]) {
      const isFirst = !used.has(count);
      used.add(count);
      assertEquals<unknown>(
        await send(store, sendingOf(ben, anna, contents, { count })),
        isFirst ? taken : { refused: "count" },
      );
    }
    store = await reopen();
    for (const count of used) await isRefused("count", { count });
    // A count that was only told isn't used.
    await store.secure.authenticated(ben.device, 70, NOW);
    const equal = sendingOf(ben, anna, contents, { count: 70 });
    const told = { wasTaken: false, highestCount: 70 };
    assertEquals(await send(store, equal), told);
    assertEquals(await send(store, sending), { ...told, wasTaken: true });
    // Another device may use the same.
    const mine = sendingOf(anna, ben, bytes(1), { uid, count: 50 });
    assertEquals(await send(store, mine), taken);
  });

  withStore("a mailbox holds as much as its quota", async (store) => {
    await enterTwo(store);
    const within = async (
      first: number,
      second: number,
      messages: number,
      bytes: number,
    ) => {
      const contents = both(new Uint8Array(first), new Uint8Array(second));
      const sending = sendingOf(ben, anna, contents);
      return await send(store, sending, { messages, bytes });
    };
    const isTaken = async (...args: Parameters<typeof within>) =>
      "wasTaken" in await within(...args);
    assertEquals(await isTaken(10, 60, 2, 100), true);
    // The second device's is full, so the first one's gets nothing.
    assertEquals(await within(10, 41, 2, 100), { refused: "full" });
    assertEquals(await isTaken(10, 40, 2, 100), true);
    assertEquals(await within(0, 0, 2, 0), { refused: "full" });
    assertEquals(await firsts(store, anna.device), [0, 0]);
    const legacy = (messages: number, bytes: number, size = 1) =>
      sendLegacy(store, ben.account, anna, new Uint8Array(size), {
        messages,
        bytes,
      });
    assertEquals(await legacy(2, 0), { refused: "inbox_full" });
    // Its type is a byte of the content.
    assertEquals(await legacy(0, 101), { refused: "inbox_full" });
    assertEquals<unknown>(await legacy(0, 102), { id: 1 });
    await store.secure.acknowledge(SECOND, 1 as Seq, NOW);
    assertEquals(await isTaken(1, 58, 0, 100), true);
    assertEquals(await within(1, 1, 0, 100), { refused: "full" });
  });

  withStore("a legacy message is copied within bounds", async (store) => {
    const devices = Array.from({ length: 65 }, (_, i) => deviceOf(0x10 + i));
    const profile = profileOf(anna, { devices });
    assertEquals(await store.secure.register(profile, NOW), true);
    await enter(store, ben);
    // 64 copies beside the first, each with a byte for the type.
    const size = 16 * 1024;
    const from = (size: number) =>
      sendLegacy(store, ben.account, anna, new Uint8Array(size));
    assertEquals(await from(size), { refused: "inbox_full" });
    assertEquals<unknown>(await from(10), { id: 1 });
    assertEquals(await store.secure.countMail(), devices.length);
  });

  withStore(
    "positions rise, and are never given twice",
    async (store, reopen) => {
      await enter(store, anna, ben, cora);
      const sendings = Array.from(
        { length: 40 },
        (_, i) => sendingOf(i % 2 === 0 ? ben : cora, anna, bytes(i)),
      );
      await Promise.all(sendings.map((sending) => send(store, sending)));
      assertEquals(
        await firsts(store, anna.device),
        sendings.map((_, i) => i),
      );
      const all = await store.secure.mail(anna.device, START, ALL);
      assertEquals(all.lastSeq, 40 as Seq);
      assertEquals(
        all.mail.map(({ seq }) => Number(seq)),
        sendings.map((_, i) => i + 1),
      );
      const [first] = all.mail;
      assertEquals(first && [first.uid, first.account, first.device], [
        sendings[0]?.uid,
        ben.account,
        ben.device,
      ]);
      assertEquals([first?.flags, first?.arrived], [0, NOW.getTime()]);
      await store.secure.acknowledge(anna.device, 40 as Seq, NOW);
      store = await reopen();
      assertEquals(await store.secure.mail(anna.device, START, ALL), {
        lastSeq: 40 as Seq,
        mail: [],
      });
      await sendAll(store, [sendingOf(ben, anna, bytes(7))]);
      const [next] = await mailOf(store, anna.device);
      assertEquals(next?.seq, 41 as Seq);
      // A mailbox that isn't there.
      assertEquals(
        await store.secure.mail(deviceOf(9), START, ALL),
        { lastSeq: START, mail: [] },
      );
    },
  );

  withStore(
    "a fetch keeps to its size, but for a first message",
    async (store) => {
      await enter(store, anna, ben);
      const sizes = [500, 431, 0, 2000];
      await sendAll(
        store,
        sizes.map((size) => sendingOf(ben, anna, new Uint8Array(size))),
      );
      const fetched = async (most: number, after = 0) =>
        (await store.secure.mail(anna.device, after as Seq, most)).mail.length;
      assertEquals(await fetched(0), 1);
      const two = 500 + 431 + 2 * MAIL_OVERHEAD;
      assertEquals(await fetched(two - 1), 1);
      assertEquals(await fetched(two), 2);
      assertEquals(await fetched(two + MAIL_OVERHEAD), 3);
      assertEquals(await fetched(0, 3), 1);
      assertEquals(await fetched(ALL, 2), 2);
      assertEquals(await fetched(ALL, 4), 0);
      const asked: number[] = [];
      const memory = {
        tryReserve: () => false,
        reserve: (bytes: number) => {
          asked.push(bytes);
          return Promise.resolve();
        },
      };
      for (const most of [two, 0]) {
        await store.secure.mail(anna.device, START, most, memory);
      }
      assertEquals(asked, [two, 500 + MAIL_OVERHEAD]);
    },
  );

  withStore(
    "an acknowledgement deletes up to a position",
    async (store, reopen) => {
      await enter(store, anna, ben);
      const sendings = [1, 2, 3].map((i) => sendingOf(ben, anna, bytes(i)));
      await sendAll(store, sendings);
      const acknowledge = (upTo: number) =>
        store.secure.acknowledge(anna.device, upTo as Seq, later(500));
      await acknowledge(0);
      // Above the last one the relay went back in time.
      await acknowledge(4);
      assertEquals(await firsts(store, anna.device), [1, 2, 3]);
      await acknowledge(2);
      await acknowledge(1);
      store = await reopen();
      assertEquals(await firsts(store, anna.device), [3]);
      const { Taken, Waits } = SendingState;
      assertEquals(
        await store.secure.outcomes(ben.device, sendings.map(({ uid }) => uid)),
        [
          { state: Taken, time: later(500).getTime() },
          { state: Taken, time: later(500).getTime() },
          { state: Waits, time: NOW.getTime() },
        ],
      );
      await store.secure.acknowledge(cora.device, 1 as Seq, NOW);
      assertEquals(await store.secure.countMail(), 1);
    },
  );

  withStore("a large content comes back piece by piece", async (store) => {
    await enterTwo(store);
    await enterLegacy(store, cora);
    const sizes = [PART_SIZE - 1, PART_SIZE, PART_SIZE + 1];
    await Promise.all([
      send(store, sendingOf(ben, anna, both(bytes(1), LARGE))),
      ...sizes.map((size) =>
        send(
          store,
          sendingOf(ben, anna, both(LARGE.subarray(0, size), bytes(2))),
        )
      ),
      ...sizes.map((size) =>
        sendLegacy(store, cora.account, ben, LARGE.subarray(0, size))
      ),
    ]);
    const check = async (device: DeviceId, expected: Uint8Array[]) => {
      let last = START;
      for (const content of expected) {
        const [mail] = await mailOf(store, device, last);
        assert(mail !== undefined);
        assertEquals(mail.size, content.length);
        assert(mail.content.length <= PART_SIZE + 1);
        const whole = await wholeOf(store, device, mail);
        // A difference of so much isn't to be printed.
        assert(
          whole.length === content.length &&
            whole.every((byte, i) => byte === content[i]),
        );
        last = mail.seq;
      }
    };
    const cut = sizes.map((size) => LARGE.subarray(0, size));
    const legacy = cut.map((content) => concat([bytes(3), content]));
    await check(anna.device, [bytes(1), ...cut]);
    await check(SECOND, [LARGE, ...cut.map(() => bytes(2))]);
    await check(ben.device, legacy);
    const [large] = await mailOf(store, SECOND);
    assert(large !== undefined);
    await store.secure.acknowledge(SECOND, large.seq, NOW);
    await assertRejects(
      () => wholeOf(store, SECOND, large),
      MessageGoneError,
    );
  });

  withStore("who waits for mail is woken", async (store) => {
    await enter(store, anna, ben);
    await enterLegacy(store, cora);
    const never = new AbortController();
    const arrival = (device = anna.device, after = 0) =>
      store.secure.arrival(device, after as Seq, never.signal);
    let woken = 0;
    const others = [ben.device, deviceOf(9)].map((device) =>
      arrival(device).then(() => woken++)
    );
    const many = Array.from({ length: 100 }, () => arrival());
    await sendAll(store, [sendingOf(ben, anna)]);
    await Promise.all(many);
    // It is there already.
    await arrival();
    const second = arrival(anna.device, 1);
    await sendLegacy(store, cora.account, anna, bytes(1));
    await second;
    assertEquals(woken, 0);
    never.abort();
    await Promise.all(others);
    await arrival(anna.device, 2);
  });

  withStore("an outcome is all devices'", async (store, reopen) => {
    await enterTwo(store);
    const contents = both(bytes(1), bytes(2));
    const lifetime = 1000;
    const [one, two, three] = [1, 2, 3].map((count) =>
      sendingOf(ben, anna, contents, { count, lifetime })
    );
    assert(one !== undefined && two !== undefined && three !== undefined);
    await sendAll(store, [one, two]);
    await store.secure.acknowledge(SECOND, 1 as Seq, NOW);
    await sendAll(store, [three]);
    const { Taken, Waits, Expired, Unknown } = SendingState;
    assertEquals(await statesOf(store, ben, one, two, three), [
      Taken,
      Waits,
      Waits,
    ]);
    assertEquals(await store.secure.expire(60_000, 100, later(999)), 0);
    assertEquals(await store.secure.expire(60_000, 100, later(1000)), 5);
    store = await reopen();
    assertEquals(
      await store.secure.outcomes(
        ben.device,
        [two.uid, drawUid(), one.uid, three.uid],
      ),
      [
        { state: Expired, time: later(1000).getTime() },
        { state: Unknown, time: 0 },
        { state: Taken, time: NOW.getTime() },
        { state: Expired, time: later(1000).getTime() },
      ],
    );
    assertEquals(await statesOf(store, anna, one), [Unknown]);
    assertEquals(await store.secure.outcomes(ben.device, []), []);
    assertEquals(await store.secure.countMail(), 0);
  });

  withStore(
    "mail expires in batches, and sendings are forgotten",
    async (store, reopen) => {
      await enter(store, anna, ben);
      await sendLegacy(store, ben.account, anna, bytes(9));
      const sendings = [3, 1, 2].map((seconds) =>
        sendingOf(ben, anna, bytes(seconds), { lifetime: seconds * 1000 })
      );
      await sendAll(store, sendings);
      const expire = (most: number, at: number, retention = 100_000) =>
        store.secure.expire(retention, most, later(at));
      assertEquals(await expire(1, 2500), 1);
      assertEquals(await firsts(store, anna.device), [3, 3, 2]);
      assertEquals(await expire(9, 2500), 1);
      assertEquals(await expire(9, 2500), 0);
      assertEquals(await firsts(store, anna.device), [3, 3]);
      await store.secure.acknowledge(anna.device, 2 as Seq, later(3000));
      await sendLegacy(store, ben.account, anna, LARGE);
      // A legacy message waits as long as the retention, by the clock that took it.
      assertEquals(await expire(9, 99_000), 0);
      const { Taken, Expired, Unknown } = SendingState;
      assertEquals(await statesOf(store, ben, ...sendings), [
        Taken,
        Expired,
        Expired,
      ]);
      const [taken, ...expired] = sendings;
      assert(taken !== undefined);
      assertEquals(await expire(1, 3_600_000), 2);
      assertEquals(await expire(1, 3_600_000), 1);
      assertEquals(await expire(1, 3_600_000), 1);
      assertEquals(await expire(1, 3_600_000), 0);
      assertEquals(await store.secure.countMail(), 0);
      assertEquals(
        await statesOf(store, ben, taken, ...expired),
        [Unknown, Unknown, Unknown],
      );
      // Its count isn't forgotten, but its uid is.
      store = await reopen();
      const highest = Math.max(...sendings.map(({ count }) => count));
      assertEquals(
        await store.secure.authenticated(ben.device, 0, NOW).then((state) =>
          state?.highestCount
        ),
        highest,
      );
      assertEquals(await send(store, taken), {
        wasTaken: false,
        highestCount: highest,
      });
    },
  );

  withStore(
    "a legacy client gets mail from a secure one",
    async (store, reopen) => {
      await enter(store, anna, ben);
      await enterLegacy(store, cora);
      const sendTo = (sending: ReturnType<typeof legacyOf>, quota = NO_QUOTA) =>
        store.secure.sendLegacy(sending, quota, NOW);
      const sending = legacyOf(anna, cora, bytes(1));
      assertEquals<unknown>(
        await Promise.all([sendTo(sending), sendTo(sending)]),
        [{ id: 1 }, { id: 1 }],
      );
      assertEquals<unknown>(await sendTo(legacyOf(anna, cora, LARGE)), {
        id: 2,
      });
      store = await reopen();
      assertEquals<unknown>(await sendTo(sending), { id: 1 });
      const { uid } = sending;
      assertEquals(
        await sendTo({ ...legacyOf(anna, cora, bytes(2)), uid }),
        { refused: "uid" },
      );
      const secure = sendingOf(anna, ben, bytes(1), { uid });
      assertEquals(await send(store, secure), { refused: "uid" });
      const own = sendingOf(anna, ben);
      await sendAll(store, [own]);
      assertEquals(
        await sendTo({ ...legacyOf(anna, cora, bytes(2)), uid: own.uid }),
        { refused: "uid" },
      );
      assertEquals(
        await sendTo(legacyOf(anna, ben, bytes(1))),
        { refused: "secured" },
      );
      const unknown = {
        ...cora,
        account: deviceOf(9) as Uint8Array as AccountId,
      };
      assertEquals(
        await sendTo(legacyOf(anna, unknown, bytes(1))),
        { refused: "unknown_target" },
      );
      assertEquals(
        await sendTo(legacyOf(anna, cora, bytes(1)), { messages: 2, bytes: 0 }),
        { refused: "inbox_full" },
      );
      const budget = { bytes: 2 * LARGE.length, perMessage: 25 };
      const waiting = await store.waiting(cora.account, budget);
      assertEquals(
        waiting.map(({ id, sender, type, size }) => [id, sender, type, size]),
        [[1, anna.account, 3, 1], [2, anna.account, 3, LARGE.length]] as never,
      );
      assertEquals(
        await store.secure.outcomes(anna.device, [uid]),
        [{ state: SendingState.Unknown, time: 0 }],
      );
      assertEquals(await store.countWaiting(), 2);
      assertEquals(await store.secure.countMail(), 1);
    },
  );

  withStore(
    "a closed account opens by a higher record",
    async (store, reopen) => {
      await enterTwo(store);
      await enterLegacy(store, cora);
      const { account, name, publicKey } = anna;
      await store.secure.publish(anna.device, [
        packageOf(1, PackageKind.Weekly),
        packageOf(2),
      ]);
      const sending = sendingOf(ben, anna, both(bytes(1), LARGE));
      await sendAll(store, [sending]);
      assertEquals(await store.secure.deleteAccount(cora.account), false);
      assertEquals(await store.secure.deleteAccount(account), true);
      store = await reopen();
      assertEquals(await store.secure.lookUp({ name }), "closed");
      assertEquals(await store.secure.lookUp({ account }), "closed");
      const first = recordOf(anna, 1, [anna.device, SECOND]);
      assertEquals(await store.secure.newestRecord(account), first.bytes);
      assertEquals(await store.secure.device(anna.device), undefined);
      assertEquals(await store.secure.countMail(), 0);
      assertEquals(
        await store.secure.claim(account, [anna.device], true),
        undefined,
      );
      assertEquals(await statesOf(store, ben, sending), [SendingState.Expired]);
      const next = sendingOf(ben, anna, both(bytes(1), bytes(2)));
      assertEquals(await send(store, next), { refused: "closed" });
      assertEquals(
        await sendLegacy(store, cora.account, anna, bytes(1)),
        { refused: "unknown_target" },
      );
      assertEquals((await store.requester(account))?.isSecured, true);
      assertEquals((await store.clients(0, 9)).length, 3);
      const taken = [
        profileOf(anna),
        profileOf(anna, { isLift: true }),
        profileOf({ ...anna, account: deviceOf(9) as Uint8Array as AccountId }),
      ];
      for (const profile of taken) {
        assertEquals(await store.secure.register(profile, NOW), false);
      }
      const client = { id: deviceOf(8) as Uint8Array as AccountId, name };
      assertEquals(await store.register({ ...client, publicKey }, NOW), false);
      const open = (record: typeof first) =>
        store.secure.replaceRecord(record, first.bytes, NOW);
      assertEquals(await open(first), false);
      assertEquals(await open(recordOf(anna, 2, undefined, 2)), false);
      assertEquals(await open(recordOf(anna, 2)), true);
      assertNotEquals(await store.secure.lookUp({ name }), "closed");
      const state = await store.secure.authenticated(anna.device, 0, NOW);
      assertEquals([state?.singleUseLeft, state?.waiting], [0, 0]);
      const fresh = { recordVersion: 2 };
      await sendAll(store, [sendingOf(ben, anna, bytes(5), fresh)]);
      assertEquals(await firsts(store, anna.device), [5]);
    },
  );

  withStore("a user is deleted with its account", async (store, reopen) => {
    await enterTwo(store);
    await store.secure.publish(anna.device, [packageOf(1, PackageKind.Weekly)]);
    const sending = sendingOf(ben, anna, both(bytes(1), LARGE));
    await sendAll(store, [
      sending,
      ...Array.from(
        { length: 300 },
        () => sendingOf(ben, anna, both(bytes(1), bytes(2))),
      ),
      sendingOf(anna, ben, bytes(3)),
    ]);
    const { usersVersion } = store;
    assertEquals(await store.deleteUser(anna.account), 602);
    assert(store.usersVersion > usersVersion);
    store = await reopen();
    assertEquals(await store.requester(anna.account), undefined);
    assertEquals(await store.secure.lookUp(anna), undefined);
    assertEquals(await store.secure.newestRecord(anna.account), undefined);
    assertEquals(await store.secure.device(anna.device), undefined);
    assertEquals(await mailOf(store, SECOND), []);
    assertEquals(await store.secure.countMail(), 1);
    assertEquals(await firsts(store, ben.device), [3]);
    assertEquals(await statesOf(store, ben, sending), [SendingState.Expired]);
    // Name, id and device are free again.
    await enter(store, anna);
    assertEquals(await firsts(store, anna.device), []);
    assertEquals(await store.secure.publish(anna.device, [packageOf(1)]), 1);
  });
}

for (const kind of storeKinds) secureContract(kind);
