import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  ConnectionError,
  NoConnectionError,
  RelayLink,
  Session,
} from "../../../client/mod.ts";
import type { MessageNumber } from "../../../client/store/message.ts";
import type { Program } from "../../../lab/harness/program.ts";
import { testRelay } from "../../../lab/harness/resources.ts";
import { ScriptedServer } from "../../../lab/harness/scripted_server.ts";
import { Stage } from "../../../lab/harness/stage.ts";
import { encodeResponse } from "../../../shared/wire/frames.ts";
import { parseAddress } from "../../../shared/folder/info_files.ts";
import { pull } from "../../support/clients/receiving.ts";
import { VerbUser } from "../../support/clients/verbs.ts";
import { Forwarder } from "../../support/relays/forwarder.ts";
import {
  longTest,
  LOOPBACK_AND_FILES,
  PROGRAMS,
  testWith,
} from "../../support/test_with.ts";

/** An address at which every connection is refused. */
const NOWHERE = { hostname: "127.0.0.1", port: 1 };

/** Writes a text as the chat does. */
async function write(
  { outbox }: Session,
  name: string,
  text: string,
): Promise<MessageNumber> {
  const { id } = await outbox.writeText(name, text);
  await outbox.deliver(id, { mayWait: true });
  return id;
}

/** Writes a text that waits, since no relay can be reached. */
async function writeInVain(
  session: Session,
  name: string,
  text: string,
): Promise<void> {
  await assertRejects(() => write(session, name, text), NoConnectionError);
}

/** Another session in a user's folder, as after a restart. */
function restarted(dir: string): Session {
  const locate = async () =>
    parseAddress(await Deno.readTextFile(`${dir}/info.server`));
  return new Session(dir, new RelayLink(locate));
}

/** The texts that a user gets. */
async function textsFor(session: Session): Promise<(string | undefined)[]> {
  const texts: (string | undefined)[] = [];
  await pull(session, {
    message: ({ kind, text }) => kind === "text" && texts.push(text),
  });
  return texts;
}

testWith(
  LOOPBACK_AND_FILES,
  "what reached no relay goes out by itself, before anything newer",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    const anna = await stage.someone("anna");
    const ben = await stage.someone("ben");
    const carol = await stage.someone("carol");
    await write(anna, "ben", "before");
    await anna.contacts.fetch();
    await stage.moveTo(NOWHERE);
    await writeInVain(anna, "ben", "one");
    await writeInVain(anna, "carol", "for carol");
    await writeInVain(anna, "ben", "two");

    using later = restarted(stage.dirOf("anna"));
    assertEquals(later.outbox.waiting().length, 3);
    await assertRejects(() => pull(later), NoConnectionError);
    assertEquals(later.outbox.waiting().length, 3);
    await stage.moveTo(relay.address);
    const notices: string[] = [];
    await later.outbox.sendText("ben", "three", {
      notice: (text) => notices.push(text),
    });
    assertEquals(await textsFor(ben), ["before", "one", "two", "three"]);
    assertEquals(notices.length, 2);
    assertStringIncludes(notices[0] ?? "", "to ben, which had waited");

    // Those for others go out with the next pull.
    assertEquals(await textsFor(carol), []);
    await pull(later);
    assertEquals(await textsFor(carol), ["for carol"]);
    assertEquals(later.outbox.waiting(), []);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "what a relay may have never goes out by itself",
  async () => {
    await using relay = await testRelay();
    await using between = new Forwarder(relay.address);
    await using stage = await Stage.at(relay.address);
    const anna = await stage.someone("anna");
    const ben = await stage.someone("ben");
    await write(anna, "ben", "before");
    await stage.moveTo(NOWHERE);
    await writeInVain(anna, "ben", "one");
    const [id] = anna.outbox.waiting();
    assertEquals(anna.outbox.waiting().length, 1);

    // The relay gets it, and its response is lost.
    await stage.moveTo(between.address);
    between.answerBytes = 0;
    const problems: unknown[] = [];
    for await (const event of anna.outbox.sendWaiting()) {
      if (event.kind === "problem") problems.push(event.error);
    }
    assertEquals(problems.map((error) => error instanceof ConnectionError), [
      true,
    ]);
    assertEquals(anna.outbox.waiting(), []);
    // Nor after a further attempt that reached none.
    await stage.moveTo(NOWHERE);
    await assertRejects(
      () => anna.outbox.deliver(id as MessageNumber, { mayWait: true }),
      NoConnectionError,
    );
    assertEquals(anna.outbox.waiting(), []);

    await stage.moveTo(relay.address);
    using later = restarted(stage.dirOf("anna"));
    await pull(later);
    assertEquals(await textsFor(ben), ["before", "one"]);
    assertEquals(later.messages.get(id as MessageNumber).delivery, "unsent");
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a verb that fails leaves nothing to go out by itself, nor does a copy",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    const session = await stage.someone("anna");
    const ben = await stage.someone("ben");
    const anna = new VerbUser(stage.dirOf("anna"));
    await session.contacts.fetch();
    await stage.moveTo(NOWHERE);
    const failed = await anna.run("", "send", "ben", "again and again");
    assertEquals(failed.code, 3);
    assertStringIncludes(failed.stderr, "sends it");
    await writeInVain(session, "ben", "once");
    await stage.moveTo(relay.address);

    await anna.do("export", "--unencrypted", `${stage.path}/archive`);
    const copy = new VerbUser(`${stage.path}/copy`, relay.address);
    await copy.do("import", `${stage.path}/archive`);
    await copy.do("pull");
    assertEquals(await textsFor(ben), []);

    const { stderr } = await anna.do("pull");
    assertStringIncludes(stderr, "to ben, which had waited");
    assertEquals(await textsFor(ben), ["once"]);
    // A newer one doesn't wait for it.
    await anna.do("send", "ben", "newer");
    assertEquals(await textsFor(ben), ["newer"]);
  },
);

longTest(
  PROGRAMS,
  "a client that is killed while it sends what waited doesn't send it again",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    const session = await stage.someone("anna");
    const ben = await stage.someone("ben");
    const anna = new VerbUser(stage.dirOf("anna"));
    const { publicKey, contactId } = await session.contacts.publicKey("ben");
    await write(session, "ben", "before");
    await stage.moveTo(NOWHERE);
    await writeInVain(session, "ben", "one");
    await writeInVain(session, "ben", "two");

    await using silent = new ScriptedServer();
    const asked = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    silent.script = async ({ header }, conn) => {
      switch (header.code) {
        case 602: {
          const payload = { clientId: contactId, publicKey };
          await conn.write(encodeResponse({ code: 2102, payload }));
          return;
        }
        case 603:
          asked.resolve();
          await over.promise;
          return;
        default:
          await conn.write(encodeResponse({ code: 2104, payload: [] }));
      }
    };
    await stage.moveTo(silent.address);
    await using program: Program = anna.start("pull");
    await asked.promise;
    program.kill("SIGKILL");
    await program.end();
    over.resolve();

    await stage.moveTo(relay.address);
    await anna.do("pull");
    assertEquals(await textsFor(ben), ["before", "two"]);
    const { data } = await anna.do("history", "--json");
    assertEquals(
      data.map(({ text, delivery }) => [text, delivery])
        .filter(([text]) => text !== null),
      [["before", "sent"], ["one", "unsent"], ["two", "sent"]],
    );
  },
);
