import { assertEquals, assertRejects } from "@std/assert";
import {
  type Message,
  RelayLink,
  ServerRefusedError,
  Session,
} from "../../../client/mod.ts";
import { importPublicKey } from "../../../shared/crypto/crypto.ts";
import {
  type Register,
  requestCodecs,
  responseCodecs,
  type WaitingMessage,
} from "../../../shared/wire/requests.ts";
import { Ben } from "../../support/clients/ben.ts";
import {
  answers,
  exactly,
  lying,
  refused,
  registered,
} from "../../support/relays/misbehaviour.ts";
import { writeAll } from "../../../lab/harness/peer.ts";
import { fileRelay, temporaryFolder } from "../../../lab/harness/resources.ts";
import { ScriptedServer } from "../../../lab/harness/scripted_server.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";
import { PULL } from "../../../kit/requests.ts";
import { pull } from "../../support/clients/receiving.ts";

/** Anna, at a server that a test scripts, and ben, whose key she has. */
async function annaAndBen() {
  const server = new ScriptedServer();
  const folder = await temporaryFolder();
  const dir = `${folder.path}/anna`;
  const start = () =>
    new Session(dir, new RelayLink(() => Promise.resolve(server.address)));
  const anna = start();
  const ben = await Ben.create();
  server.script = async ({ payload }, conn) => {
    const { publicKey } = requestCodecs.register.decode(payload) as Register;
    ben.annasKey = await importPublicKey(publicKey);
    await writeAll(conn, registered);
  };
  await anna.register("anna");
  server.script = answers({}, [await ben.keyMessage()]);
  await received(anna);
  return {
    server,
    anna,
    ben,
    dir,
    start,
    async [Symbol.asyncDispose]() {
      anna.close();
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** What a pull shows; files are removed. */
async function received(session: Session): Promise<string[]> {
  const messages: Message[] = [];
  await pull(session, {
    message: (message) => messages.push(message),
    problem: () => {},
  });
  for (const { path } of messages) {
    if (path !== undefined) await Deno.remove(path);
  }
  return messages.map(({ kind, text }) => text ?? kind);
}

/** The same message as a server that counts anew hands it out. */
const withId = (message: WaitingMessage, messageId: number) =>
  ({ ...message, messageId }) as WaitingMessage;

testWith(
  LOOPBACK_AND_FILES,
  "what a relay says again after it was put back is another message",
  async () => {
    await using relay = await fileRelay();
    await using folder = await temporaryFolder();
    // It gets another port.
    const link = () => new RelayLink(() => Promise.resolve(relay.address));
    using anna = new Session(`${folder.path}/anna`, link());
    using ben = new Session(`${folder.path}/ben`, link());
    await anna.register("anna");
    await ben.register("ben");
    await ben.outbox.sendKey("anna");
    await received(anna);
    const database = `${relay.dir}/db.defensive`;
    await relay.restart();
    await Deno.copyFile(database, `${folder.path}/copy`);
    await ben.outbox.sendText("anna", "ok");
    assertEquals(await received(anna), ["ok"]);
    await relay.restart(() => Deno.copyFile(`${folder.path}/copy`, database));
    await ben.outbox.sendText("anna", "ok");
    assertEquals(await received(anna), ["ok"]);
    assertEquals(await received(anna), []);
    assertEquals(anna.messages.list({ name: "ben" }).length, 3);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a server that counts ids anew loses nothing that is said again",
  async (t) => {
    await using stage = await annaAndBen();
    const { server, anna, ben } = stage;
    const kinds = {
      "a text": ["ok", withId(await ben.text("ok"), 1)],
      "a file": ["file", { ...withId(await ben.text("ok"), 1), type: 4 }],
      "a key request": [
        "keyRequest",
        withId(ben.message(1, new Uint8Array(0)), 1),
      ],
      "what can't be read": [
        "unreadable",
        withId(ben.message(3, new Uint8Array(15)), 1),
      ],
    } satisfies Record<string, [string, WaitingMessage]>;

    for (const [name, [shown, message]] of Object.entries(kinds)) {
      await t.step(name, async () => {
        for (let time = 0; time < 3; time++) {
          server.script = answers({}, [message]);
          assertEquals(await received(anna), [shown]);
          assertEquals(await received(anna), []);
        }
      });
    }

    await t.step("one that answers 9000 where nothing waits", async () => {
      const bytes = exactly(
        2104,
        responseCodecs[PULL].encode([kinds["a text"][1]]),
      );
      for (let time = 0; time < 2; time++) {
        let asked = 0;
        server.script = answers({ 604: () => asked++ === 0 ? bytes : refused });
        const shown: string[] = [];
        await assertRejects(
          () =>
            pull(anna, {
              message: ({ text }) => shown.push(text ?? ""),
              problem: () => {},
            }),
          ServerRefusedError,
        );
        assertEquals(shown, ["ok"]);
      }
    });

    await t.step("a consumer is handed all of them", async () => {
      using bot = await anna.consumer("bot");
      const handed = bot.next(100).map(({ kind, text }) => text ?? kind);
      assertEquals(
        handed.toSorted(),
        [
          "key",
          ...Object.values(kinds).flatMap(([shown]) => Array(3).fill(shown)),
          "ok",
          "ok",
        ].toSorted(),
      );
    });
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a repeat is hidden while it isn't sure that the first was dropped",
  async (t) => {
    await using stage = await annaAndBen();
    const { server, anna, ben } = stage;
    const [one, two] = [await ben.text("one"), await ben.text("two")];
    const both = responseCodecs[PULL].encode([one, two]);
    const cut = lying(2104, both.length, both.subarray(0, -5));

    await t.step("behind a break, also by another client", async () => {
      server.script = answers({}, cut);
      await assertRejects(() => received(anna));
      using later = stage.start();
      server.script = answers({}, [one, two]);
      assertEquals(await received(later), ["two"]);
      // That answer was followed by one without them.
      server.script = answers({}, [one]);
      assertEquals(await received(anna), ["one"]);
    });

    await t.step("where a pull never comes to an end", async () => {
      const three = await ben.text("three");
      server.script = answers({
        604: exactly(2104, responseCodecs[PULL].encode([one, three])),
      });
      assertEquals(await received(anna), ["one", "three"]);
      assertEquals(await received(anna), []);
      server.script = answers({}, [three], [two, three]);
      assertEquals(await received(anna), ["two"]);
    });

    await t.step("in an answer that is worked through again", async () => {
      const four = await ben.text("four");
      server.script = answers({}, [one, four]);
      const kept = `${stage.dir}/info.inbox.1.000000.${crypto.randomUUID()}`;
      await Deno.writeFile(
        kept,
        responseCodecs[PULL].encode([four, two]),
      );
      assertEquals(await received(anna), ["four", "two", "one"]);
    });
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "texts that came alike before their key are read as often as they came",
  async () => {
    await using stage = await annaAndBen();
    const { server, anna, ben } = stage;
    const other = await Ben.create();
    const text = withId(await ben.text("after all", other.key), 7);
    for (let time = 0; time < 2; time++) {
      server.script = answers({}, [text, await ben.text(`${time}`)]);
      assertEquals((await received(anna)).toSorted(), [
        `${time}`,
        "unreadable",
      ]);
    }
    server.script = answers({}, [await ben.keyMessage(other.key)]);
    assertEquals(await received(anna), ["key", "after all", "after all"]);
  },
);
