/**
 * How long a message takes from Enter in one chat until another chat shows it,
 * and what a waiting chat costs: real chats on emulated terminals, at a relay of
 * its own on the loopback.
 *
 * @module
 */

import { parseArgs } from "@std/cli";
import { thisPlatform } from "../../shared/platform/platform.ts";
import { Program } from "../harness/program.ts";
import { temporaryFolder } from "../harness/resources.ts";
import type { Screen } from "../harness/screen.ts";
import { Stage } from "../harness/stage.ts";

/** Milliseconds without a key or a message after which a chat is idle. */
const CALM = 90_000;
const MINUTE = 60_000;
const SIZE = { columns: 80, rows: 24 };
/** How a terminal reports that it has lost the focus. */
const FOCUS_LOST = "\x1b[O";
/** Milliseconds of processor time in one tick of `/proc`. */
const TICK = 10;

const { messages = 60, arrivals = 5 } = parseArgs(Deno.args, {
  string: ["messages", "arrivals"],
});

if (thisPlatform.name !== "Linux") {
  console.error("bench:chat needs Linux: /proc has the cost of a chat");
  Deno.exit(2);
}

/** What a chat has cost so far. */
interface Cost {
  requests: number;
  bytes: number;
  /** Processor time of the relay and of one chat in milliseconds. */
  relay: number;
  chat: number;
}

await using folder = await temporaryFolder();
await using relay = Program.relay(
  folder.path,
  ...["--port", "0", "--metrics", "127.0.0.1:0"],
);
const [, metrics = ""] = await relay.prints(/^metrics on (\S+)$/m);
await using stage = await Stage.at(await relay.address());
await stage.register("anna");
await stage.register("ben");
const carol = await stage.someone("carol");
await using anna = await stage.chat("anna", SIZE, { partner: "ben" });
await anna.see("connected");

{
  await using ben = await stage.chat("ben", SIZE, { partner: "anna" });
  await ben.see("connected");
  await arrival(anna, ben, "a first one");
  const times: number[] = [];
  const begun = performance.now();
  const cost = await costs(anna, async () => {
    for (let at = 0; at < Number(messages); at++) {
      await random(300, 1000);
      const [from, to] = at % 2 === 0 ? [anna, ben] : [ben, anna];
      times.push(await arrival(from, to, `text ${at}.`));
    }
  });
  const span = (performance.now() - begun) / MINUTE;
  console.log(`active, Enter to shown: ${spread(times)}`);
  // The relay serves both chats.
  const each = { ...halved(cost), chat: cost.chat };
  console.log(`active, a chat's costs: ${perMinute(each, span)}`);
}

anna.type("/chat carol\r");
await carol.outbox.sendText("anna", "good morning");
await anna.see("good morning");
const times: number[] = [];
for (let at = 0; at < Number(arrivals); at++) {
  await random(CALM, CALM + 3000);
  const start = performance.now();
  await carol.outbox.sendText("anna", `text ${at}.`);
  await anna.see(`text ${at}.`);
  times.push(performance.now() - start);
}
console.log(`idle with the focus, sent to shown: ${spread(times)}`);
for (const focus of ["with", "without"]) {
  if (focus === "without") anna.type(FOCUS_LOST);
  await random(CALM, CALM);
  const cost = await costs(anna, () => random(MINUTE, MINUTE));
  console.log(`idle ${focus} the focus, a chat's costs: ${perMinute(cost, 1)}`);
}

/** Types a text and Enter; the milliseconds until another screen shows it. */
async function arrival(
  from: Screen,
  to: Screen,
  text: string,
): Promise<number> {
  from.type(text);
  await from.see(`> ${text}`);
  const start = performance.now();
  from.type("\r");
  await to.see(text);
  return performance.now() - start;
}

/** Waits, so that polls are at any point of their pause. */
function random(least: number, most: number): Promise<void> {
  const time = least + Math.random() * (most - least);
  return new Promise((resolve) => setTimeout(resolve, time));
}

/** What a chat and the relay have spent while `work` ran. */
async function costs(chat: Screen, work: () => Promise<void>): Promise<Cost> {
  const before = await spent(chat);
  await work();
  const after = await spent(chat);
  return {
    requests: after.requests - before.requests,
    bytes: after.bytes - before.bytes,
    relay: after.relay - before.relay,
    chat: after.chat - before.chat,
  };
}

async function spent({ pid }: Screen): Promise<Cost> {
  const text = await (await fetch(metrics)).text();
  const sum = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}(?:{.*})? (\\S+)$`, "gm"))]
      .reduce((total, [, value]) => total + Number(value), 0);
  // Only a shell may read another process's file.
  const { stdout } = await Program.run("cat", [`/proc/${pid}/stat`]).end();
  const [user = NaN, system = NaN] = stdout.split(" ").slice(13, 15)
    .map(Number);
  return {
    requests: sum("messageu_requests_total"),
    bytes: sum("messageu_received_bytes_total") +
      sum("messageu_sent_bytes_total"),
    relay: 1000 * sum("process_cpu_seconds_total"),
    chat: TICK * (user + system),
  };
}

function halved({ requests, bytes, relay, chat }: Cost): Cost {
  return {
    requests: requests / 2,
    bytes: bytes / 2,
    relay: relay / 2,
    chat: chat / 2,
  };
}

function perMinute(
  { requests, bytes, relay, chat }: Cost,
  minutes: number,
): string {
  const each = (total: number) => Math.round(total / minutes);
  return `${each(requests)} requests, ${each(bytes)} bytes, relay ${
    each(relay)
  } ms, chat ${each(chat)} ms of a processor a minute`;
}

function spread(times: number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) =>
    Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? NaN);
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, most ${
    at(1)
  } ms of ${sorted.length}`;
}
