import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes";
import { Database } from "@db/sqlite";
import { encodeRequest } from "../../../../shared/wire/frames.ts";
import type {
  ClientId,
  MessageType,
} from "../../../../shared/wire/protocol.ts";
import { Peer } from "../../../../lab/harness/peer.ts";
import { fileRelay } from "../../../../lab/harness/resources.ts";
import {
  longTest,
  LOOPBACK_AND_FILES,
  testWith,
} from "../../../support/test_with.ts";
import { PULL, pullRequest } from "../../../../kit/requests.ts";

/** Last visits of which one at least finds a commit to ride along with. */
const VISITS = 3;

const send = (from: ClientId, target: ClientId, content: Uint8Array) =>
  encodeRequest(
    "sendMessage",
    { target, type: 3 as MessageType, content },
    { clientId: from },
  );

testWith(
  LOOPBACK_AND_FILES,
  "requests that arrive during a commit share the next, from all connections",
  async () => {
    await using relay = await fileRelay();
    using first = await Peer.connect(relay.address);
    const anna = await first.register("anna");
    const figures = relay.store.commits.writes;
    const before = { commits: figures.count, writes: figures.sum };
    const contents = Array.from(
      { length: 40 },
      (_, i) => new Uint8Array(1000).fill(i),
    );
    const senders = await Promise.all(
      Array.from({ length: 20 }, () => Peer.connect(relay.address)),
    );
    const ids = await Promise.all(senders.map(async (peer) => {
      await peer.write(concat(contents.map((text) => send(anna, anna, text))));
      const ids: number[] = [];
      for (const _ of contents) {
        const answer = await peer.response();
        assert(answer.code === 2103);
        ids.push(answer.payload.messageId);
      }
      return ids;
    }));
    const { count: commits, sum: writes } = figures;
    assert(writes - before.writes >= 800, `${writes} writes`);
    // One at a time would have taken a commit for each.
    assert(commits - before.commits < 200, `${commits} commits`);
    for (const own of ids) assertEquals(own, own.toSorted((a, b) => a - b));
    assertEquals(new Set(ids.flat()).size, 800);
    senders.forEach(({ conn }) => conn.close());

    // Each is there under the id that its sender was told.
    const texts = new Map<number, number | undefined>();
    for (;;) {
      const answer = await first.ask(PULL, {}, anna);
      assert(answer.code === 2104);
      if (answer.payload.length === 0) break;
      for (const { messageId, content } of answer.payload) {
        texts.set(messageId, content[0]);
      }
    }
    for (const own of ids) {
      assertEquals(own.map((id) => texts.get(id)), [...contents.keys()]);
    }
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a request behind sends on the same connection sees what they did",
  async () => {
    await using relay = await fileRelay();
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    const pull = pullRequest(anna);
    const texts = [1, 2, 3].map((byte) => new Uint8Array([byte]));
    await peer.write(concat([
      ...texts.map((text) => send(anna, anna, text)),
      pull,
      send(anna, anna, new Uint8Array([4])),
    ]));
    const codes: number[] = [];
    const contents: string[] = [];
    for (let i = 0; i < 5; i++) {
      const answer = await peer.response();
      codes.push(answer.code);
      if (answer.code !== 2104) continue;
      contents.push(...answer.payload.map(({ content }) => content.toHex()));
    }
    assertEquals(codes, [2103, 2103, 2103, 2104, 2103]);
    assertEquals(contents, ["01", "02", "03"]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a last visit rides along with a commit and costs none",
  async () => {
    await using relay = await fileRelay();
    using peer = await Peer.connect(relay.address);
    const anna = await peer.register("anna");
    const database = new Database(`${relay.dir}/db.defensive`);
    try {
      const lastSeen = database.prepare<{ seen: string }>(
        "SELECT LastSeen AS seen FROM clients",
      );
      // A machine that stalls leaves nothing to ride along with in time.
      const costs: number[] = [];
      while (costs.at(-1) !== 0 && costs.length < VISITS) {
        const first = lastSeen.get()?.seen;
        const before = relay.store.commits.writes.count;
        let sent = 0;
        do {
          await peer.send(anna, anna, new Uint8Array(1));
          sent++;
        } while (lastSeen.get()?.seen === first);
        costs.push(relay.store.commits.writes.count - before - sent);
      }
      assertEquals(costs.at(-1), 0, `commits of their own: ${costs}`);
    } finally {
      database.close();
    }
  },
);

longTest(
  LOOPBACK_AND_FILES,
  "a large message goes in and out in parts, and leaves none behind",
  async () => {
    await using relay = await fileRelay();
    using first = await Peer.connect(relay.address);
    const anna = await first.register("anna");
    const database = new Database(`${relay.dir}/db.defensive`);
    const parts = () =>
      database.prepare<{ n: number }>("SELECT count(*) AS n FROM parts").get()
        ?.n;
    try {
      const MIB = 1024 * 1024;
      const sizes: [number, number][] = [
        [MIB, 0],
        [MIB + 1, 1],
        [2 * MIB, 1],
        [9 * MIB + 7, 9],
      ];
      for (const [size, expected] of sizes) {
        const content = Uint8Array.from({ length: size }, (_, i) => i * 31 + 7);
        using before = await Peer.connect(relay.address);
        await before.send(anna, anna, content, 4);
        assertEquals(parts(), expected, `${size} bytes`);
        await relay.restart();
        using after = await Peer.connect(relay.address);
        const answer = await after.ask(PULL, {}, anna);
        assert(answer.code === 2104);
        assertEquals(answer.payload.length, 1);
        // Not by assertEquals: what it would print has no end.
        const [got] = answer.payload;
        assert(got?.content.length === size);
        assert(got.content.every((byte, i) => byte === content[i]));
        assertEquals((await after.pull(anna)).length, 0);
        assertEquals(parts(), 0);
      }
    } finally {
      database.close();
    }
  },
);
