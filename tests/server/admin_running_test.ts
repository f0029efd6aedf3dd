import { assert, assertEquals, assertMatch } from "@std/assert";
import { Database } from "@db/sqlite";
import type { ClientId } from "../../shared/protocol.ts";
import { adminPrints } from "../support/admin.ts";
import { idOf, makeStore } from "../support/made_store.ts";
import { Peer } from "../support/peer.ts";
import { Program } from "../support/program.ts";
import { temporaryFolder } from "../support/resources.ts";
import { PROGRAMS, testWith } from "../support/test_with.ts";
import { until } from "../support/until.ts";

const SENDERS = 8;

/** A relay's program under load: some send to one inbox each, which others empty. */
class LoadedRelay implements AsyncDisposable {
  /** The ids that were acknowledged, by inbox. */
  readonly sent: number[][] = [];
  /** The highest id that was handed out, by inbox. */
  readonly pulled: number[] = [];
  readonly ids: ClientId[] = [];
  readonly #folder: { path: string } & AsyncDisposable;
  readonly #program: Program;
  readonly #peers: Peer[] = [];
  #isOver = false;
  #load: Promise<unknown> = Promise.resolve();

  private constructor(
    folder: { path: string } & AsyncDisposable,
    program: Program,
  ) {
    this.#folder = folder;
    this.#program = program;
  }

