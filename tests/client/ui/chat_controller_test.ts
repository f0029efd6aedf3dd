import { assert, assertEquals } from "@std/assert";
import { testRelay } from "../../../lab/harness/resources.ts";
import { Stage } from "../../../lab/harness/stage.ts";
import { ControlledChat } from "../../support/clients/controlled_chat.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

const SIZE = { columns: 80, rows: 24 };

testWith(
  LOOPBACK_AND_FILES,
  "notices stand below the conversation until Esc, in no other one",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    const anna = await stage.someone("anna");
    await stage.someone("ben");
    await stage.someone("carol");
    using chat = new ControlledChat(anna, SIZE, "ben");
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
    await chat.see("* At the relay: ben, carol");
    assert(!chat.text.includes("nonsense"));
    chat.enter("/chat carol");
    await chat.see(/^> carol/m);
    assert(!chat.text.includes("At the relay"));
    chat.enter("/help");
    await chat.see("* /chat NAME");
    await chat.see(/── 1-\d+ of \d+: PageUp, PageDown scroll, Esc closes/);
    chat.press("pagedown", "pagedown", "pagedown");
    await chat.see("A text that starts with a slash");
    chat.press("pageup", "pageup", "pageup");
    await chat.see("* /chat NAME");
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
    using chat = new ControlledChat(anna, SIZE, "ben");
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
