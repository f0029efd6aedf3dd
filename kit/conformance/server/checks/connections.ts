import { describe, expectCode, idIn } from "../response.ts";
import type { Channel } from "../channel.ts";
import { CheckFailure, must, prepare, subject, Unprepared } from "../check.ts";
import {
  frame,
  randomId,
  randomName,
  registration,
  sendRequest,
} from "../frames.ts";
import type { Probe, UsualRequest } from "../probe.ts";
import type { Basic } from "../basics.ts";
import type { ClientId } from "../../../../shared/wire/protocol.ts";
import { fill, numbered } from "./pulling.ts";
import { keyRequest, listRequest, pullRequest } from "../../../requests.ts";

/** Number of requests on one connection. */
const MANY = 24;
/** Number of other connections. */
const OTHERS = 12;
/** Milliseconds of silence that a connection must survive. */
const SILENCE = 1500;
/** Milliseconds until the server notices a broken connection. */
const BREAK = 100;
/** Milliseconds until a server ends a connection that ends it after each response. */
const ENDS = 250;

/** Checks of connections, and of those that stall and break. */
export const connectionChecks = subject("connections", {
  "connection-of-two-requests": [
    "CON-1",
    "A second request on a connection is answered",
    (probe) => askAgain(probe, 2),
  ],
  "connection-of-many-requests": [
    "CON-1",
    `${MANY} requests on a connection are answered, one after the other`,
    (probe) => askAgain(probe, MANY),
  ],
  "connection-of-a-whole-talk": [
    "CON-1",
    "Register, list, key, send and pull work on one connection",
    async (probe) => {
      await apart(probe, await probe.usual());
      // A request that fails alone says nothing about the connection.
      const works = await allOf(probe, ["list", "key", "send", "empty"]);
      const { id: other } = await probe.user();
      const channel = await probe.connect();
      const id = await prepare("register", async () => {
        await channel.send(registration(randomName()));
        return idIn(await channel.response());
      });
      const content = numbered(16, 0);
      const steps = [
        ["list", listRequest(id), 2101],
        ["key", keyRequest(id, other), 2102],
        ["send", sendRequest({ from: id, to: other, content }), 2103],
        ["empty", pullRequest(id), 2104],
        ["empty", pullRequest(id), 2104],
      ] as const;
      for (const [basic, request, code] of steps) {
        if (!works.has(basic)) continue;
        await channel.ask(request, code, `a response ${code}`);
      }
    },
  ],
  "open-after-unknown-client": [
    "CON-2",
    "A connection stays usable after an unregistered id was refused",
    (probe) => goesOn(probe, () => listRequest(randomId())),
  ],
  "open-after-unknown-code": [
    "CON-2",
    "A connection goes on after an unknown code was refused",
    (probe) => goesOn(probe, (clientId) => frame({ code: 666, clientId })),
  ],
  "open-after-unknown-target": [
    "CON-2",
    "A connection stays usable after a message for an unregistered id was refused",
    (probe) => goesOn(probe, (from) => sendRequest({ from, to: randomId() })),
  ],
  "open-after-silence": [
    "CON-3",
    `A connection goes on after ${SILENCE} ms without a request`,
    async (probe) => {
      const { request, code } = await probe.usual();
      await probe.again(async (channel) => {
        await prepare("be served", () => channel.ask(request, code));
        await bearsSilence(channel);
        await channel.ask(request, code);
      });
    },
  ],
  "open-before-first-request": [
    "CON-3",
    `A new connection that is silent for ${SILENCE} ms gets a response`,
    async (probe) => {
      const { request, code } = await probe.usual();
      const channel = await probe.connect();
      await bearsSilence(channel);
      await channel.ask(request, code);
    },
  ],
  "others-silent": [
    "CON-4",
    `A client is served beside ${OTHERS} silent connections`,
    (probe) => beside(probe, () => undefined),
  ],
  "others-stalled-in-header": [
    "CON-4",
    `A client is served beside ${OTHERS} that stopped within a header`,
    (probe) => beside(probe, (id) => listRequest(id).subarray(0, 11)),
  ],
  "others-stalled-in-payload": [
    "CON-4",
    `A client is served beside ${OTHERS} that stopped within a payload`,
    (probe) =>
      beside(
        probe,
        (id) =>
          sendRequest({ from: id, to: id, content: numbered(900, 0) })
            .subarray(0, 500),
      ),
  ],
  "others-claim-4-gib": [
    "CON-4",
    "A client is served beside one whose header claims 4294967295 bytes",
    (probe) =>
      beside(probe, (from) =>
        sendRequest({
          ...{ from, to: from, content: numbered(100, 0) },
          contentSize: 0xffffffff - 21,
          payloadSize: 0xffffffff,
        }), 1),
  ],
  "others-not-reading": [
    "CON-4",
    "A client is served beside one that doesn't read its 900 KB",
    async (probe) => {
      const [from, to] = await probe.pair();
      const usual = await probe.usual();
      await fill(probe, from, to, [900_000]);
      const lazy = await probe.connect();
      await lazy.send(pullRequest(to.id));
      await lazy.pause(BREAK);
      await probe.served(usual);
      await prepare("read it then", () => lazy.response());
    },
  ],
  "others-broken-off": [
    "CON-6",
    "An open connection goes on after another one breaks off within a request",
    async (probe) => {
      const usual = await probe.usual();
      const { request, code } = usual;
      await probe.again(async (channel) => {
        const broken = await probe.connectToBreak();
        await prepare("be served", () => channel.ask(request, code));
        await breakOff(broken, usual);
        await channel.ask(request, code);
      });
    },
  ],
  "others-reset": [
    "CON-6",
    `A new client is served after ${OTHERS} connections were reset`,
    async (probe) => {
      const usual = await probe.usual();
      for (let count = 0; count < OTHERS; count++) {
        await breakOff(
          await probe.connectToBreak(),
          usual,
          count === 0 ? BREAK : 5,
        );
      }
      await probe.served(usual);
    },
  ],
  "cut-off-registration": [
    "CON-7",
    "A registration that lacks its last byte leaves the name free",
    async (probe) => {
      const name = randomName();
      await cutOff(probe, registration(name));
      const response = await probe.ask(registration(name));
      must(response.code === 2100, "a response 2100", describe(response));
    },
  ],
  "cut-off-message": [
    "CON-7",
    "A message that lacks its last byte isn't delivered",
    async (probe) => {
      const [from, to] = await probe.pair();
      const content = numbered(208, 0);
      await cutOff(probe, sendRequest({ from: from.id, to: to.id, content }));
      const came = await probe.receive(to.id, 1);
      must(
        came.length === 0,
        "an empty inbox",
        `a message of ${came[0]?.content.length} bytes`,
      );
    },
  ],
  "half-closed": [
    "CON-8",
    "A request before the client's end is answered",
    async (probe) => {
      const { request, code } = await probe.usual();
      const channel = await probe.connect();
      await channel.send(request);
      await channel.end();
      expectCode(await channel.response(), code);
    },
  ],
});

