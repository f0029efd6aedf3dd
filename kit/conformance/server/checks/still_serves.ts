import { formatThings } from "../../../../shared/cli/figures.ts";
import { equals } from "@std/bytes";
import { type Check, must, subject, Unprepared } from "../check.ts";
import { randomName, registration } from "../frames.ts";
import type { Probe } from "../probe.ts";
import { numbered } from "./pulling.ts";

/** Shows whether the server works after all other checks. */
export const [stillServes] = subject("load", {
  "still-serves": [
    "CON-6",
    "After all other checks a message still arrives",
    async (probe) => {
      // Without a server no user can be registered, which would skip the check.
      await probe.ask(await simple(probe));
      const [from, to] = await probe.pair();
      const content = numbered(48, 0);
      await probe.sends({ from: from.id, to: to.id, content });
      const came = await probe.receive(to.id, 1);
      must(
        came.some((message) => equals(message.content, content)),
        "the message",
        formatThings(came.length, "message"),
      );
    },
  ],
}) as [Check];

/** A request that needs no new user: some servers ignore unknown ones. */
async function simple(probe: Probe): Promise<Uint8Array> {
  try {
    return (await probe.usual()).request;
  } catch (error) {
    if (!(error instanceof Unprepared)) throw error;
    return registration(randomName());
  }
}
