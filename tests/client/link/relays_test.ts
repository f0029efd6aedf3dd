import { assert, assertEquals, assertRejects } from "@std/assert";
import { connectFirst } from "../../../client/link/relays.ts";
import {
  type Address,
  NoConnectionError,
  RelayLink,
  ServerRefusedError,
} from "../../../client/mod.ts";
import {
  ANNA,
  answers,
  listed,
  refused,
} from "../../support/relays/misbehaviour.ts";
import { ScriptedServer } from "../../../lab/harness/scripted_server.ts";
import {
  LOOPBACK,
  LOOPBACK_AND_FILES,
  testWith,
} from "../../support/test_with.ts";
import { linkTo, received, twoWays } from "../../support/clients/two_ways.ts";

/** An address where nobody is. */
const GONE: Address = { hostname: "127.0.0.1", port: 1 };

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

testWith(LOOPBACK_AND_FILES, "the order is kept while it works", async () => {
  await using stage = await twoWays();
  const { anna, ben, first, second } = stage;
  const before = first.connections;
  for (let i = 0; i < 5; i++) await anna.contacts.fetch();
  await anna.outbox.sendText("ben", "hello");
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

testWith(LOOPBACK, "a refusal is an answer", async () => {
  await using one = new ScriptedServer();
  await using other = new ScriptedServer();
  one.script = other.script = answers({ 601: refused });
  const link = linkTo(one.address, other.address);
  for (let i = 1; i <= 3; i++) {
    await assertRejects(() => link.clients(ANNA), ServerRefusedError);
  }
  // Whether the version is refused is asked otherwise.
  const lists = ({ asked }: ScriptedServer) =>
    asked.filter(({ header }) => header.code === 601).length;
  assertEquals([lists(one), lists(other)].sort(), [0, 3]);
});

testWith(LOOPBACK, "the dead and the silent are passed over", async () => {
  await using live = new ScriptedServer();
  live.script = answers({ 601: listed });
  using hole = await blackHole();
  const { conn, address, missed } = await connectFirst([
    hole.address,
    GONE,
    live.address,
  ]);
  conn.close();
  assertEquals(address, live.address);
  assertEquals(missed, [hole.address, GONE]);
  // Whatever the order is, and only once.
  const link = linkTo(hole.address, GONE, live.address);
  for (let i = 1; i <= 3; i++) {
    assertEquals((await link.clients(ANNA)).length, 1);
    assertEquals(live.asked.length, i);
  }
});

testWith(LOOPBACK, "a relay that is named later is asked too", async () => {
  await using live = new ScriptedServer();
  live.script = answers({ 601: listed });
  const addresses: Address[] = [GONE];
  const link = new RelayLink(() => Promise.resolve(addresses));
  await assertRejects(() => link.clients(ANNA), NoConnectionError);
  addresses.push(live.address);
  assertEquals((await link.clients(ANNA)).length, 1);
  addresses.pop();
  await assertRejects(() => link.clients(ANNA), NoConnectionError);
});