/** Requires that a connection survives silence. */
async function bearsSilence(channel: Channel): Promise<void> {
  const state = await channel.quiet(SILENCE);
  must(
    state === "quiet",
    "an open connection",
    state === "ended" ? "its end" : "bytes without a request",
  );
}

/** Makes several requests on a connection. */
async function askAgain(probe: Probe, times: number): Promise<void> {
  const usual = await probe.usual();
  await apart(probe, usual);
  const { request, code } = usual;
  const channel = await probe.connect();
  for (let count = 1; count <= times; count++) {
    await channel.ask(request, code, `the response ${count} of ${times}`);
  }
}

/**
 * Requires that nothing follows the response to the usual request.
 *
 * @throws {CheckFailure} if bytes and the end of the connection do
 * @throws {Unprepared} if bytes do on a connection that goes on
 */
async function apart(
  probe: Probe,
  { request, isFollowed }: UsualRequest,
): Promise<void> {
  if (!isFollowed) return;
  const channel = await probe.connect();
  await channel.send(request);
  await channel.response();
  if (await channel.ends(ENDS)) {
    throw new CheckFailure("a connection that goes on", "its end");
  }
  throw new Unprepared(
    "bytes follow each response: see response-once and response-size-counts-payload",
  );
}

/** The abilities that the server has. */
async function allOf(
  probe: Probe,
  wanted: readonly Basic[],
): Promise<ReadonlySet<Basic>> {
  const works = new Set<Basic>();
  for (const basic of wanted) if (await probe.can(basic)) works.add(basic);
  return works;
}

/** Makes a refused request, and then the usual one on the same connection. */
async function goesOn(
  probe: Probe,
  bad: (id: ClientId) => Uint8Array,
): Promise<void> {
  const { requester, request, code } = await probe.usual();
  await probe.again(async (channel) => {
    await prepare(
      "have it refused",
      () => channel.ask(bad(requester.id), 9000),
    );
    await channel.ask(request, code, "a response to the next request");
  });
}

/** Requires a response beside connections that stall. */
async function beside(
  probe: Probe,
  start: (id: ClientId) => Uint8Array | undefined,
  others = OTHERS,
): Promise<void> {
  const usual = await probe.usual();
  const part = start(usual.requester.id);
  for (let count = 0; count < others; count++) {
    const stalled = await probe.connect();
    if (part !== undefined) await stalled.sendPart(part);
  }
  await probe.served(usual);
}

/** Resets a connection within a request, with a response unread. */
async function breakOff(
  channel: Channel,
  { requester, request }: UsualRequest,
  ms: number = BREAK,
): Promise<void> {
  await channel.send(request);
  await channel.sendPart(listRequest(requester.id).subarray(0, 9));
  await channel.pause(ms);
  channel.close();
}

async function cutOff(probe: Probe, request: Uint8Array): Promise<void> {
  const channel = await probe.connect();
  await channel.sendPart(request.subarray(0, -1));
  await channel.end();
  await channel.quiet(BREAK);
  channel.close();
}
