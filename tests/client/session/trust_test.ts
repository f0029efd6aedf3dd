import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import {
  KeyChangedError,
  type MessageNumber,
  RelayLink,
  Session,
} from "../../../client/mod.ts";
import {
  exportPublicKey,
  generateKeyPair,
} from "../../../shared/crypto/crypto.ts";
import type { ListedClient } from "../../../shared/wire/requests.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { BEN } from "../../support/clients/ben.ts";
import { lastText, scene } from "../../support/relays/lying_relay.ts";
import { idOf } from "../../support/relays/misbehaviour.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

/** A number that no message has. */
const NONE = 0 as MessageNumber;

const OTHER = idOf(3);

testWith(
  LOOPBACK_AND_FILES,
  "another public key under a known id stops all sending until it is accepted",
  async () => {
    await using stage = await scene();
    const { relay } = stage;
    const before = relay.sent.length;
    const news = await generateKeyPair();
    relay.keys.set(BEN.toHex(), await exportPublicKey(news.publicKey));

    using anna = stage.session();
    const known = (await anna.contacts.publicKey("ben")).fingerprint;
    const error = await assertRejects(
      () => anna.outbox.sendText("ben", "secret"),
      KeyChangedError,
      `"ben" HAS ANOTHER PUBLIC KEY THAN BEFORE. It was ${known}`,
    );
    assertNotEquals(error.offered, known);
    await assertRejects(() => anna.outbox.sendKey("ben"), KeyChangedError);
    assertEquals(relay.sent.length, before, "nothing went out");
    assertEquals(anna.contacts.all().map(({ keyChanged }) => keyChanged), [
      true,
    ]);
    const unsent = anna.messages.list({ name: "ben" }).find(({ text }) =>
      text === "secret"
    );
    assertEquals(unsent?.delivery, "unsent");

    // Nor after a start, without the relay being asked for the key.
    using again = stage.session();
    await assertRejects(
      () => again.outbox.sendText("ben", "x"),
      KeyChangedError,
    );
    const accepted = await again.contacts.accept("ben");
    assertEquals(accepted.fingerprint, error.offered);
    const sent = await again.outbox.deliver(unsent?.id ?? NONE);
    assertEquals(sent.delivery, "sent");
    assertEquals(await lastText(relay, news), "secret");
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a name that passes to another id has to be accepted too",
  async () => {
    await using stage = await scene();
    const { relay } = stage;
    const news = await generateKeyPair();
    relay.listed = [{ clientId: OTHER, name: "ben" }];
    relay.keys.delete(BEN.toHex());
    relay.keys.set(OTHER.toHex(), await exportPublicKey(news.publicKey));
    const before = relay.sent.length;

    using anna = stage.session();
    const error = await assertRejects(
      () => anna.outbox.sendText("ben", "are you the same?"),
      KeyChangedError,
    );
    assertEquals(relay.sent.length, before, "nothing went out");
    assertEquals(
      anna.contacts.all().map(({ name, keyChanged }) => [name, keyChanged]),
      [["ben", true]],
    );
    await anna.outbox.sendText("ben", "yes", { onKeyChange: "accept" });
    assertEquals(await lastText(relay, news), "yes");
    assertEquals(relay.sent.at(-1)?.target, OTHER.toHex());
    assertEquals(
      (await anna.contacts.publicKey("ben")).fingerprint,
      error.offered,
    );
    // What was said under the name before is still there.
    const texts = anna.messages.list({ name: "ben" }).map(({ text }) => text);
    assert(texts.includes("hello") && texts.includes("yes"));
    assertEquals(anna.contacts.all().length, 1);

    // And the first one doesn't come back unnoticed either.
    relay.listed = [{ clientId: BEN, name: "ben" }];
    relay.keys.set(BEN.toHex(), await exportPublicKey(stage.bens.publicKey));
    relay.keys.delete(OTHER.toHex());
    using again = stage.session();
    await assertRejects(
      () => again.outbox.sendText("ben", "x"),
      KeyChangedError,
    );
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a relay that gives the known key again needs no acceptance",
  async () => {
    await using stage = await scene();
    const { relay } = stage;
    const known = relay.keys.get(BEN.toHex()) ?? new Uint8Array();
    const strange = await generateKeyPair();
    relay.keys.set(BEN.toHex(), await exportPublicKey(strange.publicKey));
    using anna = stage.session();
    await assertRejects(
      () => anna.outbox.sendText("ben", "x"),
      KeyChangedError,
    );
    relay.keys.set(BEN.toHex(), known);
    assertEquals((await anna.outbox.sendText("ben", "y")).delivery, "sent");
    assertEquals(anna.contacts.all().map(({ keyChanged }) => keyChanged), [
      false,
    ]);
    await assertRejects(
      () => anna.contacts.accept("ben"),
      Error,
      "There is nothing to accept",
    );
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "two people see the same digits, and others with somebody in between",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const start = async (name: string) => {
      const session = new Session(
        `${folder.path}/${name}`,
        new RelayLink(() => Promise.resolve(relay.address)),
      );
      await session.register(name);
      return session;
    };
    using anna = await start("anna");
    using ben = await start("ben");
    using mallory = await start("mallory");
    const digits = await anna.contacts.safetyNumber("ben");
    assertMatch(digits, /^\d{5}( \d{5}){11}$/);
    assertEquals(await ben.contacts.safetyNumber("anna"), digits);
    assertNotEquals(await anna.contacts.safetyNumber("mallory"), digits);
    assertNotEquals(await mallory.contacts.safetyNumber("ben"), digits);
    // The relay isn't needed for a key that is known.
    await relay.relay.close();
    assertEquals(await anna.contacts.safetyNumber("ben"), digits);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a list that renames people doesn't move a known name to a stranger",
  async () => {
    const evil = await generateKeyPair();
    const evils = await exportPublicKey(evil.publicKey);
    const lists: ListedClient[][][] = [
      // In one list, in either order, and in two.
      [[{ clientId: BEN, name: "x" }, { clientId: OTHER, name: "ben" }]],
      [[{ clientId: OTHER, name: "ben" }, { clientId: BEN, name: "x" }]],
      [[{ clientId: BEN, name: "x" }], [
        { clientId: BEN, name: "x" },
        { clientId: OTHER, name: "ben" },
      ]],
    ];
    for (const list of lists) {
      await using stage = await scene();
      const { relay } = stage;
      relay.keys.set(OTHER.toHex(), evils);
      using anna = stage.session();
      for (const listed of list) {
        relay.listed = listed;
        await anna.contacts.fetch();
      }
      const before = relay.sent.length;
      await assertRejects(
        () => anna.outbox.sendText("ben", "x"),
        KeyChangedError,
      );
      assertEquals(relay.sent.length, before);
      assertEquals(
        (await anna.contacts.warnings()).map(({ contact }) => contact),
        [
          "ben",
        ],
      );
    }
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a name that a list gives twice stays whose it was",
  async () => {
    await using stage = await scene();
    const { relay } = stage;
    const known = { clientId: BEN, name: "ben" };
    relay.listed = [{ clientId: OTHER, name: "ben" }, known];
    using anna = stage.session();
    await anna.contacts.fetch();
    assertEquals((await anna.outbox.sendText("ben", "one")).delivery, "sent");
    relay.listed = [known];
    await anna.contacts.fetch();
    assertEquals((await anna.outbox.sendText("ben", "two")).delivery, "sent");
    assertEquals(relay.sent.at(-1)?.target, BEN.toHex());
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "who registers anew twice can be accepted twice",
  async () => {
    await using stage = await scene();
    const { relay } = stage;
    const last = idOf(4);
    for (const clientId of [OTHER, last]) {
      const pair = await generateKeyPair();
      relay.keys.clear();
      relay.keys.set(clientId.toHex(), await exportPublicKey(pair.publicKey));
      relay.listed = [{ clientId, name: "ben" }];
      using anna = stage.session();
      await assertRejects(
        () => anna.outbox.sendText("ben", "?"),
        KeyChangedError,
      );
      if (clientId === last) await anna.contacts.accept("ben");
    }
    using anna = stage.session();
    assertEquals((await anna.outbox.sendText("ben", "now")).delivery, "sent");
    assertEquals(relay.sent.at(-1)?.target, last.toHex());
    assertEquals(anna.contacts.all().map(({ name }) => name), ["ben"]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "only the key that was told of is accepted",
  async () => {
    await using stage = await scene();
    const { relay } = stage;
    const give = async () => {
      const pair = await generateKeyPair();
      relay.keys.set(BEN.toHex(), await exportPublicKey(pair.publicKey));
    };
    await give();
    using anna = stage.session();
    const first = await assertRejects(
      () => anna.outbox.sendText("ben", "x"),
      KeyChangedError,
    );
    // Another client in the folder meets yet another key.
    await give();
    using other = stage.session();
    await assertRejects(
      () => other.outbox.sendText("ben", "x"),
      KeyChangedError,
    );
    const second = await assertRejects(
      () => anna.contacts.accept("ben"),
      KeyChangedError,
    );
    assertNotEquals(second.offered, first.offered);
    assertEquals(
      (await anna.contacts.accept("ben")).fingerprint,
      second.offered,
    );
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a new identity in an old folder sends keys of its own",
  async () => {
    await using stage = await scene();
    const { relay, dir } = stage;
    await Deno.remove(`${dir}/info.me`);
    using anna = stage.session();
    await anna.register("anna2");
    const before = relay.sent.length;
    await anna.outbox.sendText("ben", "hello again");
    assertEquals(relay.sent.slice(before).map(({ type }) => type), [2, 3]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "where several keys were told of, none is accepted unseen",
  async () => {
    await using stage = await scene();
    const { relay } = stage;
    const [evil, good] = [await generateKeyPair(), await generateKeyPair()];
    const give = async ({ publicKey }: CryptoKeyPair) => {
      relay.keys.set(BEN.toHex(), await exportPublicKey(publicKey));
    };
    const warned = async () => {
      using client = stage.session();
      const send = () => client.outbox.sendText("ben", "x");
      return (await assertRejects(send, KeyChangedError)).offered;
    };
    await give(evil);
    const first = await warned();
    await give(good);
    const second = await warned();
    assertNotEquals(first, second);
    await give(evil);
    assertEquals(await warned(), first);
    using anna = stage.session();
    // The user may have compared the second one.
    const refused = await assertRejects(
      () => anna.contacts.accept("ben"),
      KeyChangedError,
    );
    assertEquals(refused.offered, first);
    await give(good);
    await anna.contacts.safetyNumber("ben");
    assertEquals(await warned(), second);
    await assertRejects(() => anna.contacts.accept("ben"), KeyChangedError);
    assertEquals((await anna.contacts.accept("ben")).fingerprint, second);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a key that the relay keeps back silences no warning",
  async () => {
    await using stage = await scene();
    const { relay } = stage;
    relay.listed = [{ clientId: OTHER, name: "ben" }];
    using anna = stage.session();
    await anna.contacts.fetch();
    const [warning] = await anna.contacts.warnings();
    assertEquals([warning?.contact, warning?.offered], ["ben", undefined]);
    await assertRejects(() => anna.contacts.accept("ben"), KeyChangedError);
  },
);
