/** What every store owes: one suite, which each kind of store runs. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ClientId,
  type MessageId,
  PUBLIC_KEY_SIZE,
} from "../../../shared/wire/protocol.ts";
import { PART_SIZE } from "../../../server/store/store_rows.ts";
import {
  MessageGoneError,
  type Quota,
  type Store,
} from "../../../server/mod.ts";
import { idOrRefusal } from "../../support/stores/made_store.ts";
import type { StoreKind } from "../../../server/store/store_kind.ts";
import { storeKinds } from "../../../server/store/store_kinds.ts";
import {
  type StoreCheck,
  storeTest,
  type Subject,
} from "../../support/stores/store_kinds.ts";
import { until } from "../../../lab/harness/until.ts";

const NO_QUOTA = { messages: 0, bytes: 0 };
const NOW = new Date("2026-01-02T03:04:05.678Z");
const ALL = { bytes: 1_000_000, perMessage: 25 };
const idOf = (byte: number) =>
  new Uint8Array(16).fill(byte) as Uint8Array as ClientId;
const anna = idOf(0xa1);
const ben = idOf(0xb2);
const stranger = idOf(0xee);
const key = new Uint8Array(PUBLIC_KEY_SIZE).fill(5);
const OTHER_KEY = new Uint8Array(PUBLIC_KEY_SIZE).fill(6);
const taken = (...ids: number[]) => ({
  runs: ids.map((id) => [id, id] as const),
  bytes: ids.length,
});
/** Bytes of a content that doesn't stand in one row. */
const MANY = 2_500_000;
const bytes = (...values: number[]) => new Uint8Array(values);

/** When a user was last seen, read past the store where that can be done. */
async function lastSeen(
  { kind, address }: Subject,
  store: Store,
  name: string,
): Promise<string | undefined> {
  const admin = await kind.admin?.();
  if (admin === undefined) return kind.contract.lastSeen?.(store, name);
  const opened = await admin.open(address);
  try {
    return (await opened.user(name))?.lastSeen;
  } finally {
    await opened.close();
  }
}

