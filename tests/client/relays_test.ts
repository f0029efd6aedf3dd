import { assert, assertEquals, assertRejects } from "@std/assert";
import { connectFirst } from "../../client/connecting.ts";
import {
  type Address,
  ConnectionError,
  NoConnectionError,
  RelayLink,
  ServerRefusedError,
  Session,
  UserError,
} from "../../client/mod.ts";
import { Forwarder } from "../support/forwarder.ts";
import {
  ANNA,
  answers,
  listed,
  lying,
  refused,
} from "../support/misbehaviour.ts";
import { temporaryFolder, testRelay } from "../support/resources.ts";
import { ScriptedServer } from "../support/scripted_server.ts";
import {
  LOOPBACK,
  LOOPBACK_AND_FILES,
  testWith,
} from "../support/test_with.ts";

/** An address where nobody is: the port is held, and nobody listens. */
function nobody(): Address {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return { hostname: "127.0.0.1", port };
}

/** An address that is silent: what it has room for is taken. */
async function blackHole(): Promise<{ address: Address } & Disposable> {
  const hostname = "127.0.0.1";
  const listener = Deno.listen({ hostname, port: 0, tcpBacklog: 1 });
  const address = { hostname, port: listener.addr.port };
  const waiting = [await Deno.connect(address), await Deno.connect(address)];
  return {
    address,
    [Symbol.dispose]() {
      for (const conn of waiting) conn.close();
      listener.close();
    },
  };
}

/** A link to relays at these addresses. */
const linkTo = (...addresses: Address[]) =>
  new RelayLink(() => Promise.resolve(addresses));

