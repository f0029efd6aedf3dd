import { equals } from "@std/bytes";
import { type Check, must, subject, Unprepared } from "../check.ts";
import { randomName, registration } from "../frames.ts";
import type { Probe } from "../probe.ts";
import { numbered } from "./pulling.ts";

/** Looks for the server after all other checks. */
export const [stillServes] = subject("load", {
  "still-serves": [
    "CON-6",
    "After all other checks a message still goes from one user to another",
    async (probe) => {
      // Where the server is gone no users are to be had, which is no excuse.
      await probe.ask(await simple(probe));
      const [from, to] = await probe.pair();
      const content = numbered(48, 0);
      await probe.sends({ from: from.id, to: to.id, content });
      const came = await probe.receive(to.id, 1);
      must(
        came.some((message) => equals(message.content, content)),
        "the message",
        `${came.length} messages`,
      );
    },
  ],
}) as [Check];

/** What needs no user: some servers ignore users whom they don't know. */
async function simple(probe: Probe): Promise<Uint8Array> {
  try {
    return (await probe.usual()).request;
  } catch (error) {
    if (!(error instanceof Unprepared)) throw error;
    return registration(randomName());
  }
}
