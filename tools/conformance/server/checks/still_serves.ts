import { equals } from "@std/bytes";
import { describe, expectCode } from "../answer.ts";
import { type Check, must, subject } from "../check.ts";
import { keyRequest, pullRequest, randomId, sendRequest } from "../frames.ts";
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
      const content = numbered(33, 0);
      const frame = sendRequest({ from: from.id, to: to.id, content });
      expectCode(await probe.ask(frame), 2103);
      const answer = expectCode(await probe.ask(pullRequest(to.id)), 2104);
      must(
        equals(answer.payload.slice(-content.length), content),
        "the message at the end of the answer",
        describe(answer),
      );
    },
  ],
]) as [Check];
