/**
 * Makes the pictures in `docs/screens/`: real clients chat over a real relay on
 * emulated terminals, and what these show is drawn as SVG and written as text.
 * What differs from run to run is masked: dates, countdowns, and times of day,
 * which go on by a minute every other message.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { testRelay } from "./harness/resources.ts";
import type { Screen, ScreenSize } from "./harness/screen.ts";
import { Stage } from "./harness/stage.ts";
import { drawScreen, type Mask, writeScreen } from "./screen_picture.ts";

const FOLDER = fileURLToPath(new URL("../docs/screens/", import.meta.url));
/** Minutes since midnight at the first message of a screen. */
const FIRST_TIME = 9 * 60 + 12;
/** What differs from run to run. */
const MASKS: readonly Mask[] = [
  { what: /\d\d:\d\d(?= )/g, by: (above) => time(Math.floor(above / 2)) },
  { what: /\d{4}-\d\d-\d\d/g, by: "2026-01-02" },
  {
    what: /\S+\/night.csv \(13 KiB\)/g,
    by: "/home/lena/relays/night.csv (13 KiB)".padEnd(60),
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
const answer = async (text: string) => {
  for await (const event of ben.receive()) {
    if (event.kind === "problem") console.error(event.error.message);
  }
  await ben.outbox.sendText("anna", text);
  await screen.see(text.slice(0, 20));
};
await write("Hi Ben, is the relay up?");
await answer("It is, since this morning. שלום and 你好 👋");
await write("Grüße zurück! 🇮🇱 Are these the notes for Sunday?");
await answer(
  "Almost. Long lines are wrapped where there is a space, and what is pasted keeps its lines:\n    eggs     12\n    flour    1 kg",
);
await write("I bring the flour. Do you still have the big pan?");
await answer("Yes, and the small one, too.");
screen.type("/who\r");
await screen.see("Other users at the relay");
screen.type("Then I only bring");
await screen.see("only bring");
await picture("chat_80x24", screen);

await resize({ columns: 40, rows: 15 });
await screen.until(
  () => !screen.text.includes("│") && screen.text.includes("> Then I only"),
  "a screen without contacts",
);
await picture("chat_40x15", screen);

screen.type("\x15/help\r");
await resize({ columns: 200, rows: 60 });
await screen.see("Ctrl-Y: insert what was erased last");
await picture("chat_200x60", screen);

await resize(MEDIUM);
await stage.moveTo({ hostname: "127.0.0.1", port: 1 });
await screen.see("The relay is gone");
screen.type("Then I only bring flour.\r");
await screen.see("goes out when the relay is back");
await screen.see("retrying in 4 s");
await picture("chat_relay_gone", screen);

await stage.moveTo(relay.address);
await screen.see("✓ Then I only bring");
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
  await hers("I had my doubts about moving all of them in one night.");
  await mine("So had I. The rehearsal on Tuesday helped");
  await hers("And the list. Next time it could be a script.");
  await mine("I'll write it this week, as long as I remember each step");
  await hers("How long did it take in the end?");
  await mine(
    "Twenty minutes, most of it waiting. Each was gone for seconds only:\n    eu-1    ok      4 s\n    eu-2    ok      6 s\n    us-1    ok     11 s",
  );
  await hers("No complaints here. And this came from Tokyo:");
  await hers("東京のチームからも「問題なし」と返事が来ました 🙇");
  await mine("すばらしい! 안녕하세요 to the people in 서울, too");
  await hers("They read it, and send greetings back.");
  await mine("By the way: the certificate of the old one runs out on Friday");
  await hers("Renewed already, it stands in the runbook, on page 12.");
  await mine("You are quick. Does the new one need another port?");
  await hers("No: 1357 as before, and the metrics stay on loopback.");
  await mine("Then I change nothing here 👌");
  await hers("小林さん would like to see the plot of the night.");
  await mine("She gets it with the numbers");
  await hers("Good, she asks for them at ten.");
  await Deno.writeTextFile(
    `${stage.path}/night.csv`,
    "00:00,28\n".repeat(1440),
  );
  busy.type(`/file ${stage.path}/night.csv\r`);
  await busy.see("✓ file");
  await mine("The rest is on https://status.example.org/nights/2026-01-02");
  await hers(
    "Perfect. Omar has a new key. How do I know that it is his?",
  );
  await mine(
    "Type /fingerprint omar and call him: he must see the same digits",
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

/** A time of day, some minutes after the first one. */
function time(minutes: number): string {
  const sum = FIRST_TIME + minutes;
  return [Math.floor(sum / 60), sum % 60]
    .map((part) => String(part).padStart(2, "0")).join(":");
}

/** Resizes, and waits until the input is on the last row. */
async function resize(size: ScreenSize): Promise<void> {
  screen.resize(size);
  await screen.until(
    () => /^> /.test(screen.rows[size.rows - 1] ?? ""),
    "the input on the last row",
  );
}

async function picture(
  name: string,
  { emulator, title }: Screen,
): Promise<void> {
  await Deno.mkdir(FOLDER, { recursive: true });
  await Deno.writeTextFile(
    `${FOLDER}${name}.svg`,
    drawScreen(emulator, title, MASKS),
  );
  await Deno.writeTextFile(
    `${FOLDER}${name}.txt`,
    writeScreen(emulator, MASKS),
  );
}
