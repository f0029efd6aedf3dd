import { assert, assertEquals, assertMatch } from "@std/assert";
import { adminPrints } from "../../support/stores/admin.ts";
import { testWithAnyStore } from "../../support/stores/any_store.ts";
import { LoadedRelay } from "../../support/relays/loaded_relay.ts";
import { idOf } from "../../support/stores/made_store.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import { Program } from "../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { longTest, SHELL, testWith } from "../../support/test_with.ts";
import { until } from "../../../lab/harness/until.ts";
import { PULL } from "../../../kit/requests.ts";

testWithAnyStore(
  "a backup under load holds what was acknowledged, and a relay serves it",
  async (store) => {
    await using relay = await LoadedRelay.start(store);
    await using other = await temporaryFolder();
    await until("some messages", () => (relay.sent[0]?.length ?? 0) > 50);
    const acknowledged = relay.sent.map((ids) => ids.at(-1) ?? 0);
    await adminPrints(store.place, "backup", `${other.path}/backup`);
    const pulled = [...relay.pulled];
    assertEquals(await adminPrints(store.place, "check"), "all is well\n");
    await relay.stop();
    const sent = relay.sent.map((ids) => ids.at(-1) ?? 0);

    await adminPrints(other.path, "restore", `${other.path}/backup`, "--yes");
    await using served = Program.relay(other.path, "--port", "0");
    using peer = await Peer.connect(await served.address());
    for (const [i, id] of relay.ids.entries()) {
      const found: number[] = [];
      for (;;) {
        const answer = await peer.ask(PULL, {}, id);
        assert(answer.code === 2104);
        if (answer.payload.length === 0) break;
        for (const { messageId, content } of answer.payload) {
          found.push(messageId);
          assertEquals(content.length, 700);
          assert(content.every((byte) => byte === i));
        }
      }
      // All that was acknowledged before is there, but for what was taken.
      const first = found[0] ?? 1;
      const last = found.at(-1) ?? 0;
      assert(
        first <= (pulled[i] ?? 0) + 1,
        `from ${first}, pulled ${pulled[i]}`,
      );
      if (i % 2 === 0) assertEquals(first, 1);
      if (found.length > 0) {
        assert(last >= (acknowledged[i] ?? 0) && last <= (sent[i] ?? 0));
        assertEquals(found.length, last - first + 1);
      }
      const next = await peer.send(id, id, new Uint8Array(1));
      assert(next > last && next > (acknowledged[i] ?? 0));
    }
  },
);

testWithAnyStore(
  "who is removed beside a running relay is unknown to it",
  async (store) => {
    await using relay = await LoadedRelay.start(store);
    const bobs = await relay.connect();
    const bob = await bobs.register("bob");
    const [anna] = relay.ids;
    assert(anna !== undefined);
    for (let i = 0; i < 3; i++) await bobs.send(anna, bob, new Uint8Array(9));
    // All that is remembered of bob is remembered now.
    const list = async () => {
      const answer = await bobs.ask("clientsList", {}, anna);
      assert(answer.code === 2101);
      return answer.payload;
    };
    assertEquals((await list()).some(({ name }) => name === "bob"), true);
    const code = async (
      ...request: Parameters<Peer["ask"]>
    ): Promise<number> => (await bobs.ask(...request)).code;
    assertEquals(await code("publicKey", { target: bob }, anna), 2102);
    assertMatch(
      await adminPrints(store.place, "remove", "bob", "--yes"),
      /^removed bob: 3 waiting messages went along\n$/,
    );
    const send = { target: bob, type: 3, content: new Uint8Array(1) } as const;
    assertEquals(await code("sendMessage", send, anna), 9000);
    // Of a file, the send that was refused has told the relay.
    const isUnknown = async () =>
      await code("publicKey", { target: bob }, anna) === 9000;
    if (store.kind === "sqlite") assert(await isUnknown());
    // A database is asked once a second.
    else await until("bob to be unknown", isUnknown);
    assertEquals(await code(PULL, {}, bob), 9000);
    assertEquals(
      await code("sendMessage", { ...send, target: anna }, bob),
      9000,
    );
    assertEquals((await list()).some(({ name }) => name === "bob"), false);
    // Also where the new bob stands where the old one stood.
    const again = await bobs.register("bob");
    assertEquals(
      (await list()).filter(({ name }) => name === "bob")
        .map(({ clientId }) => clientId.toHex()),
      [again.toHex()],
    );
    assertEquals(await bobs.send(again, again, new Uint8Array(1)), 1);
    assertEquals(await adminPrints(store.place, "check"), "all is well\n");
    await relay.stop();
  },
);

