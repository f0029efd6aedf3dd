import { assert, assertEquals, assertRejects } from "@std/assert";
import { Database } from "@db/sqlite";
import {
  type Message,
  type MessageNumber,
  NoConnectionError,
  RelayLink,
  type SearchOptions,
  Session,
  UserError,
} from "../../../client/mod.ts";
import {
  namesIn,
  temporaryFolder,
  testRelay,
} from "../../../lab/harness/resources.ts";
import { ScriptedServer } from "../../../lab/harness/scripted_server.ts";
import { assertMode } from "../../support/file_mode.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";
import { pull, receive, showNew } from "../../support/clients/receiving.ts";

/** A number that no message has. */
const NONE = 0 as MessageNumber;

const unexpected = (error: UserError) => {
  throw error;
};

/** A relay, and as many sessions in as many folders as a test asks for. */
async function stage() {
  const relay = await testRelay();
  const folder = await temporaryFolder();
  const sessions: Session[] = [];
  let address: { hostname: string; port: number } = relay.address;
  return {
    relay,
    path: folder.path,
    /** Another client in somebody's folder. */
    open(name: string): Session {
      const session = new Session(
        `${folder.path}/${name}`,
        new RelayLink(() => Promise.resolve(address)),
      );
      sessions.push(session);
      return session;
    },
    async person(name: string): Promise<Session> {
      const session = this.open(name);
      await session.register(name);
      return session;
    },
    connectTo(other: { hostname: string; port: number }): void {
      address = other;
    },
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.close();
      await relay[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const texts = (messages: readonly Message[]) =>
  messages.flatMap(({ text }) => text === undefined ? [] : [text]);

async function pulled(session: Session): Promise<Message[]> {
  const messages: Message[] = [];
  await pull(session, {
    message: (message) => {
      messages.push(message);
    },
    problem: unexpected,
  });
  return messages;
}

testWith(
  LOOPBACK_AND_FILES,
  "two who write to each other for the first time at once read each other, also after a start",
  async () => {
    await using scene = await stage();
    const anna = await scene.person("anna");
    const ben = await scene.person("ben");
    await Promise.all([
      anna.outbox.sendText("ben", "from anna"),
      ben.outbox.sendText("anna", "from ben"),
    ]);
    assertEquals(texts(await pulled(anna)), ["from ben"]);
    assertEquals(texts(await pulled(ben)), ["from anna"]);
    // Other clients, with nothing but what the folders hold.
    const [later, latest] = [scene.open("anna"), scene.open("ben")];
    await later.outbox.sendText("ben", "again");
    await latest.outbox.sendText("anna", "you too");
    assertEquals(texts(await pulled(latest)), ["again"]);
    assertEquals(texts(await pulled(later)), ["you too"]);
    assertEquals(texts(later.messages.list({ name: "ben" })), [
      "from anna",
      "from ben",
      "again",
      "you too",
    ]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "what the folder holds is for its owner alone",
  async () => {
    await using scene = await stage();
    const anna = await scene.person("anna");
    assertEquals(anna.contacts.all(), []);
    const dir = `${scene.path}/anna/info.store`;
    await assertMode(dir, 0o700);
    let files = 0;
    for await (const { name } of Deno.readDir(dir)) {
      await assertMode(`${dir}/${name}`, 0o600);
      files++;
    }
    assert(files > 0);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a text is written down before it is sent, and can be sent again once",
  async () => {
    await using scene = await stage();
    const anna = await scene.person("anna");
    const ben = await scene.person("ben");
    await anna.outbox.sendText("ben", "first");
    await using nobody = new ScriptedServer();
    scene.connectTo(nobody.address);
    await assertRejects(() => anna.outbox.sendText("ben", "second"), UserError);
    const [second] = anna.messages.list({ limit: 1 });
    assertEquals([second?.text, second?.delivery], ["second", "unsent"]);
    const id = second?.id ?? NONE;
    assert(anna.messages.explain(id).failure?.includes("broke"), "and why");

    scene.connectTo(scene.relay.address);
    assertEquals(
      (await scene.open("anna").outbox.deliver(id)).delivery,
      "sent",
    );
    await assertRejects(
      () => anna.outbox.deliver(id),
      UserError,
      "has been sent already",
    );
    const { attempts, made, written, sent, acknowledged } = anna.messages
      .explain(id);
    assertEquals(attempts, 2);
    const times = [made, written, sent, acknowledged].map(Number);
    assertEquals(times, times.toSorted((a, b) => a - b));
    assertEquals(texts(await pulled(ben)), ["first", "second"]);
    const [got] = ben.messages.list({ limit: 1 });
    const { received, decrypted, shownAt } = ben.messages.explain(
      got?.id ?? NONE,
    );
    assert(received && decrypted && shownAt);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "one message is sent by one client at a time",
  async () => {
    await using scene = await stage();
    const anna = await scene.person("anna");
    const ben = await scene.person("ben");
    const { id } = await anna.outbox.writeText("ben", "once");
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, () => scene.open("anna").outbox.deliver(id)),
    );
    assertEquals(
      outcomes.filter(({ status }) => status === "fulfilled").length,
      1,
    );
    assertEquals(texts(await pulled(ben)), ["once"]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "clients that pull side by side show each message once, in order",
  async () => {
    await using scene = await stage();
    const anna = await scene.person("anna");
    const ben = await scene.person("ben");
    const wanted = Array.from({ length: 60 }, (_, i) => `text ${i}`);
    const shown: string[] = [];
    const clients = Array.from({ length: 4 }, () => scene.open("anna"));
    let isOver = false;
    const watching = clients.map(async (client) => {
      while (!isOver) {
        await pull(client, {
          message: ({ text }) => {
            if (text !== undefined) shown.push(text);
          },
          problem: unexpected,
        });
      }
    });
    for (const text of wanted) await ben.outbox.sendText("anna", text);
    await receive(anna, { problem: unexpected });
    isOver = true;
    await Promise.all(watching);
    shown.push(...texts(await pulled(anna)));
    assertEquals(shown, wanted);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a message that couldn't be shown is shown the next time",
  async () => {
    await using scene = await stage();
    const anna = await scene.person("anna");
    const ben = await scene.person("ben");
    for (const text of ["one", "two", "three"]) {
      await ben.outbox.sendText("anna", text);
    }
    await receive(anna, { problem: unexpected });
    await assertRejects(
      () =>
        showNew(anna, ({ text }) => {
          if (text === "two") throw new Error("the pipe broke");
        }),
      Error,
      "the pipe broke",
    );
    assertEquals(await showNew(anna, ({ text }) => text !== "two"), 1);
    const left: (string | undefined)[] = [];
    assertEquals(await showNew(anna, ({ text }) => left.push(text)), 1);
    assertEquals(left, ["two"]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "every consumer gets every message until it has acknowledged it",
  async () => {
    await using scene = await stage();
    const anna = await scene.person("anna");
    const ben = await scene.person("ben");
    for (const text of ["one", "two", "three"]) {
      await ben.outbox.sendText("anna", text);
    }
    await pulled(anna);
    const idsOf = new Map(
      anna.messages.list().map(({ id, text }) => [text ?? "", id]),
    );
    const rest = async (name: string, options = {}) => {
      using consumer = await scene.open("anna").consumer(name, options);
      return texts(consumer.next(100));
    };
    {
      using bot = await anna.consumer("bot");
      assertEquals(texts(bot.next(2)), ["one"]); // and the key before it
      assertEquals(texts(bot.next(100)), ["two", "three"]);
      assertEquals(bot.next(100), []);
      assertEquals(bot.open, 4);
      assertEquals(bot.acknowledge(idsOf.get("two") ?? NONE), true);
      assertEquals(bot.acknowledge(12345 as MessageNumber), false);
      await assertRejects(
        () => scene.open("anna").consumer("bot"),
        UserError,
        'listens as "bot"',
      );
      using other = await scene.open("anna").consumer("Bot");
      assertEquals(other.open, 0);
      const names = await namesIn(`${scene.path}/anna/info.store`);
      const ignoringCase = new Set(names.map((name) => name.toLowerCase()));
      assertEquals(ignoringCase.size, names.length);
      assertEquals(await rest("archive"), ["one", "two", "three"]);
    }
    assertEquals(await rest("bot"), ["one", "three"]);
    assertEquals(await rest("bot", { replay: true }), ["one", "two", "three"]);
    assertEquals(await rest("bot", { since: Date.now() + 1000 }), []);
    await assertRejects(() => rest("../bot"), UserError, "consumer's name");
    const { acks } = anna.messages.explain(idsOf.get("two") ?? NONE);
    assertEquals(acks.map(({ consumer }) => consumer), ["bot"]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "what was said is found again, by any of its letters",
  async () => {
    await using scene = await stage();
    const anna = await scene.person("anna");
    await scene.person("ben");
    await scene.person("cora");
    for (const text of ["Grüße aus Köln", "plain", "KÖLN again"]) {
      await anna.outbox.sendText("ben", text);
    }
    await anna.outbox.sendText("cora", "köln too");
    const found = async (pattern: RegExp, name?: string) =>
      texts(await Array.fromAsync(anna.messages.search(pattern, { name })));
    assertEquals(await found(/köln/iu), [
      "Grüße aus Köln",
      "KÖLN again",
      "köln too",
    ]);
    assertEquals(await found(/köln/giu, "ben"), [
      "Grüße aus Köln",
      "KÖLN again",
    ]);
    assertEquals(await found(/nowhere/), []);
    const page = anna.messages.list({ name: "ben", limit: 2 });
    assertEquals(texts(page), ["plain", "KÖLN again"]);
    const before = anna.messages.list({
      name: "ben",
      before: page[0]?.id ?? NONE,
    });
    assertEquals(texts(before), ["Grüße aus Köln"]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a pattern that takes years is given up, or ended",
  async () => {
    await using scene = await stage();
    const anna = await scene.person("anna");
    await scene.person("ben");
    await anna.outbox.sendText("ben", `${"a".repeat(60)}!`);
    const search = (options: SearchOptions) =>
      Array.fromAsync(anna.messages.search(/(a+)+$/, options));
    const late = await assertRejects(() => search({ limit: 20 }), UserError);
    assertEquals(
      late.message,
      "The search was ended: the pattern took longer than 0.02 s",
    );
    const end = new AbortController();
    const searching = search({ limit: 200, signal: end.signal });
    setTimeout(() => end.abort(new Error("ended by the user")), 0);
    await assertRejects(() => searching, Error, "ended by the user");
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a relay that is away costs nothing but the wait",
  async () => {
    await using scene = await stage();
    const anna = await scene.person("anna");
    await scene.person("ben");
    await anna.contacts.fetch();
    const { address } = scene.relay;
    await scene.relay.relay.close();
    await assertRejects(
      () => anna.outbox.sendText("ben", "later"),
      NoConnectionError,
    );
    await scene.relay.restart();
    assert(scene.relay.address.port !== address.port);
    scene.connectTo(scene.relay.address);
    const [message] = anna.messages.list({ limit: 1 });
    assertEquals(
      (await anna.outbox.deliver(message?.id ?? NONE)).delivery,
      "sent",
    );
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a text is what it was, also behind a NUL",
  async () => {
    await using scene = await stage();
    const anna = await scene.person("anna");
    const ben = await scene.person("ben");
    const text = "before\0behind \u{1F389}\r\n\tשלום";
    await anna.outbox.sendText("ben", text);
    assertEquals(texts(await pulled(ben)), [text]);
    assertEquals(texts(scene.open("anna").messages.list()), [text]);
    const [found] = await Array.fromAsync(anna.messages.search(/behind/));
    assertEquals(found?.text, text);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "first texts to somebody that go out at once share one key",
  async () => {
    await using scene = await stage();
    const anna = await scene.person("anna");
    const ben = await scene.person("ben");
    const wanted = Array.from({ length: 6 }, (_, i) => `text ${i}`);
    await Promise.all(
      wanted.map((text) => scene.open("anna").outbox.sendText("ben", text)),
    );
    const received = await pulled(ben);
    assertEquals(texts(received).sort(), wanted);
    assertEquals(received.filter(({ kind }) => kind === "key").length, 1);
    assertEquals(anna.messages.list().length, 7);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "what can't be kept for now is shown once, or again where it couldn't be shown",
  async () => {
    await using scene = await stage();
    const anna = await scene.person("anna");
    const ben = await scene.person("ben");
    await receive(anna, { problem: unexpected });
    const database = new Database(`${scene.path}/anna/info.store/messages.db`);
    const problems: UserError[] = [];
    const problem = (error: UserError) => problems.push(error);
    try {
      database.exec(
        "CREATE TRIGGER full BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'full'); END",
      );
      await ben.outbox.sendText("anna", "one");
      // Who only takes messages in has shown none.
      await receive(anna, { problem });
      await ben.outbox.sendText("anna", "two");
      const shown: (string | undefined)[] = [];
      const show = ({ text }: Message) => {
        if (text === "two") return false;
        shown.push(text);
        return true;
      };
      await pull(anna, { message: show, problem });
      assertEquals(shown.filter((text) => text !== undefined), ["one"]);
      assert(problems.length > 0);
      database.exec("DROP TRIGGER full");
    } finally {
      database.close();
    }
    assertEquals(texts(await pulled(anna)), ["two"]);
    assertEquals(texts(anna.messages.list()), ["one", "two"]);
  },
);
