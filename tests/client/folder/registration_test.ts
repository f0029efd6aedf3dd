import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  RelayLink,
  ServerRefusedError,
  Session,
  UserError,
} from "../../../client/mod.ts";
import { Forwarder } from "../../support/relays/forwarder.ts";
import { answers, refused } from "../../support/relays/misbehaviour.ts";
import {
  namesIn,
  temporaryFolder,
  testRelay,
} from "../../../lab/harness/resources.ts";
import { ScriptedServer } from "../../../lab/harness/scripted_server.ts";
import {
  LOOPBACK_AND_FILES,
  PROGRAMS,
  testWith,
} from "../../support/test_with.ts";
import { VerbUser } from "../../support/clients/verbs.ts";
import { pull } from "../../support/clients/receiving.ts";

type Address = { hostname: string; port: number };

const at = (dir: string, address: Address) =>
  new Session(dir, new RelayLink(() => Promise.resolve(address)));

/** Registers where the answer is lost; returns the kept key's path. */
async function lose(session: Session, name: string): Promise<string> {
  const error = await assertRejects(() => session.register(name), UserError);
  assertStringIncludes(error.hint ?? "", `Register "${name}" here again`);
  return /its private key is in (\S+)$/.exec(error.hint ?? "")?.[1] ?? "";
}

testWith(
  LOOPBACK_AND_FILES,
  "a refusal is told though the key's file is gone by then",
  async () => {
    await using server = new ScriptedServer();
    await using folder = await temporaryFolder();
    const remove = () => {
      for (const { name } of Deno.readDirSync(folder.path)) {
        if (name.endsWith(".part")) Deno.removeSync(`${folder.path}/${name}`);
      }
      return refused;
    };
    server.script = answers({ 600: remove });
    using anna = at(folder.path, server.address);
    await assertRejects(() => anna.register("anna"), ServerRefusedError);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a registration whose answer is lost goes on with its key",
  async (t) => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    await using way = new Forwarder(relay.address);
    way.answerBytes = 0;
    const dir = `${folder.path}/anna`;
    using away = at(dir, way.address);
    const kept = await lose(away, "anna");
    using ben = at(`${folder.path}/ben`, relay.address);
    await ben.register("ben");
    assertEquals(await ben.contacts.fetch(), ["anna"]);

    await t.step("it stays where the name is refused", async () => {
      await using server = new ScriptedServer();
      server.script = answers({ 600: refused });
      using elsewhere = at(dir, server.address);
      const error = await assertRejects(
        () => elsewhere.register("anna"),
        ServerRefusedError,
      );
      assertStringIncludes(error.hint ?? "", `private key is in ${kept}.`);
      assertEquals(await namesIn(dir), [kept.slice(dir.length + 1)]);
    });

    await t.step("the relay knows it again", async () => {
      using anna = at(dir, relay.address);
      const me = await anna.register("anna");
      assertEquals(await namesIn(dir), ["info.me"]);
      assertEquals(await ben.contacts.fetch(), ["anna"]);
      await ben.outbox.sendText("anna", "hello");
      assertEquals(
        ben.contacts.all()[0]?.contactId.toHex(),
        me.clientId.toHex(),
      );
      assertEquals(
        await pull(anna, { message: () => {}, problem: () => {} }),
        2,
      );
    });

    await t.step("its name isn't another key's", async () => {
      using other = at(`${folder.path}/other`, relay.address);
      await assertRejects(() => other.register("anna"), ServerRefusedError);
    });
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "of several who register at once in a folder one does",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const names = ["one", "two", "three", "four"];
    const registered = await Promise.all(names.map(async (name) => {
      using session = at(`${folder.path}/many`, relay.address);
      return await session.register(name).then(
        () => [name],
        ({ message }: UserError) => {
          assertStringIncludes(message, "You are registered already");
          return [];
        },
      );
    }));
    assertEquals(registered.flat().length, 1);
    using ben = at(`${folder.path}/ben`, relay.address);
    await ben.register("ben");
    assertEquals(await ben.contacts.fetch(), registered.flat());
    assertEquals(await namesIn(`${folder.path}/many`), ["info.me"]);
  },
);

testWith(
  PROGRAMS,
  "import-identity goes on with a registration whose answer was lost",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    await using way = new Forwarder(relay.address);
    way.answerBytes = 0;
    using away = at(`${folder.path}/away`, way.address);
    const kept = await lose(away, "anna");
    const anna = new VerbUser(`${folder.path}/anna`, relay.address);
    const { stdout, stderr } = await anna.do("import-identity", kept);
    assertStringIncludes(stderr, 'Found a registration of "anna" that got');
    const [client] = await relay.store.clients(0, 9);
    assertEquals(stdout, `anna ${client?.id.toHex()}\n`);
  },
);
