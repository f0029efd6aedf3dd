import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { MessageId } from "../../../shared/wire/protocol.ts";
import { ClientStore } from "../../../client/store/store.ts";
import { Program } from "../../../lab/harness/program.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { bars } from "../../../lab/harness/screen.ts";
import { Stage } from "../../../lab/harness/stage.ts";
import { longTest, SCREENS, testWith } from "../../support/test_with.ts";
import { pull } from "../../support/clients/receiving.ts";

testWith(
  SCREENS,
  "two people chat: keys, texts of all scripts, a file, unread counts",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    await stage.register("anna");
    await stage.register("ben");
    const carol = await stage.someone("carol");
    await Deno.writeTextFile(`${stage.path}/report one.txt`, "a report\n");
    await Deno.writeTextFile(`${stage.path}/report two.txt`, "another\n");

    await using anna = await stage.chat("anna", { columns: 80, rows: 24 }, {
      partner: "ben",
    });
    await using ben = await stage.chat("ben", { columns: 80, rows: 24 }, {
      partner: "anna",
      notify: "osc9",
    });
    await anna.see("connected");
    await ben.see("connected");

    anna.type("hello, ben\r");
    await anna.see("you ✓ hello, ben");
    await ben.see(/anna +hello, ben/);
    ben.type("שלום עולם 漢字 👩‍👩‍👧 e\u0301\r");
    await anna.see("שלום עולם 漢字 👩‍👩‍👧 e\u0301");
    assertEquals([...bars(anna.rows)], [16]);

    // What is pasted keeps its lines, and is one message.
    anna.paste("one\rtwo");
    anna.type("\nthree\x1b\rfour");
    await anna.see("> one\n  two\n  three\n  four");
    anna.type("\r");
    await ben.see(/one\n.*│ {14}two\n.*│ {14}three\n.*│ {14}four/);
    // Up brings it back, Ctrl-C throws it away.
    anna.type("\x1b[A");
    await anna.see("> one\n");
    anna.type("\x03");
    await anna.see(/> $/);

    // Somebody else's message is counted, and said without what it says.
    const seen = ben.raw.length;
    await carol.outbox.sendText("ben", "psst, a secret");
    await ben.see(/carol +1 │/);
    await ben.see("1 unread elsewhere");
    assertStringIncludes(
      ben.raw.slice(seen),
      "\x1b]9;MessageU: message from carol\x07",
    );
    assert(!ben.raw.includes("secret"));
    ben.type("/notify off\r");
    await ben.see("Messages elsewhere: off");
    assertEquals(
      JSON.parse(
        await Deno.readTextFile(`${stage.dirOf("ben")}/info.settings`),
      ),
      { notify: "off" },
    );
    await carol.outbox.sendText("ben", "once more");
    await ben.see(/carol +2 │/);
    ben.type("draft\x0e");
    await ben.see("psst, a secret");
    await ben.unsee("unread elsewhere");
    await ben.unsee("draft");
    ben.type("\x10");
    await ben.see("> draft");
    ben.type("\x15");
    assertEquals(ben.raw.split("\x1b]9;").length, 2, "no second one");

    // Tab completes a command, then a path as far as it is clear.
    ben.type("/fil\t");
    await ben.see("> /file");
    ben.type(`${stage.path}/rep\t`);
    await ben.see("report one.txt  report two.txt");
    ben.type("t\t");
    await ben.see(/> \/file \S+\/report two\.txt/);
    ben.type("\r");
    await ben.see(/✓ file \S/);
    await anna.see("file (8 bytes) saved as");
    anna.type(`/save ${stage.path}/kept\r`);
    await anna.see("Saved: ");
    const kept = await Deno.readTextFile(`${stage.path}/kept`);
    assertEquals(kept, "another\n");
    anna.type("/save 2 x\r");
    await anna.see("There is no such file: ben has sent 1");
    // Both see the same number.
    anna.type("/fingerprint\r");
    ben.type("/fingerprint anna\r");
    await anna.see("ben's key:");
    await ben.see("anna's key:");
    const digits = (text: string) =>
      /both sides:((?:\s|[\d│*>]|ben|carol|anna)+?)\w+'s key/.exec(text)?.[1]
        ?.match(/\d{5}/g)?.join(" ");
    assertEquals(digits(anna.text)?.length, 12 * 6 - 1);
    assertEquals(digits(anna.text), digits(ben.text));
    anna.type("/who\r");
    await anna.see("Other users at the relay: ben, carol");
    anna.type("/key send\r");
    await anna.see("✓ sent a symmetric key");
    await ben.see("symmetric key received");
    anna.type("/key\r");
    await ben.see("asks for a symmetric key");
    await ben.see("what you sent lately");
    anna.type("/nonsense\r");
    await anna.see("There is no command /nonsense");
    anna.type("//a slash\r");
    await ben.see(/anna +\/a slash/);

    anna.type("/quit\r");
    assertEquals((await anna.end()).code, 0);
    ben.type("\x04");
    assertEquals((await ben.end()).code, 0);
  },
);

