import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { cp } from "node:fs/promises";
import {
  KeyChangedError,
  RelayLink,
  Session,
  type UserError,
} from "../../../client/mod.ts";
import {
  decryptKey,
  exportPublicKey,
  exportSymmetricKey,
  generateKeyPair,
} from "../../../shared/crypto/crypto.ts";
import type { MessageId } from "../../../shared/wire/protocol.ts";
import type { WaitingMessage } from "../../../shared/wire/requests.ts";
import { BEN } from "../../support/clients/ben.ts";
import { type LyingRelay, scene } from "../../support/relays/lying_relay.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";
import { pull } from "../../support/clients/receiving.ts";

/** A folder's owner, whose clients start anew each time. */
class Person {
  readonly dir: string;
  readonly problems: UserError[] = [];
  readonly notices: string[] = [];
  readonly #open: () => Session;

  constructor(dir: string, address: { hostname: string; port: number }) {
    this.dir = dir;
    const locate = () => Promise.resolve(address);
    this.#open = () => new Session(dir, new RelayLink(locate));
  }

  async do<T>(work: (session: Session) => Promise<T> | T): Promise<T> {
    using session = this.#open();
    return await work(session);
  }

  /** What a pull shows. */
  async pull(): Promise<string[]> {
    const shown: string[] = [];
    await this.do((session) =>
      pull(session, {
        message: ({ kind, text }) => shown.push(text ?? kind),
        problem: (error) => this.problems.push(error),
        notice: (text) => this.notices.push(text),
      })
    );
    return shown;
  }

  /** How many messages of a kind were sent. */
  async sent(kind: string): Promise<number> {
    return await this.do((session) =>
      session.messages.list().filter((message) =>
        message.outgoing && message.kind === kind
      ).length
    );
  }

  async copy(): Promise<void> {
    await cp(this.dir, `${this.dir}.copy`, { recursive: true });
  }

  async restore(): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
    await cp(`${this.dir}.copy`, this.dir, { recursive: true });
  }
}