/** A relay at two addresses, anna who has both, and ben who has the relay's own. */
async function scene() {
  const relay = await testRelay();
  const folder = await temporaryFolder();
  const doors = [new Forwarder(relay.address), new Forwarder(relay.address)];
  const enter = async (name: string, addresses: Address[]) => {
    const dir = `${folder.path}/${name}`;
    await Deno.mkdir(dir);
    return new Session(dir, linkTo(...addresses));
  };
  const anna = await enter("anna", doors.map(({ address }) => address));
  const ben = await enter("ben", [relay.address]);
  await ben.register("ben");
  await anna.register("anna");
  const [first, second] = doors[0]?.connections === 0 ? doors.reverse() : doors;
  assert(first !== undefined && second !== undefined);
  return {
    relay,
    path: folder.path,
    anna,
    ben,
    /** The way that anna goes. */
    first,
    /** The other one. */
    second,
    async [Symbol.asyncDispose]() {
      anna.close();
      ben.close();
      for (const door of doors) await door[Symbol.asyncDispose]();
      await relay[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** What somebody has received of the others, each as often as it is kept. */
async function received(session: Session): Promise<string[]> {
  const problem = (error: UserError) => {
    throw error;
  };
  await session.retrieve({ problem });
  return session.history().filter(({ kind, outgoing }) =>
    kind === "text" && !outgoing
  ).map(({ text }) => text ?? "");
}

testWith(LOOPBACK_AND_FILES, "the order is kept while it works", async () => {
  await using stage = await scene();
  const { anna, ben, first, second } = stage;
  const before = first.connections;
  for (let i = 0; i < 5; i++) await anna.clients();
  await anna.sendText("ben", "hello");
  assertEquals(await received(ben), ["hello"]);
  assertEquals(await received(anna), []);
  assert(first.connections >= before + 8);
  assertEquals(second.connections, 0);
});

testWith(
  LOOPBACK,
  "the order differs from one client to the next",
  async () => {
    await using one = new ScriptedServer();
    await using other = new ScriptedServer();
    one.script = other.script = answers({ 601: listed });
    // All 64 begin at the same one once in 2^63 runs.
    for (let i = 0; i < 64; i++) {
      await linkTo(one.address, other.address).clients(ANNA);
    }
    assert(one.asked.length > 0 && other.asked.length > 0);
    assertEquals(one.asked.length + other.asked.length, 64);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a relay that is gone before anybody connects costs nothing",
  async () => {
    await using stage = await scene();
    const { anna, ben, first, second } = stage;
    first.kill();
    await anna.sendText("ben", "hello");
    assertEquals(await received(ben), ["hello"]);
    assert(second.connections > 0);
    second.kill();
    const error = await assertRejects(
      () => anna.sendText("ben", "to nobody"),
      NoConnectionError,
    );
    for (const { address } of [first, second]) {
      assert(error.message.includes(`127.0.0.1:${address.port}: `));
    }
    assertEquals(anna.history().at(-1)?.delivery, "unsent");
    assertEquals(await received(ben), ["hello"]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a pull goes on through another relay where one dies in the middle",
  async () => {
    await using stage = await scene();
    const { anna, ben, first, second } = stage;
    const texts = Array.from(
      { length: 40 },
      (_, i) => `${i}:${"x".repeat(20_000)}`,
    );
    for (const text of texts) await ben.sendText("anna", text);
    first.answerBytes = 300_000;
    const problems: string[] = [];
    const count = await anna.retrieve({
      problem: ({ message }) => problems.push(message),
    });
    assertEquals(count, texts.length + 1);
    assert(second.connections > 0);
    // Some came twice, and each is kept once, in order.
    assertEquals(await received(anna), texts);
    assertEquals(problems.map((text) => text.split(":")[0]), [
      "The end of the answer is damaged",
    ]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "what was sent without an answer isn't sent again by itself",
  async (t) => {
    await using stage = await scene();
    const { anna, ben, path, first, second } = stage;
    await anna.sendText("ben", "hello");

    await t.step("killed before the answer: the relay has it", async () => {
      first.answerBytes = 0;
      const error = await assertRejects(
        () => anna.sendText("ben", "unsure"),
        ConnectionError,
      );
      assert(error.message.includes(`127.0.0.1:${first.address.port} broke`));
      assertEquals(second.connections, 0);
      assertEquals(anna.history().at(-1)?.delivery, "unsent");
      assertEquals(await received(ben), ["hello", "unsure"]);
    });

    await t.step("it is where the user says so, elsewhere", async () => {
      const id = anna.history().at(-1)?.id ?? 0;
      assertEquals((await anna.deliver(id)).delivery, "sent");
      assert(second.connections > 0);
      assertEquals(await received(ben), ["hello", "unsure", "unsure"]);
    });

    await t.step("killed within the request: nothing arrives", async () => {
      await using third = new Forwarder(stage.relay.address);
      await using fourth = new Forwarder(stage.relay.address);
      third.requestBytes = fourth.requestBytes = 100_000;
      await Deno.writeFile(`${path}/file`, new Uint8Array(1_000_000));
      using again = new Session(
        `${path}/anna`,
        linkTo(third.address, fourth.address),
      );
      await assertRejects(
        () => again.sendFile("ben", `${path}/file`),
        ConnectionError,
      );
      assertEquals(again.history().at(-1)?.delivery, "unsent");
      assertEquals(Math.min(third.connections, fourth.connections), 0);
      await received(ben);
      assert(ben.history().every(({ kind }) => kind !== "file"));
    });
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "questions are asked again elsewhere, a registration isn't",
  async () => {
    await using stage = await scene();
    const { relay, anna, path, first, second } = stage;
    first.answerBytes = 10;
    assertEquals(await anna.clients(), ["ben"]);
    assertEquals(second.connections, 1);

    await using third = new Forwarder(relay.address);
    await using fourth = new Forwarder(relay.address);
    third.answerBytes = fourth.answerBytes = 0;
    using carl = new Session(path, linkTo(third.address, fourth.address));
    await assertRejects(() => carl.register("carl"), UserError, "broke");
    assertEquals(third.connections + fourth.connections, 1);
    assertEquals(await anna.clients(), ["ben", "carl"]);
  },
);

testWith(LOOPBACK, "a refusal is an answer", async () => {
  await using one = new ScriptedServer();
  await using other = new ScriptedServer();
  one.script = other.script = answers({ 601: refused });
  const link = linkTo(one.address, other.address);
  for (let i = 1; i <= 3; i++) {
    await assertRejects(() => link.clients(ANNA), ServerRefusedError);
  }
  assertEquals([one.asked.length, other.asked.length].sort(), [0, 3]);
});

testWith(
  LOOPBACK_AND_FILES,
  "where every relay breaks off, each is asked once",
  async () => {
    await using one = new ScriptedServer();
    await using other = new ScriptedServer();
    await using folder = await temporaryFolder();
    one.script = other.script = answers({
      601: lying(2101, 271, new Uint8Array(1)),
      604: lying(2104, 100, new Uint8Array(1)),
    });
    const both = [one, other];
    const asked = (code: number) =>
      both.map((server) =>
        server.asked.filter(({ header }) => header.code === code).length
      );
    using anna = new Session(
      folder.path,
      linkTo(one.address, other.address),
    );
    await anna.register("anna");
    const error = await assertRejects(() => anna.clients(), ConnectionError);
    for (const { address } of both) {
      assert(error.message.includes(`127.0.0.1:${address.port} broke`));
    }
    assertEquals(asked(601), [1, 1]);
    await assertRejects(
      () => anna.retrieve({ problem: () => {} }),
      ConnectionError,
    );
    assertEquals(asked(604), [1, 1]);
  },
);

testWith(LOOPBACK, "the dead and the silent are passed over", async () => {
  await using live = new ScriptedServer();
  live.script = answers({ 601: listed });
  using hole = await blackHole();
  const gone = nobody();
  const { conn, address, missed } = await connectFirst([
    hole.address,
    gone,
    live.address,
  ]);
  conn.close();
  assertEquals(address, live.address);
  assertEquals(missed, [hole.address, gone]);
  // Whatever the order is, and only once.
  const link = linkTo(hole.address, gone, live.address);
  for (let i = 1; i <= 3; i++) {
    assertEquals((await link.clients(ANNA)).length, 1);
    assertEquals(live.asked.length, i);
  }
});

testWith(LOOPBACK, "a relay that is named later is asked too", async () => {
  await using live = new ScriptedServer();
  live.script = answers({ 601: listed });
  const addresses: Address[] = [nobody()];
  const link = new RelayLink(() => Promise.resolve(addresses));
  await assertRejects(() => link.clients(ANNA), NoConnectionError);
  addresses.push(live.address);
  assertEquals((await link.clients(ANNA)).length, 1);
  addresses.pop();
  await assertRejects(() => link.clients(ANNA), NoConnectionError);
});
