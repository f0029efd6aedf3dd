import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes";
import { RelayLink, Session } from "../../../client/mod.ts";
import { requestHeader } from "../../../shared/wire/frames.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { ScriptedServer } from "../../../lab/harness/scripted_server.ts";
import { longTest, PROGRAMS, testWith } from "../../support/test_with.ts";
import { until } from "../../../lab/harness/until.ts";
import { VerbUser } from "../../support/clients/verbs.ts";

/** What a program that was killed had printed: its last line may be cut. */
function wholeLines(printed: string) {
  return printed.split("\n").slice(0, -1)
    .map((line) => JSON.parse(line))
    .filter(({ kind }) => kind === "text");
}

longTest(
  PROGRAMS,
  "a client that is killed again and again while it receives loses nothing",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const anna = new VerbUser(`${folder.path}/anna`, relay.address);
    await anna.do("register", "anna");
    using ben = new Session(
      `${folder.path}/ben`,
      new RelayLink(() => Promise.resolve(relay.address)),
    );
    await ben.register("ben");
    const wanted = Array.from(
      { length: 300 },
      (_, i) => `${i} `.padEnd(8_000, "x"),
    );
    await ben.outbox.sendText("anna", wanted[0] ?? "");
    await Promise.all(
      wanted.slice(1).map((text) => ben.outbox.sendText("anna", text)),
    );

    const printed = new Map<string, number>();
    const count = (texts: { text: string }[]) => {
      for (const { text } of texts) {
        printed.set(text, (printed.get(text) ?? 0) + 1);
      }
    };
    const kills = 12;
    for (let i = 0; i < kills; i++) {
      await using program = anna.start("pull", "--json");
      // From before it runs to the middle of what it prints.
      if (i % 3 === 2) await program.prints(/"text":"\d+ x+"/);
      else await new Promise((resolve) => setTimeout(resolve, 60 + 12 * i));
      program.kill("SIGKILL");
      count(wholeLines((await program.end()).stdout));
    }
    count(
      (await anna.do("pull", "--json")).data.filter(({ kind }) =>
        kind === "text"
      ),
    );
    const { data: history } = await anna.do("history", "--json");
    const kept = history.filter(({ kind }) => kind === "text")
      .map(({ text }) => text);
    assertEquals(new Set(kept), new Set(wanted), "each is kept");
    assertEquals(kept.length, wanted.length, "and kept once");
    assertEquals(new Set(printed.keys()), new Set(wanted), "each is shown");
    const again = [...printed.values()].reduce((sum, n) => sum + n - 1, 0);
    assert(again <= kills, `${again} were shown again after ${kills} kills`);
  },
);

testWith(
  PROGRAMS,
  "what a killed client was sending isn't sent, and can be sent again",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const anna = new VerbUser(`${folder.path}/anna`, relay.address);
    const ben = new VerbUser(`${folder.path}/ben`, relay.address);
    await anna.do("register", "anna");
    await ben.do("register", "ben");
    await anna.do("send", "ben", "first");

    await using silent = new ScriptedServer();
    const asked = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    silent.script = async () => {
      asked.resolve();
      await over.promise;
    };
    const cut = new VerbUser(`${folder.path}/anna`, silent.address);
    await using program = cut.start("send", "ben", "second");
    await asked.promise;
    const last = async () => {
      const { data } = await anna.do("history", "--json");
      return data.at(-1);
    };
    const { id, text, delivery } = await last();
    assertEquals([text, delivery], ["second", "sending"]);
    const busy = await anna.run("", "resend", `${id}`);
    assert(busy.stderr.includes("is being sent right now"), busy.stderr);

    program.kill("SIGKILL");
    await program.end();
    over.resolve();
    assertEquals((await last()).delivery, "unsent");
    await anna.do("resend", `${id}`);
    assertEquals((await last()).delivery, "sent");
    const { data } = await ben.do("pull", "--json");
    assertEquals(
      data.flatMap(({ text }) => text === null ? [] : [text]),
      ["first", "second"],
    );
  },
);

testWith(
  PROGRAMS,
  "an answer is written down before its last byte is taken",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const dir = `${folder.path}/anna`;
    const anna = new VerbUser(dir, relay.address);
    const ben = new VerbUser(`${folder.path}/ben`, relay.address);
    await anna.do("register", "anna");
    await ben.do("register", "ben");
    await ben.do("send", "anna", "hello");

    // Hands the relay's answer on, but for its end.
    await using between = new ScriptedServer();
    const kept = Promise.withResolvers<number>();
    between.script = async ({ header, payload }, conn) => {
      using to = await Deno.connect(relay.address);
      await to.write(concat([requestHeader.encode(header), payload]));
      const answer = new Uint8Array(65536);
      const size = await to.read(answer) ?? 0;
      const isInbox = header.code === 604 && size > 7;
      await conn.write(answer.subarray(0, isInbox ? size - 1 : size));
      if (!isInbox) return;
      await until("the answer on the disk", async () => {
        for await (const { name } of Deno.readDir(dir)) {
          if (!name.startsWith("info.inbox.")) continue;
          const info = await Deno.stat(`${dir}/${name}`);
          if (info.size === size - 8) return true;
        }
        return false;
      });
      kept.resolve(size);
      await conn.write(answer.subarray(size - 1, size));
    };
    const { data } = await new VerbUser(dir, between.address)
      .do("pull", "--json");
    assert(await kept.promise > 7);
    assertEquals(data.at(-1).text, "hello");
  },
);