function storeContract(kind: StoreKind): void {
  const withStore = (name: string, check: StoreCheck) =>
    storeTest(kind, name, check);

  const send = (
    store: Store,
    recipient: ClientId,
    content: Uint8Array,
    quota: Quota = NO_QUOTA,
  ) =>
    store.send({ recipient, sender: ben, type: 3, content }, quota)
      .then(idOrRefusal);
  const waiting = async (store: Store, recipient: ClientId) =>
    (await store.waiting(recipient, ALL)).map(({ id }) => Number(id));

  withStore("a name is taken once", async (store) => {
    const client = { id: anna, name: "anna", publicKey: key };
    assertEquals(await store.register(client, NOW), true);
    assertEquals(await store.register({ ...client, id: ben }, NOW), false);
    assertEquals(
      await store.register({ ...client, id: ben, name: "Anna" }, NOW),
      true,
    );
    const odd = { id: stranger, name: "zoë\u0007 ☃", publicKey: key };
    assertEquals(await store.register(odd, NOW), true);
    assertEquals(await store.registeredId(odd), stranger);
    assertEquals(await store.deleteUser(stranger), 0);
    // The same registration again is told by its key.
    assertEquals(await store.registeredId(client), anna);
    for (const other of [{ name: "ANNA" }, { publicKey: OTHER_KEY }]) {
      assertEquals(
        await store.registeredId({ ...client, ...other }),
        undefined,
      );
    }
    assertEquals((await store.publicKey(anna))?.toHex(), key.toHex());
    assertEquals((await store.requester(stranger))?.position, undefined);
    assertEquals(await store.publicKey(stranger), undefined);
    const all = await store.clients(0, 100);
    assertEquals(all.map(({ id, name }) => [id.toHex(), name]), [
      [anna.toHex(), "anna"],
      [ben.toHex(), "Anna"],
    ]);
    const [first, second] = all.map(({ position }) => position);
    assertEquals((await store.requester(ben))?.position, second);
    assertEquals(await store.clients(first ?? 0, 100), all.slice(1));
    assertEquals(await store.clients(0, 1), all.slice(0, 1));
  });

  withStore(
    "messages wait in order, until removed by id",
    async (store, reopen) => {
      await store.register({ id: anna, name: "anna", publicKey: key }, NOW);
      for (let i = 1; i <= 4; i++) {
        assertEquals(await send(store, anna, bytes(i)), i as MessageId);
      }
      const contents = async (store: Store) =>
        (await store.waiting(anna, ALL)).map(({ content }) => content[0]);
      assertEquals(await contents(store), [1, 2, 3, 4]);
      await store.delete(anna, taken(1, 3));
      await store.delete(anna, taken());
      assertEquals(await contents(store), [2, 4]);
      store = await reopen();
      assertEquals(await contents(store), [2, 4]);
      await store.delete(anna, taken(2, 4));
      assertEquals(await contents(store), []);
      store = await reopen();
      assertEquals(await send(store, anna, bytes(5)), 5 as MessageId);
    },
  );

  withStore("nobody's inbox takes no message", async (store) => {
    assertEquals(await send(store, stranger, bytes(1)), "unknown_target");
    assertEquals(await store.waiting(stranger, ALL), []);
  });

  withStore("a full inbox takes no message", async (store) => {
    await store.register({ id: anna, name: "anna", publicKey: key }, NOW);
    const within = async (messages: number, bytes: number) =>
      await store.send(
        { recipient: anna, sender: ben, type: 3, content: key },
        { messages, bytes },
      ).then(idOrRefusal);
    assertEquals(await within(1, 160), 1 as MessageId);
    assertEquals(await within(1, 0), "inbox_full");
    assertEquals(await within(0, 319), "inbox_full");
    assertEquals(await within(2, 320), 2 as MessageId);
  });

  withStore("it knows how many messages wait", async (store, reopen) => {
    await store.register({ id: anna, name: "anna", publicKey: key }, NOW);
    await store.register({ id: ben, name: "ben", publicKey: key }, NOW);
    assertEquals(await store.countWaiting(), 0);
    for (let i = 0; i < 3; i++) await send(store, anna, bytes(i));
    await send(store, ben, bytes(1));
    await send(store, stranger, bytes(1));
    assertEquals(await store.countWaiting(), 4);
    await store.delete(anna, taken(1, 3));
    // Some of them a second time.
    await store.delete(anna, taken(2, 3));
    assertEquals(await store.countWaiting(), 1);
    store = await reopen();
    await send(store, anna, bytes(1));
    assertEquals(await store.countWaiting(), 2);
    await send(store, anna, bytes(1));
    assertEquals(await store.countWaiting(), 3);
  });

  withStore("its commits are counted, its looks aren't", async (store) => {
    const { writes, milliseconds } = store.commits;
    assertEquals([writes.count, milliseconds.count], [0, 0]);
    await store.register({ id: anna, name: "anna", publicKey: key }, NOW);
    assertEquals([writes.count, writes.sum, milliseconds.count], [1, 1, 1]);
    await store.ping();
    await store.countWaiting();
    assertEquals([writes.count, writes.sum, milliseconds.count], [1, 1, 1]);
    assertEquals(writes.counts[0], 1);
    assert(milliseconds.sum > 0);
  });

  withStore("the budget is kept, but for a first message", async (store) => {
    await store.register({ id: anna, name: "anna", publicKey: key }, NOW);
    for (const size of [500, 475, 0, 2000]) {
      await send(store, anna, new Uint8Array(size));
    }
    const handed = async (bytes: number) =>
      (await store.waiting(anna, { bytes, perMessage: 25 })).length;
    assertEquals(await handed(1), 1);
    assertEquals(await handed(524), 1);
    assertEquals(await handed(1024), 1);
    assertEquals(await handed(1025), 2);
    assertEquals(await handed(1050), 3);
    assertEquals(await handed(3074), 3);
    assertEquals(await handed(3075), 4);
  });

  withStore(
    "where memory is short it is asked for what the messages take, and no more",
    async (store) => {
      await store.register({ id: anna, name: "anna", publicKey: key }, NOW);
      const budget = { bytes: 1_000_000, perMessage: 25 };
      const asked: number[] = [];
      const memory = {
        tryReserve: () => false,
        reserve: (bytes: number) => {
          asked.push(bytes);
          return Promise.resolve();
        },
      };
      for (const size of [500, 475]) {
        await send(store, anna, new Uint8Array(size));
      }
      const two = await store.waiting(anna, budget, memory);
      assertEquals([two.length, asked], [2, [1025]]);
    },
  );

  withStore(
    "empty and binary contents come back as they went in",
    async (store) => {
      await store.register({ id: anna, name: "anna", publicKey: key }, NOW);
      const all = Uint8Array.from({ length: 256 }, (_, i) => i);
      await send(store, anna, new Uint8Array(0));
      await send(store, anna, all);
      const messages = await store.waiting(anna, ALL);
      assertEquals(
        messages.map(({ content, sender, type }) => [
          content.toHex(),
          sender.toHex(),
          type,
        ]),
        [["", ben.toHex(), 3], [all.toHex(), ben.toHex(), 3]],
      );
    },
  );

  withStore("ids rise in the order of the calls", async (store) => {
    const others = Array.from({ length: 40 }, (_, i) => idOf(i + 1));
    for (const [i, id] of others.entries()) {
      await store.register({ id, name: `${i}`, publicKey: key }, NOW);
    }
    // More than one commit holds, of several inboxes, and large ones between.
    const sizes = Array.from(
      { length: 400 },
      (_, i) => i % 97 === 0 ? MANY : i,
    );
    const sent = await Promise.all(
      sizes.map((size, i) =>
        send(
          store,
          others[i % 40] ?? anna,
          new Uint8Array(size).fill(i),
        )
      ),
    );
    assertEquals(sent.map(Number), sizes.map((_, i) => 1 + Math.floor(i / 40)));
    for (const [i, id] of others.entries()) {
      const rows = await store.waiting(id, { bytes: 1e9, perMessage: 0 });
      assertEquals(
        rows.map(({ size }) => size),
        sizes.filter((_, j) => j % 40 === i),
      );
    }
  });

  withStore("a large content may have any size", async (store) => {
    await store.register({ id: anna, name: "anna", publicKey: key }, NOW);
    const sizes = [1, 2, 3, 5].map((more) => PART_SIZE + more);
    for (const size of sizes) await send(store, anna, new Uint8Array(size));
    const waiting = await store.waiting(anna, { bytes: 1e9, perMessage: 0 });
    assertEquals(waiting.map(({ size }) => size), sizes);
  });

  withStore("a large content comes back piece by piece", async (store) => {
    await store.register({ id: anna, name: "anna", publicKey: key }, NOW);
    const content = new Uint8Array(MANY).map((_, i) => i % 251);
    const [, id] = await Promise.all([
      send(store, anna, bytes(1)),
      send(store, anna, content),
      send(store, anna, bytes(3)),
    ]);
    const [, large] = await store.waiting(anna, { bytes: 1e9, perMessage: 0 });
    assert(large !== undefined);
    assertEquals(large.id, id);
    assertEquals(large.size, MANY);
    const pieces = [large.content];
    for await (const piece of store.rest(anna, large)) pieces.push(piece);
    assert(pieces.length > 1);
    assertEquals(
      new Uint8Array(await new Blob(pieces as never).arrayBuffer()),
      content,
    );
    await store.delete(anna, { runs: [[2, 2]], bytes: MANY });
    assertEquals(await waiting(store, anna), [1, 3]);
    await assertRejects(async () => {
      for await (const _ of store.rest(anna, large));
    }, MessageGoneError);
  });

  withStore("an inbox holds as many messages as its quota", async (store) => {
    await store.register({ id: anna, name: "anna", publicKey: key }, NOW);
    const quota = { messages: 3, bytes: 0 };
    const ids = await Promise.all(
      [1, 2, 3, 4, 5].map((byte) => send(store, anna, bytes(byte), quota)),
    );
    assertEquals<unknown>(ids, [1, 2, 3, "inbox_full", "inbox_full"]);
    await store.delete(anna, taken(1, 2));
    const more = await Promise.all(
      [6, 7, 8].map((byte) => send(store, anna, bytes(byte), quota)),
    );
    assertEquals<unknown>(more, [4, 5, "inbox_full"]);
    assertEquals(await waiting(store, anna), [3, 4, 5]);
  });

  withStore("an inbox holds as many bytes as its quota", async (store) => {
    await store.register({ id: anna, name: "anna", publicKey: key }, NOW);
    const quota = { messages: 0, bytes: 100 };
    const sizes = (...sizes: number[]): Promise<unknown[]> =>
      Promise.all(
        sizes.map((size) => send(store, anna, new Uint8Array(size), quota)),
      );
    const full = "inbox_full";
    // What is too large doesn't stand in the way of what is smaller.
    assertEquals(await sizes(60, 41, 30, 11, 10), [
      1,
      full,
      2,
      full,
      3,
    ]);
    assertEquals(await sizes(0), [4]);
    await store.delete(anna, { runs: [[1, 1]], bytes: 60 });
    assertEquals(await sizes(61, 60, 1), [full, 5, full]);
  });

  withStore(
    "what was removed may be removed again",
    async (store) => {
      await store.register({ id: anna, name: "anna", publicKey: key }, NOW);
      for (let i = 1; i <= 5; i++) await send(store, anna, bytes(i));
      await Promise.all([
        store.delete(anna, { runs: [[1, 3]], bytes: 3 }),
        store.delete(anna, { runs: [[2, 4]], bytes: 3 }),
      ]);
      await store.delete(anna, taken(1, 2));
      await store.delete(stranger, taken(1));
      assertEquals(await waiting(store, anna), [5]);
    },
  );

  withStore(
    "what arrived before goes in batches, and no longer counts",
    async (store) => {
      await store.register({ id: anna, name: "anna", publicKey: key }, NOW);
      await store.register({ id: ben, name: "ben", publicKey: key }, NOW);
      for (let i = 0; i < 5; i++) await send(store, anna, bytes(i));
      const large = { recipient: ben, sender: ben, type: 3 } as const;
      const sendLarge = () =>
        store.send({ ...large, content: new Uint8Array(2_500_000) }, {
          messages: 6,
          bytes: 4_000_000,
        }).then(idOrRefusal);
      assertEquals(await sendLarge(), 1 as MessageId);
      assertEquals(await sendLarge(), "inbox_full");
      assertEquals(await store.purge(60_000, 9), 0);
      // As if they had waited for a minute already.
      assertEquals(await store.purge(-60_000, 4), 4);
      assertEquals(await store.purge(-60_000, 4), 2);
      assertEquals(await store.purge(-60_000, 4), 0);
      assertEquals(await store.waiting(anna, ALL), []);
      assertEquals(await sendLarge(), 2 as MessageId);
      assertEquals(await send(store, anna, bytes(1)), 6 as MessageId);
      assertEquals(store.usersVersion, 0);
    },
  );

  withStore("visits are written within a while", async (store, _, subject) => {
    await store.register({ id: anna, name: "anna", publicKey: key }, NOW);
    await store.register({ id: ben, name: "ben", publicKey: key }, NOW);
    const later = new Date(NOW.getTime() + 60_000);
    store.seen(anna, (await store.requester(anna))?.position ?? 0, later);
    await until(
      "the visit",
      async () =>
        await lastSeen(subject, store, "anna") === later.toISOString(),
    );
    assertEquals(await lastSeen(subject, store, "ben"), NOW.toISOString());
  });

  withStore(
    "visits are written before the end",
    async (store, reopen, subject) => {
      await store.register({ id: anna, name: "anna", publicKey: key }, NOW);
      const later = new Date(NOW.getTime() + 60_000);
      store.seen(anna, (await store.requester(anna))?.position ?? 0, later);
      store = await reopen();
      assertEquals(await lastSeen(subject, store, "anna"), later.toISOString());
    },
  );

  withStore(
    "a user is deleted with all that waits for it",
    async (store, reopen) => {
      await store.register({ id: anna, name: "anna", publicKey: key }, NOW);
      await store.register({ id: ben, name: "ben", publicKey: key }, NOW);
      await send(store, anna, new Uint8Array(MANY));
      // More than go in one transaction.
      await Promise.all(
        Array.from({ length: 600 }, () => send(store, anna, bytes(1))),
      );
      await send(store, ben, bytes(2));
      assertEquals(await store.countWaiting(), 602);
      const { usersVersion } = store;
      assertEquals(await store.deleteUser(anna), 601);
      assert(store.usersVersion > usersVersion);
      assertEquals(await store.deleteUser(anna), undefined);
      const check = async () => {
        assertEquals((await store.requester(anna))?.position, undefined);
        assertEquals(await store.publicKey(anna), undefined);
        assertEquals(
          await store.registeredId({ name: "anna", publicKey: key }),
          undefined,
        );
        const all = await store.clients(0, 9);
        assertEquals(all.map(({ name }) => name), ["ben"]);
        assertEquals(await store.waiting(anna, ALL), []);
        assertEquals(
          await send(store, anna, bytes(3)),
          "unknown_target",
        );
        assertEquals(await store.countWaiting(), 1);
      };
      await check();
      store = await reopen();
      await check();
      const other = { id: stranger, name: "anna", publicKey: OTHER_KEY };
      assertEquals(await store.register(other, NOW), true);
      assertEquals(
        await send(store, stranger, bytes(4)),
        1 as MessageId,
      );
    },
  );

  withStore(
    "a position is never used again",
    async (store, reopen, subject) => {
      await store.register({ id: anna, name: "anna", publicKey: key }, NOW);
      await store.register({ id: ben, name: "ben", publicKey: key }, NOW);
      const last = (await store.requester(ben))?.position ?? NaN;
      // Written only once the next user is there.
      store.seen(ben, last, new Date(NOW.getTime() + 60_000));
      await store.deleteUser(ben);
      const next = { id: stranger, name: "cora", publicKey: key };
      await store.register(next, NOW);
      assert(((await store.requester(stranger))?.position ?? NaN) > last);
      store = await reopen();
      assertEquals(
        await lastSeen(subject, store, "cora"),
        NOW.toISOString(),
      );
    },
  );
}

for (const kind of storeKinds) storeContract(kind);