async function people() {
  const relay = await testRelay();
  const folder = await temporaryFolder();
  const person = async (name: string) => {
    const one = new Person(`${folder.path}/${name}`, relay.address);
    await one.do((session) => session.register(name));
    return one;
  };
  return {
    relay,
    anna: await person("anna"),
    ben: await person("ben"),
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const send = (name: string, text: string) => (session: Session) =>
  session.outbox.sendText(name, text);

/** Of texts under an unknown key a known one seems to open one in 256, so that one alone proves nothing. */
const THREE = ["one", "two", "three"];

testWith(
  LOOPBACK_AND_FILES,
  "what a folder put back from a copy can't read is read once its sender has pulled",
  async () => {
    await using stage = await people();
    const { anna, ben } = stage;
    await ben.copy();
    await anna.do(send("ben", "one"));
    assertEquals(await ben.pull(), ["key", "one"]);
    await ben.restore();
    await anna.do(send("ben", "two"));
    assertEquals(await ben.pull(), ["unreadable"]);
    assertEquals(ben.problems.map(({ message }) => message), [
      "Messages that no key opens for certain: 1 from anna",
    ]);
    assertEquals(ben.notices, ["anna was asked for the key"]);
    // Once an hour, also after a start.
    await anna.do(send("ben", "three"));
    assertEquals(await ben.pull(), ["unreadable"]);
    assertEquals(await ben.sent("keyRequest"), 1);

    assertEquals(await anna.pull(), ["keyRequest"]);
    assertStringIncludes(
      anna.notices.join(),
      "what you sent lately may not have been read there. The key was sent again",
    );
    assertEquals(await ben.pull(), ["key", "two", "three"]);
    await anna.do(send("ben", "four"));
    await ben.do(send("anna", "five"));
    assertEquals(await ben.pull(), ["four"]);
    assertEquals(await anna.pull(), ["five"]);
    assertEquals([await anna.sent("key"), await ben.sent("key")], [2, 0]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "texts whose key never came are read, also where the receiver has sent a key since",
  async () => {
    await using stage = await people();
    const { anna, ben, relay } = stage;
    await anna.do((session) => session.outbox.sendKey("ben"));
    // It is purged, say.
    const me = await ben.do((session) => session.identity());
    assert(me !== undefined);
    {
      using peer = await Peer.connect(relay.address);
      assertEquals((await peer.pull(me.clientId)).length, 1);
    }
    for (const text of THREE) await anna.do(send("ben", text));
    // Anna uses ben's key from now on, which doesn't open what she sent before.
    await ben.do(send("anna", "hello"));
    assertEquals(await anna.pull(), ["key", "hello"]);
    assert((await ben.pull()).includes("unreadable"));
    assertEquals(await anna.pull(), ["keyRequest"]);
    assertEquals(await ben.pull(), ["key", "key", ...THREE]);
    await ben.do(send("anna", "again"));
    await anna.do(send("ben", "you too"));
    assertEquals([await anna.pull(), await ben.pull()], [["again"], [
      "you too",
    ]]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "two who have both lost their keys ask and answer, and then it is quiet",
  async () => {
    await using stage = await people();
    const { anna, ben } = stage;
    await Promise.all([anna.copy(), ben.copy()]);
    await anna.do(send("ben", "one"));
    await ben.pull();
    await Promise.all([anna.restore(), ben.restore()]);
    // Each has a key of its own by now, and what the other one's opens is lost.
    await Promise.all([
      anna.do((session) => session.outbox.sendKey("ben")),
      ben.do((session) => session.outbox.sendKey("anna")),
    ]);
    for (const one of [anna, ben]) {
      const me = await one.do((session) => session.identity());
      using peer = await Peer.connect(stage.relay.address);
      if (me !== undefined) await peer.pull(me.clientId);
    }
    for (const text of THREE) {
      await anna.do(send("ben", text));
      await ben.do(send("anna", text));
    }
    for (let round = 0; round < 5; round++) {
      for (const one of [anna, ben]) await one.pull();
    }
    for (const one of [anna, ben]) {
      const read = await one.do((session) => session.messages.list());
      assertEquals(
        read.filter(({ outgoing, kind }) => !outgoing && kind === "text")
          .map(({ text }) => text).sort(),
        THREE.toSorted(),
      );
    }
    assertEquals([await anna.pull(), await ben.pull()], [[], []]);
    const controls = [];
    for (const one of [anna, ben]) {
      controls.push(await one.sent("keyRequest"), await one.sent("key"));
    }
    assert(controls.every((count) => count <= 4), controls.join());
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "requests in a contact's name bring it few keys, and a stranger none",
  async () => {
    await using stage = await people();
    const { anna, ben, relay } = stage;
    await anna.do(send("ben", "one"));
    const idOf = async (one: Person) =>
      (await one.do((session) => session.identity()))?.clientId;
    const [me, bens] = [await idOf(anna), await idOf(ben)];
    assert(me !== undefined && bens !== undefined);
    using peer = await Peer.connect(relay.address);
    const stranger = await peer.register("mallory");
    for (let round = 0; round < 6; round++) {
      await peer.send(bens, me, new Uint8Array(0), 1);
      await peer.send(stranger, me, new Uint8Array(0), 1);
      assertEquals(await anna.pull(), ["keyRequest", "keyRequest"]);
    }
    assertEquals(await anna.sent("key"), 4);
    assertEquals(await peer.pull(stranger), []);
    assertStringIncludes(anna.notices.join(), "again and again");
    assertStringIncludes(
      anna.notices.join(),
      "mallory asks for a symmetric key: send-key mallory",
    );
    assertEquals(anna.problems, []);
  },
);

/** A request for a key in ben's name. */
function request(id: number): WaitingMessage {
  const messageId = id as MessageId;
  return { sender: BEN, messageId, type: 1, content: new Uint8Array(0) };
}

/** The keys that were sent so far, for the owner of a key pair. */
async function keysFor(relay: LyingRelay, pair: CryptoKeyPair) {
  const keys = [];
  for (const { type, content } of relay.sent) {
    if (type !== 2) continue;
    const key = await decryptKey(pair.privateKey, content)
      .catch(() => undefined);
    if (key !== undefined) keys.push((await exportSymmetricKey(key)).toHex());
  }
  return keys;
}

testWith(
  LOOPBACK_AND_FILES,
  "no key goes to a public key that isn't accepted, and none from before to one that is",
  async () => {
    await using stage = await scene();
    const { relay, bens } = stage;
    const anna = new Person(stage.dir, relay.address);
    relay.waiting.push(request(1));
    await anna.pull();
    const [first, second] = await keysFor(relay, bens);
    assertEquals([first, relay.sent.length], [second, 3]);

    const news = await generateKeyPair();
    relay.keys.set(BEN.toHex(), await exportPublicKey(news.publicKey));
    relay.waiting.push(request(2));
    await anna.pull();
    relay.waiting.push(request(3));
    await anna.pull();
    assertEquals(relay.sent.length, 3, "nothing went out");
    assert(anna.problems.every((error) => error instanceof KeyChangedError));
    assert(anna.problems.length > 0);

    await anna.do((session) => session.contacts.accept("ben"));
    relay.waiting.push(request(4));
    await anna.pull();
    assertEquals(relay.sent.length, 3, "no key is in use");
    await anna.do(send("ben", "hello"));
    relay.waiting.push(request(5));
    await anna.pull();
    const keys = await keysFor(relay, news);
    assertEquals(keys.length, 2);
    assertEquals(keys[0], keys[1]);
    assert(keys[0] !== first);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "the key in use is sent once more, and a new one where that is asked for",
  async () => {
    await using stage = await scene();
    const { relay, bens } = stage;
    const anna = new Person(stage.dir, relay.address);
    const sendKey = async (isNew: boolean) =>
      await anna.do(async (session) => {
        const { id } = await session.outbox.writeKey("ben", isNew);
        return await session.outbox.deliver(id);
      });
    await sendKey(false);
    await sendKey(true);
    const [first, again, other, ...more] = await keysFor(relay, bens);
    assertEquals([again, more.length], [first, 0]);
    assert(other !== first);
    await sendKey(false);
    assertEquals((await keysFor(relay, bens))[3], other);
  },
);
