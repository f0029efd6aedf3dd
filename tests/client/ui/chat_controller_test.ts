import { assert, assertEquals } from "@std/assert";
import type { Session } from "../../../client/mod.ts";
import { readKeys } from "../../../client/settings/chat_actions.ts";
import { testRelay } from "../../../lab/harness/resources.ts";
import { Stage } from "../../../lab/harness/stage.ts";
import { ControlledChat } from "../../support/clients/controlled_chat.ts";
import { receive } from "../../support/clients/receiving.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

const SIZE = { columns: 80, rows: 24 };

/** The texts that a user has sent to a contact. */
function textsTo(session: Session, name: string): (string | undefined)[] {
  return session.messages.list({ name })
    .filter(({ kind, outgoing }) => kind === "text" && outgoing)
    .map(({ text }) => text);
}

testWith(
  LOOPBACK_AND_FILES,
  "notices stand below the conversation until Esc, in no other one",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    const anna = await stage.someone("anna");
    await stage.someone("ben");
    await stage.someone("carol");
    await using chat = new ControlledChat(anna, SIZE, "ben");
    await chat.see("connected");
    chat.enter("/nonsense");
    await chat.see("* There is no command /nonsense");
    assertEquals(chat.rows.length, SIZE.rows);
    chat.press("escape");
    assert(!chat.text.includes("nonsense"));

    // The answer of the last command takes the place of the one before.
    chat.enter("/nonsense");
    await chat.see("no command");
    chat.enter("/who");
    await chat.see("* Other users at the relay: ben, carol");
    assert(!chat.text.includes("nonsense"));
    chat.enter("/chat carol");
    await chat.see(/^> carol/m);
    assert(!chat.text.includes("at the relay"));
    chat.enter("/quti");
    await chat.see("Did you mean /quit?");
    chat.enter("/help");
    await chat.see(/│ Commands\n.*│ {3}\/chat NAME/);
    await chat.see(/── 1-\d+ of \d+: PageUp, PageDown scroll, Esc closes/);
    chat.press("pagedown", "pagedown", "pagedown");
    await chat.see("Ctrl-Y: insert what was erased last");
    chat.press("pageup", "pageup", "pageup");
    await chat.see("/chat NAME");
    chat.enter("hello");
    await chat.see("✓ hello");
    assert(!chat.text.includes("/chat NAME"));
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "keys hide the contacts, and find what was entered",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    const anna = await stage.someone("anna");
    await stage.someone("ben");
    await using chat = new ControlledChat(anna, SIZE, "ben");
    await chat.see("connected");
    assert(chat.text.includes("│"));
    chat.press("alt-c");
    assert(!chat.text.includes("│"));
    chat.press("alt-c");
    assert(chat.text.includes("│"));

    chat.enter("an old line");
    chat.enter("another");
    await chat.see("✓ another");
    chat.type("draft");
    chat.press("ctrl-r");
    chat.type("old");
    await chat.see("history: old | Enter takes it");
    assertEquals(chat.rows.at(-1), "> an old line");
    chat.type("x");
    await chat.see("history: oldx, none");
    chat.press("ctrl-c");
    assertEquals(chat.rows.at(-1), "> draft");
    chat.press("ctrl-r");
    chat.type("old");
    chat.press("enter", "ctrl-w", "ctrl-w", "ctrl-y");
    assertEquals(chat.rows.at(-1), "> an old line");
    assert(!chat.text.includes("history:"));
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a key leads to what is unread, from its first message",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    const anna = await stage.someone("anna");
    const ben = await stage.someone("ben");
    const carol = await stage.someone("carol");
    for (let number = 1; number <= 60; number++) {
      await carol.outbox.sendText("anna", `carol's ${number}.`);
    }
    await ben.outbox.sendText("anna", "the latest");
    await receive(anna);
    // What is in another conversation than the first stays unread.
    await using chat = new ControlledChat(anna, SIZE, "ben");
    await chat.see("connected");
    assertEquals(chat.title, "(60) ben - MessageU");
    chat.press("alt-a");
    await chat.see(/── new ─+\n.*carol's 1\.$/m);
    await chat.see("carol's 19.");
    assert(!chat.text.includes("carol's 60."));
    assertEquals(chat.title, "(41) carol - MessageU");
    assert(chat.text.includes("41 new, Esc ends"));
    chat.press("pagedown");
    await chat.see("carol's 39.");
    assertEquals(chat.title, "(21) carol - MessageU");
    chat.press("alt-a");
    await chat.see(/carol's 39\.\n.*── new ─+\n.*carol's 40\.$/m);
    chat.press("escape");
    await chat.see("carol's 60.");
    assertEquals(chat.title, "carol - MessageU");
    assert(!chat.text.includes("── new"));
    chat.press("alt-a");
    assertEquals(chat.title, "carol - MessageU");
    await chat.see("* Nothing is unread");
    chat.press("ctrl-n");
    await chat.see(/^> ben/m);
    assert(!chat.text.includes("Nothing is unread"));
    chat.press("ctrl-p");

    // A line marks what comes while the user is away.
    chat.focus(false);
    await carol.outbox.sendText("anna", "are you there?");
    await chat.see(/── new ─+\n.*are you there\?$/m);
    assertEquals(chat.title, "(1) carol - MessageU");
    chat.focus(true);
    assertEquals(chat.title, "carol - MessageU");
    assert(chat.text.includes("── new"));
    chat.enter("yes");
    await chat.see("✓ yes");
    assert(!chat.text.includes("── new"));
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a search lands on each hit, marked, and goes on to the others",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    const anna = await stage.someone("anna");
    const ben = await stage.someone("ben");
    for (let number = 1; number <= 61; number++) {
      const what = [3, 7, 59].includes(number) ? "Needle here" : "Some hay";
      await ben.outbox.sendText("anna", `${number}: ${what}`);
    }
    await receive(anna);
    await using chat = new ControlledChat(anna, SIZE, "ben");
    await chat.see("connected");
    chat.press("escape");
    chat.enter("/search needle");
    await chat.see("3 hits for needle");
    assertEquals(chat.marked("match"), ["Needle", "Needle", "Needle"]);
    chat.press("up", "enter");
    await chat.see("hit 2 of 3: n, N; Esc to write");
    assert(chat.text.includes("7: Needle here"));
    assertEquals(chat.marked("match"), ["Needle", "Needle"]);
    assertEquals(chat.marked("selected").filter((text) => /\d/.test(text)), [
      chat.rows.find((row) => row.includes("7: Needle"))?.slice(18, 23),
    ]);
    chat.type("N");
    await chat.see("hit 1 of 3");
    assert(chat.text.includes("3: Needle here"));
    chat.type("N");
    await chat.see("hit 3 of 3");
    assert(chat.text.includes("59: Needle here"));
    chat.type("n");
    await chat.see("hit 1 of 3");
    assert(chat.text.includes("3: Needle here"));
    // A text ends the search.
    chat.type("an");
    assertEquals(chat.rows.at(-1), "> an");
    assertEquals(chat.marked("match"), []);
    assert(chat.text.includes("3: Needle here"));
    chat.press("escape");
    assert(chat.text.includes("61: Some hay"));

    chat.press("ctrl-u");
    chat.enter("/search NEEDLE");
    await chat.see("No message matches NEEDLE");
    chat.enter("/search (");
    await chat.see(`"(" isn't a pattern`);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a reply stays in its conversation, whatever a search has found",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    const anna = await stage.someone("anna");
    const ben = await stage.someone("ben");
    const carol = await stage.someone("carol");
    await carol.outbox.sendText("anna", "lunch, or");
    await ben.outbox.sendText("anna", "lunch today?");
    await receive(anna);
    await using chat = new ControlledChat(anna, SIZE, "carol");
    await chat.see("connected");
    chat.enter("/search lunch");
    await chat.see("2 hits for lunch");
    // The selected row has one tone, apart from the match.
    const row = chat.tones("ben: lunch today?");
    assertEquals(new Set(row), new Set(["selected", "match"]));
    chat.press("enter");
    await chat.see(/^> ben/m);
    // n selects the hit of another contact, and doesn't open its conversation.
    chat.type("n");
    await chat.see("hit 1 of 2");
    await chat.see(/^> ben/m);
    chat.type("ow");
    assert(!chat.text.includes("hit 1 of 2"));
    chat.press("enter");
    await chat.see(/^> ben.*\n(?:.*\n)*.*✓ ow$/m);
    assertEquals(textsTo(anna, "carol"), []);

    // A text on the list isn't lost; nor is one from before its results came.
    chat.enter("/search lunch");
    await chat.see("2 hits for lunch");
    chat.enter("yes, gladly");
    await chat.see("✓ yes, gladly");
    chat.type("/search lunch");
    chat.press("enter");
    chat.type("at noon");
    await chat.see("2 hits for lunch");
    chat.press("enter");
    await chat.see("✓ at noon");
    assert(!chat.text.includes("2 hits"));

    // Ctrl-C ends the search and discards the text; only another one leaves.
    chat.type("/search lunch");
    chat.press("enter");
    chat.type("draft");
    await chat.see("2 hits for lunch");
    chat.press("ctrl-c");
    assertEquals(chat.rows.at(-1), ">");
    assert(!chat.text.includes("2 hits"));
    chat.press("ctrl-c");
    assertEquals(await chat.left, 0);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a command with blanks is run, and never sent",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    const anna = await stage.someone("anna");
    await stage.someone("ben");
    await using chat = new ControlledChat(anna, SIZE, "ben");
    await chat.see("connected");
    chat.enter("  /nonsense");
    await chat.see("There is no command /nonsense");
    chat.paste("/delete ben\nnext");
    chat.press("enter");
    await chat.see("Not entered: a command has one line.");
    assertEquals(chat.rows.at(-2), "> /delete ben");
    chat.press("ctrl-c");
    chat.enter("   ");
    assertEquals(chat.rows.at(-1), ">");
    chat.enter("//who");
    await chat.see("✓ /who");
    assertEquals(textsTo(anna, "ben"), ["/who"]);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "the wheel scrolls if the user wants that, and leaves the input alone",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    const anna = await stage.someone("anna");
    const ben = await stage.someone("ben");
    for (let number = 1; number <= 40; number++) {
      await ben.outbox.sendText("anna", `message ${number}.`);
    }
    await receive(anna);
    await using chat = new ControlledChat(anna, SIZE, "ben");
    await chat.see("connected");
    chat.press("escape", "alt-m");
    await chat.see("The wheel scrolls; hold Shift to select text");
    assertEquals(chat.kept, [["mouse", "on"]]);
    chat.press("escape");
    chat.type("draft");
    chat.press("wheel-up", "wheel-up");
    assert(chat.text.includes("message 34."));
    assert(!chat.text.includes("message 35."));
    assertEquals(chat.rows.at(-1), "> draft");
    chat.press("wheel-down", "wheel-down");
    assert(chat.text.includes("message 40."));
    chat.press("alt-m");
    await chat.see("The wheel doesn't scroll");
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "the user's own keys send, and stand in the help",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    const anna = await stage.someone("anna");
    await stage.someone("ben");
    const keys = readKeys({ send: "Alt-S", newline: ["enter"], contacts: [] });
    await using chat = new ControlledChat(anna, SIZE, "ben", undefined, keys);
    await chat.see("connected");
    chat.type("one");
    chat.press("enter");
    chat.type("two");
    chat.press("alt-c");
    assert(chat.text.includes("> one\n  two"), chat.text);
    assert(chat.text.includes("│"));
    chat.press("alt-s");
    await chat.see("✓ one");
    chat.type("/help");
    chat.press("alt-s");
    await chat.see("/chat NAME");
    let help = chat.text;
    while (!chat.text.includes("Ctrl-Y: insert")) {
      chat.press("pagedown");
      help += chat.text;
    }
    assert(help.includes("Alt-S: send"), help);
    assert(!help.includes("hide the contacts"), help);
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "commands save and open received files, and keep a setting",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    const anna = await stage.someone("anna");
    const ben = await stage.someone("ben");
    const files: string[] = [];
    for (const text of ["first", "second"]) {
      await Deno.writeTextFile(`${stage.path}/${text}`, text);
      await ben.outbox.sendFile("anna", `${stage.path}/${text}`);
    }
    await receive(anna);
    for (const { kind, path } of anna.messages.list({ name: "ben" })) {
      if (kind === "file" && path !== undefined) files.push(path);
    }
    try {
      await using chat = new ControlledChat(anna, SIZE, "ben");
      await chat.see("connected");
      await chat.see("which a restart");
      chat.enter("/open 2");
      await chat.see("Opened");
      chat.enter("/open");
      await chat.until(() => chat.opened.length === 2, "the last file");
      assertEquals(chat.opened, files);
      chat.enter(`/save 2 ${stage.path}/kept`);
      await chat.see("Saved");
      assertEquals(await Deno.readTextFile(`${stage.path}/kept`), "first");
      chat.enter("/notify bell");
      await chat.see("from now on");
      assertEquals(chat.kept, [["notify", "bell"]]);
      chat.enter("/chat nobody");
      await chat.see("/who lists their names");
    } finally {
      for (const path of files) await Deno.remove(path);
    }
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "more messages than fit on the screen are read from the first one",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    const anna = await stage.someone("anna");
    const ben = await stage.someone("ben");
    for (let number = 1; number <= 40; number++) {
      await ben.outbox.sendText("anna", `ben's ${number}.`);
    }
    await using chat = new ControlledChat(anna, SIZE, "ben");
    await chat.see("new, Esc ends");
    assert(/── new ─+\n(.*\n)?.*ben's 1\.$/m.test(chat.text), chat.text);
    assert(!chat.text.includes("ben's 40."));
    // An answer goes to the end, which stays there although some are unread.
    chat.enter("an answer");
    await chat.see("✓ an answer");
    await ben.outbox.sendText("anna", "one more.");
    await chat.see("one more.");
    assert(chat.text.includes("✓ an answer"));
  },
);
