import { assert, assertEquals } from "@std/assert";
import type { Session } from "../../../client/mod.ts";
import { testRelay } from "../../../lab/harness/resources.ts";
import { Stage } from "../../../lab/harness/stage.ts";
import { ControlledChat } from "../../support/clients/controlled_chat.ts";
import { pull } from "../../support/clients/receiving.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

const SIZE = { columns: 100, rows: 24 };

/** The texts that a client pulls. */
async function received(session: Session): Promise<string[]> {
  const texts: string[] = [];
  await pull(session, {
    message: ({ text }) => {
      if (text !== undefined) texts.push(text);
    },
  });
  return texts;
}

testWith(
  LOOPBACK_AND_FILES,
  "no conversation is open until the user opens one, so nothing goes to a stranger",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    const anna = await stage.someone("anna");
    const ben = await stage.someone("ben");
    const zoe = await stage.someone("zoe");
    await using chat = new ControlledChat(anna, SIZE);
    await chat.see("connected");
    await chat.see("You have no conversation yet");
    assert(!chat.text.includes("ben"), "strangers aren't listed");
    chat.press("ctrl-n");
    chat.enter("hello whoever");
    await chat.see("Not sent: no conversation is open");
    await chat.see("> hello whoever");
    chat.press("escape");

    // A stranger's message is a conversation, but isn't opened.
    await zoe.outbox.sendText("anna", "psst");
    await chat.see(/zoe +1 │/);
    await chat.see("│ No conversation is open");
    assert(!chat.text.includes("psst"));
    await chat.see("1 unread elsewhere");
    await chat.see("> hello whoever");

    // Another one is found by completion, and gets what was typed.
    chat.press("ctrl-u");
    chat.type("/chat b");
    chat.press("tab");
    await chat.see("> /chat ben");
    chat.press("enter");
    await chat.see(/> ben +│/);
    chat.enter("hello, ben");
    await chat.see("✓ hello, ben");
    assertEquals(await received(ben), ["hello, ben"]);
    assertEquals(await received(zoe), []);
    chat.press("ctrl-n");
    await chat.see("psst");
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a contact is named, muted, blocked and deleted by commands",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    const anna = await stage.someone("anna");
    const ben = await stage.someone("ben");
    await stage.register("ben junior");
    await ben.outbox.sendText("anna", "first");
    await received(anna);
    await using chat = new ControlledChat(anna, SIZE, "ben");
    await chat.see("connected");

    chat.enter("/alias ben ben");
    await chat.see("ben is called so already");
    // An alias, also for a name with a space that another one begins.
    chat.enter("/alias ben junior Junior");
    await chat.see("ben junior is Junior for you now");
    chat.enter("/alias ben Big Ben");
    await chat.see(/> Big Ben +│/);
    await chat.see(/Big Ben +first/);
    chat.enter("/alias Junior Big Ben");
    await chat.see('"Big Ben" is another contact\'s name');
    chat.enter("/alias Big Ben");
    await chat.see("Big Ben has no alias any more");
    await chat.see(/> ben +│/);

    chat.enter("/mute");
    await chat.see(/> ben +mute/);
    chat.enter("/unmute ben");
    await chat.see("You are notified of messages from ben again");
    chat.enter("/block");
    await chat.see("blocked: /unblock ends it");
    chat.enter("not sent");
    await chat.see(/You have blocked "ben"\n.*\(\/unblock ben ends that\)/);
    await chat.see("> not sent");
    chat.press("ctrl-u");
    await ben.outbox.sendText("anna", "dropped");
    for await (const _ of anna.receive());
    chat.enter("/unblock");
    await chat.see("ben can write to you again");
    await ben.outbox.sendText("anna", "taken");
    await chat.see(/ben +taken/);
    assert(!chat.text.includes("dropped"));

    // What is asked first is asked again once something else was said.
    chat.enter("/delete");
    await chat.see("Nothing is deleted yet: 3 messages with ben would be");
    chat.enter("/who");
    await chat.see("Other users at the relay: ben, ben junior");
    chat.enter("/delete ben");
    await chat.see("Nothing is deleted yet");
    chat.enter("/delete ben");
    await chat.see("The conversation with ben is deleted");
    await chat.see("You have no conversation yet");
    assertEquals(anna.messages.list(), []);
    await ben.outbox.sendText("anna", "new");
    await chat.see(/ben +1 │/);
    await chat.see("│ No conversation is open");
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a conversation that is renamed elsewhere stays open, with all drafts",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    const anna = await stage.someone("anna");
    for (const name of ["ben", "carol"]) {
      const session = await stage.someone(name);
      await session.outbox.sendText("anna", `I am ${name}`);
    }
    await received(anna);
    await using chat = new ControlledChat(anna, SIZE, "ben");
    chat.type("for ben");
    chat.press("ctrl-n");
    await chat.see("I am carol");
    chat.type("for carol");
    await anna.contactSettings.setAlias("ben", "Benny");
    await anna.contactSettings.setAlias("carol", "Caroline");
    await chat.see(/> Caroline +│/);
    await chat.see("> for carol");
    chat.press("ctrl-n");
    await chat.see(/> Benny +│/);
    await chat.see("> for ben");
    chat.press("ctrl-u");
    chat.enter("/delete");
    await chat.see("Nothing is deleted yet");
    chat.enter("/delete");
    await chat.see("No conversation is open");
    await chat.see(/^ {2}Caroline +│/m);
    chat.press("ctrl-p");
    await chat.see(/> Caroline +│/);
  },
);
