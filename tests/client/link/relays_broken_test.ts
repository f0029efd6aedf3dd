import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  ConnectionError,
  type MessageNumber,
  NoConnectionError,
  Session,
  UserError,
} from "../../../client/mod.ts";
import { Forwarder } from "../../support/relays/forwarder.ts";
import { answers, lying } from "../../support/relays/misbehaviour.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { ScriptedServer } from "../../../lab/harness/scripted_server.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";
import { linkTo, received, twoWays } from "../../support/clients/two_ways.ts";
import { receive } from "../../support/clients/receiving.ts";

/** A number that no message has. */
const NONE = 0 as MessageNumber;

testWith(
  LOOPBACK_AND_FILES,
  "a relay that is gone before anybody connects costs nothing",
  async () => {
    await using stage = await twoWays();
    const { anna, ben, first, second } = stage;
    first.kill();
    await anna.outbox.sendText("ben", "hello");
    assertEquals(await received(ben), ["hello"]);
    assert(second.connections > 0);
    second.kill();
    const error = await assertRejects(
      () => anna.outbox.sendText("ben", "to nobody"),
      NoConnectionError,
    );
    for (const { address } of [first, second]) {
      assert(error.message.includes(`127.0.0.1:${address.port}: `));
    }
    assertEquals(anna.messages.list().at(-1)?.delivery, "unsent");
    assertEquals(await received(ben), ["hello"]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a pull goes on through another relay where one dies in the middle",
  async () => {
    await using stage = await twoWays();
    const { anna, ben, first, second } = stage;
    const texts = Array.from(
      { length: 40 },
      (_, i) => `${i}:${"x".repeat(20_000)}`,
    );
    for (const text of texts) await ben.outbox.sendText("anna", text);
    first.answerBytes = 300_000;
    const problems: string[] = [];
    const count = await receive(anna, {
      problem: ({ message }) => problems.push(message),
    });
    assertEquals(count, texts.length + 1);
    assert(second.connections > 0);
    // Some came twice, and each is kept once, in order.
    assertEquals(await received(anna), texts);
    assertEquals(problems.map((text) => text.split(":")[0]), [
      "The end of the response is damaged",
    ]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "what was sent without an answer isn't sent again by itself",
  async (t) => {
    await using stage = await twoWays();
    const { anna, ben, path, first, second } = stage;
    await anna.outbox.sendText("ben", "hello");

    await t.step("killed before the answer: the relay has it", async () => {
      first.answerBytes = 0;
      const error = await assertRejects(
        () => anna.outbox.sendText("ben", "unsure"),
        ConnectionError,
      );
      assert(error.message.includes(`127.0.0.1:${first.address.port} broke`));
      assertEquals(second.connections, 0);
      assertEquals(anna.messages.list().at(-1)?.delivery, "unsent");
      assertEquals(await received(ben), ["hello", "unsure"]);
    });

    await t.step("it is where the user says so, elsewhere", async () => {
      const id = anna.messages.list().at(-1)?.id ?? NONE;
      assertEquals((await anna.outbox.deliver(id)).delivery, "sent");
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
        () => again.outbox.sendFile("ben", `${path}/file`),
        ConnectionError,
      );
      assertEquals(again.messages.list().at(-1)?.delivery, "unsent");
      assertEquals(Math.min(third.connections, fourth.connections), 0);
      await received(ben);
      assert(ben.messages.list().every(({ kind }) => kind !== "file"));
    });
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "questions are asked again elsewhere, a registration isn't",
  async () => {
    await using stage = await twoWays();
    const { relay, anna, path, first, second } = stage;
    first.answerBytes = 10;
    assertEquals(await anna.contacts.fetch(), ["ben"]);
    assertEquals(second.connections, 1);

    await using third = new Forwarder(relay.address);
    await using fourth = new Forwarder(relay.address);
    third.answerBytes = fourth.answerBytes = 0;
    using carl = new Session(path, linkTo(third.address, fourth.address));
    await assertRejects(() => carl.register("carl"), UserError, "broke");
    assertEquals(third.connections + fourth.connections, 1);
    assertEquals(await anna.contacts.fetch(), ["ben", "carl"]);
  },
);

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
    const error = await assertRejects(
      () => anna.contacts.fetch(),
      ConnectionError,
    );
    for (const { address } of both) {
      assert(error.message.includes(`127.0.0.1:${address.port} broke`));
    }
    assertEquals(asked(601), [1, 1]);
    await assertRejects(
      () => receive(anna, { problem: () => {} }),
      ConnectionError,
    );
    assertEquals(asked(604), [1, 1]);
  },
);
