import { equals } from "@std/bytes";
import { type Check, must, subject } from "../check.ts";
import { keyRequest, randomId } from "../frames.ts";
import { numbered } from "./pulling.ts";

/** Looks for the server after all other checks. */
export const [stillServes] = subject("load", [
  [
    "still-serves",
    "CON-6",
    "After all other checks a message still goes from one user to another",
    async (probe) => {
      // Where the server is gone no users are to be had, which is no excuse.
      await probe.ask(keyRequest(randomId(), randomId()));
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
]) as [Check];
