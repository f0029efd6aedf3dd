import { describe } from "../answer.ts";
import { must, subject, Unprepared } from "../check.ts";
import {
  ascii,
  frame,
  keyRequest,
  listRequest,
  randomId,
  rawRegistration,
  registration,
  sendRequest,
  sized,
} from "../frames.ts";
import type { Probe } from "../probe.ts";

/** Checks of how a failure is answered, whatever failed. */
export const failureChecks = subject("failures", [
  [
    "failure-of-unknown-client",
    "ERR-1",
    "An id that nobody has is answered with 9000 and size 0",
    (probe) => empty(probe, listRequest(randomId()), 2101),
  ],
  [
    "failure-of-unknown-code",
    "ERR-1",
    "An unknown code is answered with 9000 and size 0",
    async (probe) => {
      const { id: clientId } = await probe.user();
      await empty(probe, frame({ code: 1234, clientId }));
    },
  ],
  [
    "failure-of-taken-name",
    "ERR-1",
    "A taken name is answered with 9000 and size 0",
    async (probe) => {
      const { name } = await probe.user();
      await empty(probe, registration(name), 2100);
    },
  ],
  [
    "failure-of-empty-name",
    "ERR-1",
    "An empty name is answered with 9000 and size 0",
    (probe) => empty(probe, rawRegistration(ascii("")), 2100),
  ],
  [
    "failure-of-unknown-target",
    "ERR-1",
    "The key of nobody, and a message for nobody, are answered with 9000 and size 0",
    async (probe) => {
      const { id } = await probe.user();
      await empty(probe, keyRequest(id, randomId()), 2102);
      await empty(probe, sendRequest({ from: id, to: randomId() }), 2103);
    },
  ],
  [
    "failure-of-wrong-size",
    "ERR-1",
    "A payload of a wrong size is answered with 9000 and size 0",
    async (probe) => {
      const { id } = await probe.user();
      await empty(probe, sized("publicKey", id, 3), 2102);
    },
  ],
]);

/**
 * Looks how a request is refused.
 *
 * @param taken the code where it isn't, which other checks tell
 * @throws {Unprepared} then
 */
async function empty(
  probe: Probe,
  bad: Uint8Array,
  taken?: number,
): Promise<void> {
  const answer = await probe.ask(bad, "an answer 9000");
  if (answer.code === taken) {
    throw new Unprepared(`couldn't have it refused: got ${describe(answer)}`);
  }
  must(
    answer.code === 9000 && answer.payload.length === 0,
    "an answer 9000 with no payload",
    describe(answer),
  );
}