longTest(
  SCREENS,
  "small and large screens, and screens that change",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    await stage.register("anna");
    const ben = await stage.someone("ben");
    await ben.outbox.sendText("anna", `${"word ".repeat(12)}end`);
    await using screen = await stage.chat("anna", { columns: 40, rows: 15 }, {
      partner: "ben",
    });
    await screen.see(/word\n +word/);
    await screen.see("connected");
    assert(!screen.text.includes("│"), "no contacts on a narrow screen");
    screen.type("typed");
    await screen.see("> typed");
    const { active } = screen.emulator.buffer;
    assertEquals([active.cursorX, active.cursorY], [7, 14]);

    screen.resize({ columns: 200, rows: 60 });
    await screen.see("> ben ");
    await screen.see("word end");
    assertEquals(screen.rows[59], "> typed");
    screen.resize({ columns: 80, rows: 24 });
    await screen.until(
      () => screen.rows[23] === "> typed",
      "the input on row 24",
    );
    await screen.see("word end");
    screen.resize({ columns: 12, rows: 4 });
    await screen.until(() => screen.rows[3] === "> typed", "a tiny screen");
    screen.resize({ columns: 40, rows: 15 });
    await screen.until(() => screen.rows[14] === "> typed", "40 by 15");
    await screen.see(/word\n +word/);
  },
);

longTest(
  SCREENS,
  "a relay that dies and returns is a line, and what waited goes out",
  async () => {
    await using folder = await temporaryFolder();
    await using first = Program.relay(folder.path, "--port", "0");
    await using stage = await Stage.at(await first.address());
    await stage.register("anna");
    const ben = await stage.someone("ben");
    await ben.outbox.sendText("anna", "hi");
    await using screen = await stage.chat("anna", undefined, {
      partner: "ben",
    });
    await screen.see("hi");
    await screen.see("connected");

    first.kill("SIGKILL");
    await first.end();
    await screen.see("The relay is gone: retrying");
    await screen.see(/retrying in \d+ s/);
    screen.type("first\r");
    screen.type("second\r");
    await screen.see(/! first\n.*goes out when the relay is back/);
    await screen.see(/! second\n.*goes out when the relay is back/);

    // One that knows nobody refuses; the one that is back doesn't.
    await using empty = await testRelay();
    await stage.moveTo(empty.address);
    await screen.see("refused");
    await using second = Program.relay(folder.path, "--port", "0");
    await stage.moveTo(await second.address());
    await screen.see("The relay is back");
    await screen.see("✓ first");
    await screen.see("✓ second");
    const texts: (string | undefined)[] = [];
    await pull(ben, {
      message: ({ text }) => texts.push(text),
      problem: (error) => texts.push(error.message),
    });
    assertEquals(texts.filter((text) => text !== undefined), [
      "first",
      "second",
    ]);
  },
);

longTest(SCREENS, "10,000 messages of history", async () => {
  await using relay = await testRelay();
  await using stage = await Stage.at(relay.address);
  await stage.register("anna");
  const ben = await stage.someone("ben");
  {
    // As many as its clients would have written down over the years.
    const store = ClientStore.open(stage.dirOf("anna"));
    const me = await ben.identity();
    assert(me !== undefined);
    const { row: contact } = store.contacts.withId(me.clientId);
    const now = Date.now();
    store.database.write(() => {
      for (let number = 1; number <= 10_000; number++) {
        store.incoming.add({
          contact,
          seen: new TextEncoder().encode(String(number)),
          relayMessageId: number as MessageId,
          kind: "text",
          text: number === 17 ? "the needle [here]" : `message ${number}`,
          size: 10,
          doubtful: false,
          received: now,
          decrypted: now,
        });
      }
    });
    store.close();
  }
  await using screen = await stage.chat("anna", undefined, { partner: "ben" });
  await screen.see(/-- .* --\n.*── new ─+\n.*message 1\n/);
  await screen.see("connected");
  await screen.see("9980 new, Esc ends");
  screen.type("\x1b");
  await screen.see("message 10000");
  await screen.unsee("new, Esc ends");

  for (const letter of "quickly") {
    screen.type(letter);
    await screen.see(new RegExp(`> \\S*${letter}$`));
  }
  screen.type("\x03");

  // A screen back shares two rows with the one before.
  screen.type("\x1b[5~");
  await screen.see("scrolled back");
  await screen.see("message 9980\n");
  await screen.unsee("message 9981\n");
  for (let page = 0; page < 60; page++) screen.type("\x1b[5~");
  await screen.see("message 8780\n");
  // What arrives meanwhile doesn't move what is being read.
  await ben.outbox.sendText("anna", "something new");
  await screen.see("1 new, Esc ends");
  await screen.see("message 8780\n");
  screen.type("\x1b");
  await screen.see("something new");

  screen.type("/search needle \\[\r");
  await screen.see("1 hit for needle");
  screen.type("\r");
  await screen.see("message 16\n");
  await screen.see("the needle [here]");
  await screen.see("message 18\n");
  for (let page = 0; page < 15; page++) screen.type("\x1b[6~");
  await screen.see("message 327\n");
  screen.type("\x1b");
  await screen.see("scrolled back, Esc ends");
  screen.type("\x1b");
  await screen.see("something new");
  screen.type("/search [\r");
  await screen.see(`"[" isn't a pattern`);
});
