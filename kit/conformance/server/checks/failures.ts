import { describe } from "../response.ts";
import { CheckFailure, prepare, subject, Unprepared } from "../check.ts";
import {
  ascii,
  frame,
  randomId,
  rawRegistration,
  registration,
  sendRequest,
  sized,
} from "../frames.ts";
import type { Probe } from "../probe.ts";
import { keyRequest, listRequest } from "../../../requests.ts";

/** Checks of the response to a failure. */
export const failureChecks = subject("failures", {
  "failure-of-unknown-client": [
    "ERR-1",
    "An unregistered id gets 9000 and size 0",
    (probe) => empty(probe, listRequest(randomId())),
  ],
  "failure-of-unknown-code": [
    "ERR-1",
    "An unknown code gets 9000 and size 0",
    async (probe) => {
      const { id: clientId } = await probe.user();
      await empty(probe, frame({ code: 1234, clientId }));
    },
  ],
  "failure-of-taken-name": [
    "ERR-1",
    "A taken name gets 9000 and size 0",
    async (probe) => {
      const { name } = await probe.user();
      await empty(probe, registration(name));
    },
  ],
  "failure-of-unknown-target": [
    "ERR-1",
    "A key of, and a message for, an unregistered id get 9000 and size 0",
    async (probe) => {
      const { id } = await probe.user();
      await empty(probe, keyRequest(id, randomId()));
      await empty(probe, sendRequest({ from: id, to: randomId() }));
    },
  ],
  "failure-of-wrong-size": [
    "ERR-1",
    "A payload of a wrong size gets 9000 and size 0",
    async (probe) => {
      const { id } = await probe.user();
      await empty(probe, sized("publicKey", id, 3));
    },
  ],
});

/** Checks of the response to a malformed registration. */
export const lateFailureChecks = subject("failures", {
  "failure-of-empty-name": [
    "ERR-1",
    "An empty name gets 9000 and size 0",
    (probe) => empty(probe, rawRegistration(ascii(""))),
  ],
});

/**
 * Requires that a 9000 has no payload.
 *
 * @throws {Unprepared} if the request isn't refused with 9000
 */
async function empty(probe: Probe, bad: Uint8Array): Promise<void> {
  const response = await prepare(
    "have it refused",
    () => probe.expect(bad, 9000, "a response 9000"),
  );
  if (response.payload.length === 0) return;
  const got = describe(response);
  if (!probe.isFirst("a 9000 with a payload")) {
    throw new Unprepared(`${got}, as in the failure before`);
  }
  throw new CheckFailure("a response 9000 with no payload", got);
}
