import { assert, assertEquals } from "@std/assert";
import { Database } from "@db/sqlite";
import {
  exportPublicKey,
  generateKeyPair,
} from "../../../shared/crypto/crypto.ts";
import { ClientStore } from "../../../client/store/store.ts";
import { Program } from "../../../lab/harness/program.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { bars } from "../../../lab/harness/screen.ts";
import { Stage } from "../../../lab/harness/stage.ts";
import { longTest, SCREENS } from "../../support/test_with.ts";

longTest(
  SCREENS,
  "a hostile text moves no cursor and sets no title",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    await stage.register("anna");
    const mallory = await stage.someone("mallory");
    await using screen = await stage.chat("anna", undefined, {
      partner: "mallory",
    });
    const titles: string[] = [];
    const isOurs = /^(\(\d\) )?(mallory - )?MessageU$/;
    let bells = 0;
    screen.emulator.onTitleChange((title) => titles.push(title));
    screen.emulator.onBell(() => bells++);
    await screen.see("connected");
    const hostile = [
      "\x1b]0;owned\x07title",
      "\x9d0;owned\x9ctitle",
      "\x1b[2J\x1b[H\x1b[?1049lcleared",
      "\x1b[31mred\x1b[5;5Hmoved\x1b[?25l",
      "\u202eoverride\u2066isolate",
      "back\b\b\b\brun\rover",
      `${"a\u0301\u0302\u0303\u0304".repeat(8)}${"\u0301".repeat(5000)}`,
      "\x1b_apc\x1b\\\x1bPdcs\x1b\\\x1b[c\x1b[6n",
      "﷽".repeat(30),
      "done שלום",
    ].join("\n");
    await mallory.outbox.sendText("anna", hostile);
    await screen.see("done שלום");
    await screen.see(/cleared\n/);
    assert(titles.every((title) => isOurs.test(title)), titles.join());
    assertEquals(bells, 0);
    assertEquals([...bars(screen.rows)], [16]);
    assertEquals(screen.emulator.buffer.active.type, "alternate");
    const { cursorX, cursorY } = screen.emulator.buffer.active;
    assertEquals([cursorX, cursorY], [2, 23]);
    assert(!/[\u202a-\u202e\u2066-\u2069]/.test(screen.raw));
    // What it sent for the terminal to answer wasn't typed into the input.
    screen.type("fine");
    await screen.see(/^> fine$/m);
    screen.paste("\x1b]0;owned\x07pasted\u202e");
    await screen.see("pasted");
    assert(titles.every((title) => isOurs.test(title)), titles.join());
  },
);

longTest(
  SCREENS,
  "another public key stops all sending until it is accepted",
  async () => {
    await using folder = await temporaryFolder();
    await using first = Program.relay(folder.path, "--port", "0");
    await using stage = await Stage.at(await first.address());
    await stage.register("anna");
    await stage.register("ben");
    {
      await using screen = await stage.chat(
        "anna",
        { columns: 100, rows: 30 },
        {
          partner: "ben",
        },
      );
      await screen.see("connected");
      screen.type("known\r");
      await screen.see("✓ known");
    }
    first.kill("SIGTERM");
    await first.end();
    const news = await exportPublicKey((await generateKeyPair()).publicKey);
    {
      const database = new Database(`${folder.path}/db.defensive`);
      database.prepare("UPDATE accounts SET PublicKey = ? WHERE UserName = ?")
        .run(news, "ben");
      database.close();
    }
    await using second = Program.relay(folder.path, "--port", "0");
    await stage.moveTo(await second.address());
    await using screen = await stage.chat("anna", { columns: 100, rows: 30 }, {
      partner: "ben",
    });
    await screen.see("connected");
    screen.type("secret\r");
    await screen.see("WARNING: ben HAS ANOTHER PUBLIC KEY THAN BEFORE");
    await screen.see(/known: +(\d{5} ){7}\d{5}/);
    await screen.see(/offered: (\d{5} ){7}\d{5}/);
    await screen.see("KEY CHANGED: /accept ben");
    await screen.see(/! secret\n.*not sent: \/resend \d+/);
    screen.type("/accept ben\r");
    await screen.see("From now on ben's key is");
    await screen.unsee("KEY CHANGED");
    screen.type("/resend\r");
    await screen.see("✓ secret");
  },
);

longTest(
  SCREENS,
  "more clients in one folder, and a terminal that nobody looks at",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    const anna = await stage.someone("anna");
    const ben = await stage.someone("ben");
    // What was there before isn't news, however much it is.
    for (const text of ["one", "two", "three"]) {
      await ben.outbox.sendText("anna", text);
    }
    await using first = await stage.chat("anna", undefined, { partner: "ben" });
    await first.see("three");
    await first.see("connected");
    assert(!first.raw.includes("\x07"));
    await using second = await stage.chat("anna", undefined, {
      partner: "ben",
    });
    await second.see("three");

    await anna.outbox.sendText("ben", "from elsewhere in the folder");
    await first.see("✓ from elsewhere in the folder");
    await second.see("✓ from elsewhere in the folder");
    second.type("from the second\r");
    await first.see("✓ from the second");

    // Two chats take what comes in, and each shows it once.
    first.type("\x1b[O");
    second.type("\x1b[O");
    const bell = Promise.withResolvers<void>();
    first.emulator.onBell(() => bell.resolve());
    await ben.outbox.sendText("anna", "is anybody there?");
    await first.see(/is anybody there\?/);
    await second.see(/is anybody there\?/);
    await bell.promise;
    const unread = () => anna.contacts.all().map((contact) => contact.unread);
    assertEquals(unread(), [1]);
    first.type("\x1b[I");
    await first.see(/ben +│/);
    await first.until(() => unread()[0] === 0, "nothing unread");
    assertEquals(first.text.split("is anybody there?").length, 2);
  },
);

longTest(SCREENS, "a store that fails for a while is a line", async () => {
  await using relay = await testRelay();
  await using stage = await Stage.at(relay.address);
  await stage.register("anna");
  const ben = await stage.someone("ben");
  await ben.outbox.sendText("anna", "hi");
  await using screen = await stage.chat("anna", undefined, { partner: "ben" });
  await screen.see("hi");
  await screen.see("connected");
  const store = ClientStore.open(stage.dirOf("anna"));
  const rename = (from: string, to: string) =>
    store.database.run(`ALTER TABLE ${from} RENAME TO ${to}`);
  rename("messages", "elsewhere");
  await screen.see("can't be used: no such table");
  screen.type("still here");
  await screen.see("> still here");
  assertEquals(screen.text.split("no such table").length, 2, "said once");
  rename("elsewhere", "messages");
  store.close();
  screen.type("\r");
  await screen.see("✓ still here");
});