testWithAnyStore(
  "a relay to which only the removed one speaks finds out",
  async (store) => {
    await using relay = store.relay("--port", "0");
    using peer = await Peer.connect(await relay.address());
    const bob = await peer.register("bob");
    assertEquals(await peer.pull(bob), []);
    await adminPrints(store.place, "remove", "bob", "--yes");
    await until(
      "9000",
      async () => (await peer.ask(PULL, {}, bob)).code as number === 9000,
    );
  },
);

testWithAnyStore(
  "purge beside a running relay costs nothing that is young",
  async (store) => {
    const old = 2000;
    const id = idOf(1);
    await store.fill({ cora: Array.from({ length: old }, () => 9) });
    await store.change("UPDATE messages SET Arrived = 1");
    await using relay = await LoadedRelay.start(store);
    const cora = await relay.connect();
    assertMatch(
      await adminPrints(store.place, "purge", "--older-than", "1h"),
      /^deleted 2,000 messages that/,
    );
    assertEquals(await cora.pull(id), []);
    assertEquals(await cora.send(id, id, new Uint8Array(1)), old + 1);
    assertEquals(await adminPrints(store.place, "check"), "all is well\n");
    await relay.stop();
    // Nobody else lost anything: what was sent and not pulled is there.
    for (const [i, sent] of relay.sent.entries()) {
      if (i % 2 === 1) continue;
      const count = await store.count(
        `SELECT count(*) FROM messages WHERE ToClient =
          (SELECT ID FROM accounts WHERE UserName = 'user-${i}')`,
      );
      assertEquals(count, sent.length);
    }
  },
);

testWithAnyStore(
  "a relay with --keep deletes what has waited for longer",
  async (store) => {
    await using relay = store.relay("--port", "0", "--keep", "2s");
    using peer = await Peer.connect(await relay.address());
    const anna = await peer.register("anna");
    await peer.send(anna, anna, new Uint8Array(3_000_000));
    await peer.send(anna, anna, new Uint8Array(3));
    const { messages } = JSON.parse(
      await adminPrints(store.place, "stats", "--json"),
    );
    assertEquals(messages, 2);
    await until(
      "no messages",
      async () => {
        const stats = await adminPrints(store.place, "stats", "--json");
        return JSON.parse(stats).messages === 0;
      },
    );
    assertEquals(await peer.pull(anna), []);
    assertEquals(await peer.send(anna, anna, new Uint8Array(1)), 3);
    assertEquals(await adminPrints(store.place, "check"), "all is well\n");
    await relay.stop();
    assertEquals((await relay.end()).code, 0);
  },
  longTest,
);

testWith(
  SHELL,
  "a large message that comes behind an admin's change is taken",
  async () => {
    await using folder = await temporaryFolder();
    // Unlike the one in this process it has given its permissions up.
    await using relay = Program.relay(folder.path, "--port", "0");
    using peer = await Peer.connect(await relay.address());
    const anna = await peer.register("anna");
    await adminPrints(folder.path, "raise-ids");
    const content = new Uint8Array(2 ** 21);
    const payload = { target: anna, type: 3, content } as const;
    assertEquals((await peer.ask("sendMessage", payload, anna)).code, 2103);
  },
);
