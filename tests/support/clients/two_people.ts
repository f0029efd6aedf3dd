/** Two people at a relay of their own, who run verbs. */

import type { Program } from "../../../lab/harness/program.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { jsonLines, VerbUser } from "./verbs.ts";

/** A relay, and anna and ben at it, who have exchanged a key. */
export async function twoPeople() {
  const relay = await testRelay();
  const folder = await temporaryFolder();
  const anna = new VerbUser(`${folder.path}/anna`, relay.address);
  const ben = new VerbUser(`${folder.path}/ben`, relay.address);
  await anna.do("register", "anna");
  await ben.do("register", "ben");
  return {
    relay,
    folder,
    anna,
    ben,
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** The texts in what a program has printed. */
export const texts = (printed: string): string[] =>
  jsonLines(printed).filter(({ kind }) => kind === "text")
    .map(({ text }) => text);

/** Waits until a text shows; returns its message's number. */
export async function idOf(program: Program, text: string): Promise<number> {
  const line = new RegExp(`"id":(\\d+),[^\\n]*"text":"${text}"`);
  return Number((await program.prints(line))[1]);
}