  /** @param prepare fills the folder beforehand */
  static async start(
    prepare: (dir: string) => Promise<void> = async () => {},
  ): Promise<LoadedRelay> {
    const folder = await temporaryFolder();
    await prepare(folder.path);
    const program = Program.relay(folder.path, "--port", "0");
    const relay = new LoadedRelay(folder, program);
    for (let i = 0; i < SENDERS; i++) {
      const peer = await relay.connect();
      relay.ids.push(await peer.register(`user-${i}`));
      relay.sent.push([]);
      relay.pulled.push(0);
    }
    relay.#load = Promise.all(
      relay.ids.flatMap((id, i) => [relay.#send(id, i), relay.#pull(id, i)]),
    );
    return relay;
  }

  get dir(): string {
    return this.#folder.path;
  }

  async connect(): Promise<Peer> {
    const peer = await Peer.connect(await this.#program.address());
    this.#peers.push(peer);
    return peer;
  }

  /** Ends the load and the relay, which must end well. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#load;
    this.#program.kill("SIGTERM");
    const { code, stderr } = await this.#program.end();
    assertEquals([code, stderr.replaceAll(/^warning: no info.*\n/gm, "")], [
      0,
      "",
    ]);
  }

  async #send(id: ClientId, inbox: number): Promise<void> {
    const peer = await this.connect();
    const content = new Uint8Array(700).fill(inbox);
    while (!this.#isOver) {
      this.sent[inbox]?.push(await peer.send(id, id, content));
    }
  }

  /** Every other inbox is emptied now and then. */
  async #pull(id: ClientId, inbox: number): Promise<void> {
    if (inbox % 2 === 0) return;
    const peer = await this.connect();
    while (!this.#isOver) {
      const answer = await peer.ask("waitingMessages", {}, id);
      assert(answer.code === 2104);
      const last = answer.payload.at(-1)?.messageId ?? 0;
      this.pulled[inbox] = Math.max(this.pulled[inbox] ?? 0, last);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#load.catch(() => {});
    for (const peer of this.#peers) peer[Symbol.dispose]();
    await this.#program[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}

testWith(
  PROGRAMS,
  "a backup under load holds what was acknowledged, and a relay serves it",
  async () => {
    await using relay = await LoadedRelay.start();
    await using other = await temporaryFolder();
    await until("some messages", () => (relay.sent[0]?.length ?? 0) > 50);
    const acknowledged = relay.sent.map((ids) => ids.at(-1) ?? 0);
    await adminPrints(relay.dir, "backup", `${other.path}/backup`);
    const pulled = [...relay.pulled];
    assertEquals(await adminPrints(relay.dir, "check"), "all is well\n");
    await relay.stop();
    const sent = relay.sent.map((ids) => ids.at(-1) ?? 0);

    await adminPrints(other.path, "restore", `${other.path}/backup`, "--yes");
    await using served = Program.relay(other.path, "--port", "0");
    using peer = await Peer.connect(await served.address());
    for (const [i, id] of relay.ids.entries()) {
      const found: number[] = [];
      for (;;) {
        const answer = await peer.ask("waitingMessages", {}, id);
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

testWith(
  PROGRAMS,
  "who is removed beside a running relay is unknown to it",
  async () => {
    await using relay = await LoadedRelay.start();
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
      await adminPrints(relay.dir, "remove", "bob", "--yes"),
      /^removed bob: 3 waiting messages went along\n$/,
    );
    const send = { target: bob, type: 3, content: new Uint8Array(1) } as const;
    assertEquals(await code("sendMessage", send, anna), 9000);
    // The send that was refused has told the relay.
    assertEquals(await code("publicKey", { target: bob }, anna), 9000);
    assertEquals(await code("waitingMessages", {}, bob), 9000);
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
    assertEquals(await adminPrints(relay.dir, "check"), "all is well\n");
    await relay.stop();
  },
);

testWith(
  PROGRAMS,
  "a relay to which only the removed one speaks finds out",
  async () => {
    await using folder = await temporaryFolder();
    await using relay = Program.relay(folder.path, "--port", "0");
    using peer = await Peer.connect(await relay.address());
    const bob = await peer.register("bob");
    assertEquals(await peer.pull(bob), []);
    await adminPrints(folder.path, "remove", "bob", "--yes");
    await until(
      "9000",
      async () =>
        (await peer.ask("waitingMessages", {}, bob)).code as number === 9000,
    );
  },
);

testWith(
  PROGRAMS,
  "purge beside a running relay costs nothing that is young",
  async () => {
    const old = 2000;
    const id = idOf(1);
    await using relay = await LoadedRelay.start(async (dir) => {
      await makeStore(dir, { cora: Array.from({ length: old }, () => 9) });
      const database = new Database(`${dir}/db.defensive`);
      database.exec("UPDATE messages SET Arrived = 1");
      database.close();
    });
    const cora = await relay.connect();
    assertMatch(
      await adminPrints(relay.dir, "purge", "--older-than", "1h"),
      /^deleted 2,000 messages that/,
    );
    assertEquals(await cora.pull(id), []);
    assertEquals(await cora.send(id, id, new Uint8Array(1)), old + 1);
    assertEquals(await adminPrints(relay.dir, "check"), "all is well\n");
    await relay.stop();
    // Nobody else lost anything: what was sent and not pulled is there.
    const after = new Database(`${relay.dir}/db.defensive`, { readonly: true });
    try {
      const count = after.prepare<{ n: number }>(
        "SELECT count(*) AS n FROM messages WHERE ToClient = ?",
      );
      for (const [i, inbox] of relay.ids.entries()) {
        if (i % 2 === 0) {
          assertEquals(count.get(inbox)?.n, relay.sent[i]?.length);
        }
      }
    } finally {
      after.close();
    }
  },
);

testWith(
  PROGRAMS,
  "a relay with --keep deletes what has waited for longer",
  async () => {
    await using folder = await temporaryFolder();
    await using relay = Program.relay(
      folder.path,
      ...["--port", "0", "--keep", "2s"],
    );
    using peer = await Peer.connect(await relay.address());
    const anna = await peer.register("anna");
    await peer.send(anna, anna, new Uint8Array(3_000_000));
    await peer.send(anna, anna, new Uint8Array(3));
    const { messages } = JSON.parse(
      await adminPrints(folder.path, "stats", "--json"),
    );
    assertEquals(messages, 2);
    await until(
      "no messages",
      async () => {
        const stats = await adminPrints(folder.path, "stats", "--json");
        return JSON.parse(stats).messages === 0;
      },
    );
    assertEquals(await peer.pull(anna), []);
    assertEquals(await peer.send(anna, anna, new Uint8Array(1)), 3);
    assertEquals(await adminPrints(folder.path, "check"), "all is well\n");
    relay.kill("SIGTERM");
    assertEquals((await relay.end()).code, 0);
  },
);
