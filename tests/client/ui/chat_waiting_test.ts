import { assertEquals } from "@std/assert";
import { RelayLink, Session } from "../../../client/mod.ts";
import { testRelay } from "../../../lab/harness/resources.ts";
import { Stage } from "../../../lab/harness/stage.ts";
import { parseAddress } from "../../../shared/folder/info_files.ts";
import { ControlledChat } from "../../support/clients/controlled_chat.ts";
import { pull } from "../../support/clients/receiving.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

const SIZE = { columns: 80, rows: 24 };
/** An address at which every connection is refused. */
const NOWHERE = { hostname: "127.0.0.1", port: 1 };

testWith(
  LOOPBACK_AND_FILES,
  "what a chat couldn't send goes out with the next chat, in its order",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    const anna = await stage.someone("anna");
    const ben = await stage.someone("ben");
    await anna.contacts.fetch();
    await stage.moveTo(NOWHERE);
    {
      await using chat = new ControlledChat(anna, SIZE, "ben");
      await chat.see("retrying");
      chat.enter("first");
      chat.enter("second");
      // Even what is entered last is stored, and waits.
      assertEquals(await chat.end(), { waiting: 2, begun: 0 });
      await chat.see(/! first\n.*goes out when the relay is back/);
      await chat.see(/! second\n.*goes out when the relay is back/);
    }

    const dir = stage.dirOf("anna");
    using later = new Session(
      dir,
      new RelayLink(async () =>
        parseAddress(await Deno.readTextFile(`${dir}/info.server`))
      ),
    );
    await using chat = new ControlledChat(later, SIZE, "ben");
    await chat.see(/! second\n.*goes out when the relay is back/);
    await chat.see("retrying");
    chat.enter("third");
    await chat.see(/! third\n.*goes out when the relay is back/);
    await stage.moveTo(relay.address);
    await chat.see("✓ first");
    await chat.see("✓ third");
    const texts: unknown[] = [];
    await pull(ben, {
      message: ({ kind, text }) => kind === "text" && texts.push(text),
    });
    assertEquals(texts, ["first", "second", "third"]);
  },
);
