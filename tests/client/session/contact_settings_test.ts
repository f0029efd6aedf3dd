import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  KeyChangedError,
  RelayLink,
  Session,
  UnknownContactError,
  UserError,
} from "../../../client/mod.ts";
import {
  exportPublicKey,
  generateKeyPair,
  importPublicKey,
  publicKeyOf,
} from "../../../shared/crypto/crypto.ts";
import {
  namesIn,
  temporaryFolder,
  testRelay,
} from "../../../lab/harness/resources.ts";
import { BEN, Ben, unreadable } from "../../support/clients/ben.ts";
import { pull } from "../../support/clients/receiving.ts";
import { scene } from "../../support/relays/lying_relay.ts";
import { idOf } from "../../support/relays/misbehaviour.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

const OTHER = idOf(3);
const DAY = 24 * 3_600_000;

/** A relay, and three people at it. */
async function people() {
  const relay = await testRelay();
  const folder = await temporaryFolder();
  const register = async (name: string) => {
    const session = new Session(
      `${folder.path}/${name}`,
      new RelayLink(() => Promise.resolve(relay.address)),
    );
    await session.register(name);
    return session;
  };
  const [anna, ben, carol] = [
    await register("anna"),
    await register("ben"),
    await register("carol"),
  ];
  return {
    path: folder.path,
    anna,
    ben,
    carol,
    async [Symbol.asyncDispose]() {
      for (const session of [anna, ben, carol]) session.close();
      await relay[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Pulls; returns the texts, or the kinds of other messages. */
async function received(session: Session): Promise<string[]> {
  const shown: string[] = [];
  await pull(session, {
    message: ({ kind, text }) => shown.push(text ?? kind),
  });
  return shown;
}

const textsOf = (session: Session, name?: string) =>
  session.messages.list({ name }).flatMap(({ text }) => text ?? []);

const namesOf = (session: Session) =>
  session.contacts.conversations().map(({ name }) => name);

testWith(
  LOOPBACK_AND_FILES,
  "contacts are conversations; other users are strangers until they are chosen",
  async () => {
    await using scene = await people();
    const { anna, ben } = scene;
    await anna.contacts.fetch();
    assertEquals(namesOf(anna), []);
    assertEquals(
      anna.contacts.all().map(({ name, conversation }) => [name, conversation]),
      [["ben", false], ["carol", false]],
    );
    await ben.outbox.sendText("anna", "hi");
    await received(anna);
    assertEquals(namesOf(anna), ["ben"]);
    await anna.contactSettings.choose("carol");
    assertEquals(namesOf(anna), ["ben", "carol"]);
    await anna.history.delete("ben");
    await anna.history.delete("carol");
    assertEquals(namesOf(anna), []);
    await ben.outbox.sendText("anna", "still there");
    assertEquals(await received(anna), ["still there"]);
    assertEquals(namesOf(anna), ["ben"]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "messages of a blocked contact are taken and dropped, but for its keys",
  async () => {
    await using scene = await people();
    const { anna, ben, carol, path } = scene;
    await ben.outbox.sendText("anna", "before");
    await received(anna);
    await anna.contactSettings.block("ben", true);
    await ben.outbox.sendKey("anna");
    await ben.outbox.sendText("anna", "unwanted");
    await ben.outbox.requestKey("anna");
    await Deno.writeTextFile(`${path}/file`, "unwanted, too");
    await ben.outbox.sendFile("anna", `${path}/file`);
    await carol.outbox.sendText("anna", "wanted");
    assertEquals(await received(anna), ["key", "wanted"]);
    assertEquals(textsOf(anna, "ben"), ["before"]);
    assertEquals(await received(ben), [], "no key is sent by itself");
    const error = await assertRejects(
      () => anna.outbox.sendText("ben", "x"),
      UserError,
    );
    assertEquals(error.message, 'You have blocked "ben"');
    assertEquals(textsOf(anna, "ben"), ["before"], "nothing waits");

    await anna.contactSettings.block("ben", false);
    await ben.outbox.sendText("anna", "after");
    assertEquals(await received(anna), ["after"], "under the new key");
    await anna.outbox.sendText("ben", "hello again");
    assertEquals(await received(ben), ["hello again"]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "what was dropped or deleted stays away while a relay repeats it",
  async () => {
    await using stage = await scene();
    const { relay } = stage;
    using anna = stage.session();
    const ben = await Ben.create();
    const { privateKey } = await anna.me();
    ben.annasKey = await importPublicKey(await publicKeyOf(privateKey));
    const [key, deleted, dropped] = [
      await ben.keyMessage(),
      await ben.text("deleted"),
      await ben.text("dropped"),
    ];
    // It hands out the same for as long as the session asks.
    const repeat = async (...messages: typeof relay.waiting) => {
      const splice = relay.waiting.splice;
      relay.waiting.push(...messages);
      relay.waiting.splice = () => [...messages];
      try {
        return await received(anna);
      } finally {
        relay.waiting.splice = splice;
        relay.waiting.length = 0;
      }
    };
    assertEquals(await repeat(key, deleted), ["key", "deleted"]);
    await anna.history.delete("ben");
    assertEquals(await repeat(key, deleted), []);
    await anna.contactSettings.block("ben", true);
    assertEquals(await repeat(key, deleted, dropped), []);
    await anna.contactSettings.block("ben", false);
    assertEquals(await repeat(key, deleted, dropped), []);
    // Once it has deleted them, equal ones are new.
    assertEquals(await received(anna), []);
    relay.waiting.push(dropped);
    assertEquals(await received(anna), ["dropped"]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a mute keeps messages and counts them",
  async () => {
    await using scene = await people();
    const { anna, ben } = scene;
    await anna.contactSettings.mute("ben", true);
    await ben.outbox.sendText("anna", "hi");
    for await (const _ of anna.receive());
    const [contact] = anna.contacts.conversations();
    assertEquals([contact?.muted, contact?.unread], [true, 1]);
    await anna.contactSettings.mute("ben", false);
    assertEquals((await anna.contacts.known("ben")).muted, false);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "an alias is the name of one contact, wherever a name is wanted",
  async () => {
    await using scene = await people();
    const { anna, ben, carol } = scene;
    await anna.contactSettings.setAlias("ben", "Benjamin, the miller ב");
    await anna.outbox.sendText("Benjamin, the miller ב", "hi");
    assertEquals(await received(ben), ["key", "hi"]);
    for (const name of ["ben", "Benjamin, the miller ב"]) {
      const [, message] = anna.messages.list({ name });
      assertEquals(message?.contact, "Benjamin, the miller ב");
      assert((await anna.contacts.safetyNumber(name)).length > 20);
    }
    const id = (await anna.contacts.known("ben")).contactId.toHex();
    assertEquals(textsOf(anna, id), ["hi"]);

    const refused: [string, string][] = [
      ["ben", `"ben" is another contact's name`],
      ["Benjamin, the miller ב", "is another contact's name"],
      [id, "is another contact's name"],
      ["", `"" can't be an alias`],
      [" carol", `" carol" can't be an alias`],
      ["a\x1b[2J", "can't be an alias"],
      ["a".repeat(256), "can't be an alias"],
    ];
    for (const [alias, message] of refused) {
      await assertRejects(
        () => anna.contactSettings.setAlias("carol", alias),
        UserError,
        message,
      );
    }
    // A name of the relay that is an alias here isn't shown for anybody else.
    await anna.contactSettings.setAlias("ben", "dave");
    using dave = new Session(`${scene.path}/dave`, anna.link);
    await dave.register("dave");
    await anna.contacts.fetch();
    const davesId = (await dave.me()).clientId.toHex();
    assertEquals(
      anna.contacts.all().map(({ name, relayName }) => [relayName, name])
        .sort(),
      [["ben", "dave"], ["carol", "carol"], ["dave", davesId]],
    );
    await anna.outbox.sendText("dave", "for ben");
    assertEquals(await received(ben), ["for ben"]);
    await anna.outbox.sendText(davesId, "for dave");
    assertEquals(await received(dave), ["key", "for dave"]);
    await anna.contactSettings.setAlias("dave", undefined);
    assertEquals((await anna.contacts.known("ben")).name, "ben");
    assertEquals(textsOf(anna, "dave"), ["for dave"]);
    assertEquals(textsOf(carol), []);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "an alias, a block and a mute stay with an id until another one is accepted",
  async () => {
    await using stage = await scene();
    const { relay } = stage;
    using anna = stage.session();
    await anna.contactSettings.setAlias("ben", "Benny");
    await anna.contactSettings.mute("ben", true);
    const news = await generateKeyPair();
    relay.listed = [{ clientId: OTHER, name: "ben" }];
    relay.keys.delete(BEN.toHex());
    relay.keys.set(OTHER.toHex(), await exportPublicKey(news.publicKey));
    const error = await assertRejects(
      () => anna.outbox.sendText("Benny", "are you the same?"),
      KeyChangedError,
    );
    assertEquals(error.contact, "Benny");
    assertEquals(
      namesOf(anna).concat(
        (await anna.contacts.known("Benny")).contactId.toHex(),
      ),
      ["Benny", BEN.toHex()],
    );
    await anna.contacts.accept("Benny");
    const { contactId, muted, relayName } = await anna.contacts.known("Benny");
    assertEquals([contactId.toHex(), muted, relayName], [
      OTHER.toHex(),
      true,
      "ben",
    ]);
    assertEquals(textsOf(anna, "Benny"), ["hello", "are you the same?"]);

    // A stranger with an alias isn't replaced unseen, either.
    const [known, newcomer] = [idOf(4), idOf(5)];
    relay.listed = [{ clientId: known, name: "carol" }];
    await anna.contacts.fetch();
    await anna.contactSettings.setAlias("carol", "Caro");
    relay.listed = [{ clientId: newcomer, name: "carol" }];
    relay.keys.set(newcomer.toHex(), await exportPublicKey(news.publicKey));
    await assertRejects(
      () => anna.outbox.sendText("Caro", "is it you?"),
      KeyChangedError,
    );
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "who registers under a blocked name isn't dropped",
  async () => {
    await using stage = await scene();
    const { relay } = stage;
    using anna = stage.session();
    const { privateKey } = await anna.me();
    const annasKey = await importPublicKey(await publicKeyOf(privateKey));
    await anna.contactSettings.block("ben", true);
    const newcomer = await Ben.create();
    newcomer.annasKey = annasKey;
    relay.listed = [{ clientId: OTHER, name: "ben" }];
    await anna.contacts.fetch();
    for (
      const message of [
        await newcomer.keyMessage(),
        await newcomer.text("I am another ben"),
      ]
    ) {
      relay.waiting.push({ ...message, sender: OTHER });
    }
    await received(anna);
    assertEquals(textsOf(anna, OTHER.toHex()), ["I am another ben"]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a deleted conversation leaves nothing in the folder but keys and marks",
  async () => {
    await using stage = await scene();
    const { relay, dir } = stage;
    using anna = stage.session();
    using other = stage.session();
    const ben = await Ben.create();
    const { privateKey } = await anna.me();
    ben.annasKey = await importPublicKey(await publicKeyOf(privateKey));
    relay.waiting.push(
      await ben.keyMessage(),
      await ben.text("a secret to forget"),
      await unreadable(ben, [ben.key]),
    );
    await received(anna);
    await anna.contactSettings.setAlias("ben", "Benny");
    const input = new Blob(["a file to forget"]).stream();
    const piped = await anna.outbox.writePiped("ben", input);
    const unread = async () =>
      (await namesIn(dir)).filter((name) => name.startsWith("info.unread."));
    assertEquals((await unread()).length, 1);
    assertEquals({ ...anna.history.size("Benny") }, { messages: 7, unsent: 1 });

    other.store.outgoing.begin(piped.id);
    await assertRejects(
      () => anna.history.delete("Benny"),
      UserError,
      'A message to "Benny" is being sent right now',
    );
    other.store.outgoing.failed(piped.id, "It was a test", false);
    await anna.history.delete("Benny");
    assertEquals({ ...anna.history.size("Benny") }, { messages: 0, unsent: 0 });
    assertEquals(await unread(), []);
    assertEquals(await namesIn(`${dir}/info.store/piped`), []);
    for (const name of await namesIn(`${dir}/info.store`)) {
      const path = `${dir}/info.store/${name}`;
      if (!(await Deno.stat(path)).isFile) continue;
      const bytes = new TextDecoder("latin1").decode(await Deno.readFile(path));
      assert(!bytes.includes("to forget"), name);
    }
    // The key and the alias are still there.
    relay.waiting.push(await ben.text("new"));
    assertEquals(await received(anna), ["new"]);
    assertEquals(anna.messages.list()[0]?.contact, "Benny");
    await assertRejects(
      () => anna.contacts.known("zoe"),
      UnknownContactError,
    );
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "history expires, but nothing that is unread or unsent",
  async () => {
    await using scene = await people();
    const { anna, ben, path } = scene;
    const old = Date.now() - 100 * DAY;
    const later = async (text: string, times: Record<string, unknown>) => {
      await ben.outbox.sendText("anna", text);
      for await (const _ of anna.receive());
      const { id } = anna.messages.list().at(-1) ?? {};
      for (const [name, value] of Object.entries(times)) {
        anna.store.database.run(
          `UPDATE messages SET ${name} = ? WHERE id = ?`,
          value as number,
          id,
        );
      }
    };
    await later("old and read", { shown: old });
    await later("old, for a bot", {});
    {
      using bot = await anna.consumer("bot");
      for (const { id, text } of bot.next(100)) {
        if (text === "old, for a bot") bot.acknowledge(id);
      }
    }
    await later("old and unread", {});
    await anna.outbox.sendText("ben", "old and sent");
    const unsent = await anna.outbox.writeText("ben", "old and unsent");
    anna.store.database.run(
      "UPDATE messages SET written = ? WHERE id <= ?",
      old,
      unsent.id,
    );
    await later("new", { shown: Date.now() });
    // The clock was wrong when it came.
    await later("new, by number", { written: 1, shown: Date.now() });
    anna.close();

    const expiring = async (span: number) => {
      using session = new Session(`${path}/anna`, scene.anna.link, {
        keepHistory: () => Promise.resolve(span),
      });
      for await (const _ of session.receive());
      return textsOf(session);
    };
    const all = await expiring(Infinity);
    assertEquals(all.length, 7);
    assertEquals(await expiring(101 * DAY), all);
    assertEquals(await expiring(90 * DAY), [
      "old and unread",
      "old and unsent",
      "new",
      "new, by number",
    ]);
  },
);
