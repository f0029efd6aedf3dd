/**
 * Makes the pictures in `docs/screens/`: real clients chat over a real relay on
 * emulated terminals, and what these show is drawn as SVG and written as text.
 * What differs from run to run is masked: times of day, dates and countdowns.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { testRelay } from "./harness/resources.ts";
import type { Screen, ScreenSize } from "./harness/screen.ts";
import { Stage } from "./harness/stage.ts";
import { drawScreen, type Mask, writeScreen } from "./screen_picture.ts";

const FOLDER = fileURLToPath(new URL("../docs/screens/", import.meta.url));
/** What differs from run to run, each as long as what stands for it. */
const MASKS: readonly Mask[] = [
  { what: /\d\d:\d\d(?= )/g, by: "12:34" },
  { what: /\d{4}-\d\d-\d\d/g, by: "2026-01-02" },
  {
    what: /\/tmp\/messageu-test-[\da-f]{16}/g,
    by: "/home/lena/Documents/relays/january",
  },
  { what: /(?<=retrying in )\d(?= s)/g, by: "4" },
];

await using relay = await testRelay();
await using stage = await Stage.at(relay.address);
await stage.register("anna");
const ben = await stage.someone("ben");
const carol = await stage.someone("carol");
const dana = await stage.someone("dana");

await dana.outbox.sendText("anna", "See you on Sunday!");
await carol.outbox.sendText("anna", "Have you read the draft?");
await carol.outbox.sendText(
  "anna",
  "The second part needs another pair of eyes.",
);

const MEDIUM = { columns: 80, rows: 24 };
await using screen = await stage.chat("anna", MEDIUM, { partner: "ben" });
await screen.see("connected");
const write = async (text: string) => {
  screen.type(`${text}\r`);
  await screen.see(`✓ ${text.slice(0, 20)}`);
};
const answer = async (text: string, shown = text) => {
  for await (const event of ben.receive()) {
    if (event.kind === "problem") console.error(event.error.message);
  }
  await ben.outbox.sendText("anna", text);
  await screen.see(shown.slice(0, 20));
};
await write("Hi Ben, is the relay up?");
await answer("It is. שלום to you, and 你好, and 👋");
await answer(
  "Long lines are wrapped where there is a space, and what is pasted keeps\nits lines:\n    like\n    this",
);
await write("Combining marks count too: e\u0301, a\u030a, n\u0303 🇮🇱 👩‍👩‍👧");
await answer(
  "\x1b[31mNothing in a text\x07 moves \x1b]0;the\x07cursor\x1b[2J.",
  "[31mNothing",
);
screen.type("/who\r");
await screen.see("At the relay");
screen.type("I'm writing this rig");
await screen.see("rig");
await picture("chat_80x24", screen);

await resize({ columns: 40, rows: 15 });
await screen.see(/there is a space, and what\n[^│]*rig\s*$/);
await picture("chat_40x15", screen);

screen.type("\x15/help\r");
await resize({ columns: 200, rows: 60 });
await screen.see("A text that starts with a slash");
await picture("chat_200x60", screen);

await resize(MEDIUM);
await stage.moveTo({ hostname: "127.0.0.1", port: 1 });
await screen.see("The relay is gone");
screen.type("This one waits.\r");
await screen.see("goes out when the relay is back");
await screen.see("retrying in 4 s");
await picture("chat_relay_gone", screen);

await stage.moveTo(relay.address);
await screen.see("✓ This one waits.");
screen.type("/search dra|wrap\r");
await screen.see("2 hits for");
await picture("chat_search", screen);

await busyScreen();

/** A conversation among others, as it looks after a while. */
async function busyScreen(): Promise<void> {
  await stage.register("lena");
  const noa = await stage.someone("noa");
  const others = {
    grace: ["The slides are in the shared folder", "Could you look at page 7?"],
    kenji: ["明日の会議は十時からです"],
    omar: ["Thanks!"],
    yael: ["נתראה ביום ראשון"],
  };
  for (const [name, texts] of Object.entries(others)) {
    const session = await stage.someone(name);
    for (const text of texts) await session.outbox.sendText("lena", text);
  }
  await using busy = await stage.chat("lena", { columns: 120, rows: 36 }, {
    partner: "noa",
  });
  await busy.see("connected");
  await busy.see("grace");
  const hers = async (text: string) => {
    await noa.outbox.sendText("lena", text);
    await busy.see(text.slice(0, 12));
  };
  const mine = async (text: string) => {
    busy.type(`${text}\r`);
    await busy.see(`✓ ${text.slice(0, 12)}`);
  };
  await hers("Good morning! Did the new relay survive the night?");
  await mine("It did: 41,000 messages, not one lost 🎉");
  await hers(
    "Three were moved to new disks at four, each within seconds:\n    eu-1    ok      4 s\n    eu-2    ok      6 s\n    us-1    ok     11 s",
  );
  await mine("Not one complaint. What does Tokyo say?");
  await hers("東京のチームからも「問題なし」と返事が来ました 🙇");
  await mine("すばらしい! 안녕하세요 to the people in 서울, too");
  await mine("By the way: the certificate of the old one runs out on Friday");
  await hers("Renewed already, it stands in the runbook, on page 12.");
  await mine("You are quick. Does the new one need another port?");
  await hers("No: 1357 as before, and the metrics stay on loopback.");
  await mine("Then I change nothing here 👌");
  await hers("Right. 小林さん would like to see the plot of the night.");
  await mine("She gets it with the numbers");
  await hers("Good, she asks for them at ten.");
  await Deno.writeTextFile(`${stage.path}/night.csv`, "time,messages\n");
  busy.type(`/file ${stage.path}/night.csv\r`);
  await busy.see("✓ file");
  await mine(
    "All of it is on https://status.example.org/relays/eu-1/nights/2026-01-02?view=messages&group-by=hour&zone=utc",
  );
  await hers(
    "Perfect. Which fingerprint should I compare before I trust the new key of Omar?",
  );
  await mine(
    "His own: /fingerprint omar shows it. Call him, he reads you the same digits",
  );
  await hers("Will do 👍🏽 Family picture for the wall: 👩‍👩‍👧 🇯🇵 🇧🇷");
  await mine("Beautiful! Who took it?");
  await hers("My brother, with the old camera. שבת שלום from him, by the way");
  await mine("Thank him. Lunch at one?");
  // Looks elsewhere for a while.
  busy.type("\x1b[O");
  await hers("Yes. The place with the good ☕ and 饺子?");
  await hers("Ben and Carol come, too; I'll keep a table for five.");
  busy.type("\x1b[I");
  busy.type("See you th");
  await busy.see("> See you th");
  await picture("chat_120x36", busy);
}

/** Resizes, and waits until the input is on the last row. */
async function resize(size: ScreenSize): Promise<void> {
  screen.resize(size);
  await screen.until(
    () => /^> /.test(screen.rows[size.rows - 1] ?? ""),
    "the input on the last row",
  );
}

async function picture(name: string, { emulator }: Screen): Promise<void> {
  await Deno.mkdir(FOLDER, { recursive: true });
  await Deno.writeTextFile(`${FOLDER}${name}.svg`, drawScreen(emulator, MASKS));
  await Deno.writeTextFile(
    `${FOLDER}${name}.txt`,
    writeScreen(emulator, MASKS),
  );
}
