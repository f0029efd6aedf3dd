import { describe, expectCode } from "../answer.ts";
import type { Channel } from "../channel.ts";
import { must, prepare, subject } from "../check.ts";
import {
  frame,
  keyRequest,
  listRequest,
  pullRequest,
  randomId,
  randomName,
  registration,
  sendRequest,
} from "../frames.ts";
import { idIn, type Probe } from "../probe.ts";
import type { ClientId } from "../../../../shared/protocol.ts";
import { fill, numbered } from "./pulling.ts";

/** Requests on one connection. */
const MANY = 24;
/** Connections that stand in the way. */
const OTHERS = 12;
/** Milliseconds of silence that a connection has to bear. */
const SILENCE = 1500;
/** Milliseconds in which the server sees that a connection broke. */
const BREAK = 100;

/** Checks of connections, and of those that stall and break. */
export const connectionChecks = subject("connections", [
  [
    "connection-of-two-requests",
    "CON-1",
    "A second request on a connection is answered",
    (probe) => askAgain(probe, 2),
  ],
  [
    "connection-of-many-requests",
    "CON-1",
    `${MANY} requests on a connection are answered, one after the other`,
    (probe) => askAgain(probe, MANY),
  ],
  [
    "connection-of-a-whole-talk",
    "CON-1",
    "Register, list, key, send and pull go over one connection",
    async (probe) => {
      const { id: other } = await probe.user();
      const channel = await probe.connect();
      const id = await prepare("register", async () => {
        await channel.send(registration(randomName()));
        return idIn(await channel.answer());
      });
      const steps = [
        [listRequest(id), 2101],
        [keyRequest(id, other), 2102],
        [sendRequest({ from: id, to: other, content: numbered(16, 0) }), 2103],
        [pullRequest(id), 2104],
        [pullRequest(id), 2104],
      ] as const;
      for (const [request, code] of steps) {
        await channel.send(request);
        expectCode(await channel.answer(`an answer ${code}`), code);
      }
    },
  ],
  [
    "open-after-unknown-client",
    "CON-2",
    "A connection goes on after an id that nobody has was refused",
    (probe) => goesOn(probe, () => listRequest(randomId())),
  ],
  [
    "open-after-unknown-code",
    "CON-2",
    "A connection goes on after an unknown code was refused",
    (probe) => goesOn(probe, (clientId) => frame({ code: 666, clientId })),
  ],
  [
    "open-after-unknown-target",
    "CON-2",
    "A connection goes on after a message for nobody was refused",
    (probe) => goesOn(probe, (from) => sendRequest({ from, to: randomId() })),
  ],
  [
    "open-after-silence",
    "CON-3",
    `A connection goes on after ${SILENCE} ms without a request`,
    async (probe) => {
      const [{ id }, { id: other }] = await probe.pair();
      await probe.again(async (channel) => {
        await channel.send(keyRequest(id, other));
        await prepare(
          "get a key",
          async () => expectCode(await channel.answer(), 2102),
        );
        await bearsSilence(channel);
        await channel.send(keyRequest(id, other));
        expectCode(await channel.answer(), 2102);
      });
    },
  ],
  [
    "open-before-first-request",
    "CON-3",
    `A connection on which nothing is said for ${SILENCE} ms is served then`,
    async (probe) => {
      const [{ id }, { id: other }] = await probe.pair();
      const channel = await probe.connect();
      await bearsSilence(channel);
      await channel.send(keyRequest(id, other));
      expectCode(await channel.answer(), 2102);
    },
  ],
  [
    "others-silent",
    "CON-4",
    `A client is served beside ${OTHERS} connections that say nothing`,
    (probe) => beside(probe, () => undefined),
  ],
  [
    "others-stalled-in-header",
    "CON-4",
    `A client is served beside ${OTHERS} that stopped within a header`,
    (probe) => beside(probe, (id) => listRequest(id).subarray(0, 11)),
  ],
  [
    "others-stalled-in-payload",
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
  [
    "others-claim-4-gib",
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
  [
    "others-not-reading",
    "CON-4",
    "A client is served beside one that doesn't read its 900 KB",
    async (probe) => {
      const [from, to] = await probe.pair();
      const asker = await probe.user();
      await fill(probe, from, to, [900_000]);
      const lazy = await probe.connect();
      await lazy.send(pullRequest(to.id));
      await lazy.pause(BREAK);
      await served(probe, asker.id, from.id);
      await prepare("read it then", () => lazy.answer());
    },
  ],
  [
    "others-broken-off",
    "CON-6",
    "A connection that was open goes on when another one breaks off in a request",
    async (probe) => {
      const [{ id }, { id: other }] = await probe.pair();
      await probe.again(async (channel) => {
        const broken = await probe.connectToBreak();
        await channel.send(keyRequest(id, other));
        await prepare(
          "get a key",
          async () => expectCode(await channel.answer(), 2102),
        );
        await breakOff(broken, id);
        await channel.send(keyRequest(id, other));
        expectCode(await channel.answer(), 2102);
      });
    },
  ],
  [
    "others-reset",
    "CON-6",
    `A new client is served after ${OTHERS} connections were reset`,
    async (probe) => {
      const [{ id }, { id: other }] = await probe.pair();
      for (let count = 0; count < OTHERS; count++) {
        await breakOff(
          await probe.connectToBreak(),
          id,
          count === 0 ? BREAK : 5,
        );
      }
      await served(probe, id, other);
    },
  ],
  [
    "cut-off-registration",
    "CON-7",
    "A registration that lacks its last byte leaves the name free",
    async (probe) => {
      const name = randomName();
      await cutOff(probe, registration(name));
      const answer = await probe.ask(registration(name));
      must(answer.code === 2100, "an answer 2100", describe(answer));
    },
  ],
  [
    "cut-off-message",
    "CON-7",
    "A message that lacks its last byte isn't handed out",
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
  [
    "half-closed",
    "CON-8",
    "A request that the client's end follows is answered",
    async (probe) => {
      const [{ id }, { id: other }] = await probe.pair();
      const channel = await probe.connect();
      await channel.send(keyRequest(id, other));
      await channel.end();
      expectCode(await channel.answer(), 2102);
    },
  ],
]);

/** Says nothing for a while, and sees to it that the server bears it. */
async function bearsSilence(channel: Channel): Promise<void> {
  const state = await channel.quiet(SILENCE);
  must(
    state === "quiet",
    "an open connection",
    state === "ended" ? "its end" : "bytes that nobody asked for",
  );
}

/** Asks again and again on a connection. */
async function askAgain(probe: Probe, times: number): Promise<void> {
  const [{ id }, { id: other }] = await probe.pair();
  const channel = await probe.connect();
  for (let count = 1; count <= times; count++) {
    await channel.send(keyRequest(id, other));
    expectCode(await channel.answer(`the answer ${count} of ${times}`), 2102);
  }
}

/** Asks for what is refused, and on the same connection for something else. */
async function goesOn(
  probe: Probe,
  bad: (id: ClientId) => Uint8Array,
): Promise<void> {
  const [{ id }, { id: other }] = await probe.pair();
  await probe.again(async (channel) => {
    await channel.send(bad(id));
    await prepare(
      "have it refused",
      async () => expectCode(await channel.answer(), 9000),
    );
    await channel.send(keyRequest(id, other));
    expectCode(await channel.answer("an answer to the next request"), 2102);
  });
}

/** Is served while others have sent something and go no further. */
async function beside(
  probe: Probe,
  start: (id: ClientId) => Uint8Array | undefined,
  others = OTHERS,
): Promise<void> {
  const [{ id }, { id: other }] = await probe.pair();
  const part = start(id);
  for (let count = 0; count < others; count++) {
    const stalled = await probe.connect();
    if (part !== undefined) await stalled.sendPart(part);
  }
  await served(probe, id, other);
}

async function served(
  probe: Probe,
  id: ClientId,
  other: ClientId,
): Promise<void> {
  expectCode(await probe.ask(keyRequest(id, other)), 2102);
}

/** Resets a connection in the middle of a request, with an answer unread. */
async function breakOff(
  channel: Channel,
  id: ClientId,
  ms: number = BREAK,
): Promise<void> {
  await channel.send(keyRequest(id, id));
  await channel.sendPart(listRequest(id).subarray(0, 9));
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
