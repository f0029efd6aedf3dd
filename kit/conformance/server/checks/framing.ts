import { equals } from "@std/bytes";
import { describe, expectCode } from "../response.ts";
import { must, prepare, subject, Unprepared } from "../check.ts";
import { REQUEST_HEADER_SIZE } from "../../../../shared/wire/protocol.ts";
import {
  frame,
  randomId,
  randomName,
  registration,
  sendRequest,
  sized,
} from "../frames.ts";
import type { Probe } from "../probe.ts";
import { arrives, numbered } from "./pulling.ts";
import {
  keyRequest,
  listRequest,
  PULL,
  pullRequest,
} from "../../../requests.ts";

/** Number of pipelined requests. */
const PIPELINED = 32;
/** Number of responses whose first read is judged. */
const LOOKS = 8;
/** Milliseconds to wait for a second response. */
const BEHIND = 150;

/** Checks of segments, pipelining and bytes to read past. */
export const framingChecks = subject("framing", {
  "segments-header-then-payload": [
    "FRM-3",
    "A request whose payload comes behind its header is answered",
    (probe) => cutUp(probe, [REQUEST_HEADER_SIZE]),
  ],
  "segments-within-header": [
    "FRM-3",
    "A request whose header comes in four pieces is answered",
    (probe) => cutUp(probe, [1, 17, 20]),
  ],
  "segments-within-payload": [
    "FRM-3",
    "A request whose payload comes in two pieces is answered",
    (probe) => cutUp(probe, [30]),
  ],
  "segments-of-one-byte": [
    "FRM-3",
    "A request that comes byte by byte is answered",
    (probe) => cutUp(probe, Array.from({ length: 38 }, (_, i) => i + 1)),
  ],
  "segments-of-a-registration": [
    "FRM-3",
    "A registration in pieces of 100 bytes is accepted",
    async (probe) => {
      const channel = await probe.connect();
      await channel.sendCut(registration(randomName()), [100, 200, 300, 400]);
      expectCode(await channel.response(), 2100);
    },
  ],
  "segments-of-a-message": [
    "FRM-3",
    "A message of 20000 bytes in pieces of 1460 arrives",
    async (probe) => {
      await probe.needs("send");
      const [from, to] = await probe.pair();
      const content = numbered(20_000, 4);
      const request = sendRequest({ from: from.id, to: to.id, content });
      const cuts = Array.from({ length: 13 }, (_, index) => 1460 * (index + 1));
      const channel = await probe.connect();
      await channel.sendCut(request, cuts);
      expectCode(await channel.response(), 2103);
      const [message] = await probe.receive(to.id, 1);
      must(
        message !== undefined && equals(message.content, content),
        "20000 bytes as they were sent",
        message === undefined ? "an empty inbox" : "others",
      );
    },
  ],
  "segments-of-two-requests": [
    "FRM-3",
    "One and a half requests, and then the other half, are two requests",
    async (probe) => {
      const { request, code } = await probe.usual();
      const half = REQUEST_HEADER_SIZE + 2;
      if (request.length <= half) throw withoutPayload();
      await probe.again(async (channel) => {
        await channel.send(request, request.subarray(0, half));
        expectCode(await channel.response(), code);
        await channel.sendRest(request.subarray(half));
        expectCode(
          await channel.response("a response to the second request"),
          code,
        );
      });
    },
  ],
  "pipelined-kinds": [
    "FRM-4",
    "Four requests of different kinds in one write are answered in their order",
    async (probe) => {
      const [from, to] = await probe.pair();
      const content = numbered(16, 0);
      const all = [
        ["send", sendRequest({ from: from.id, to: to.id, content }), 2103],
        ["list", listRequest(from.id), 2101],
        ["key", keyRequest(from.id, to.id), 2102],
        ["pull", pullRequest(to.id), 2104],
      ] as const;
      // A request that fails alone says nothing about framing.
      const requests: Uint8Array[] = [];
      const expected: number[] = [];
      for (const [basic, request, code] of all) {
        if (!(await probe.can(basic))) continue;
        requests.push(request);
        expected.push(code);
      }
      if (requests.length < 2) {
        throw new Unprepared("couldn't ask for things of different kinds");
      }
      await probe.again(async (channel) => {
        await channel.send(...requests);
        const codes: number[] = [];
        for (let count = 1; count <= requests.length; count++) {
          const due = `the response ${count} of ${requests.length}`;
          codes.push((await channel.response(due)).code);
        }
        must(
          `${codes}` === `${expected}`,
          expected.join(", "),
          codes.join(", "),
        );
      });
    },
  ],
  "pipelined-many": [
    "FRM-4",
    `${PIPELINED} requests for keys of two users in turn are answered in their order`,
    async (probe) => {
      await probe.needs("key");
      const [one, other] = await probe.pair();
      const requester = await probe.user();
      const targets = Array.from(
        { length: PIPELINED },
        (_, index) => index % 2 === 0 ? one : other,
      );
      const requests = targets.map(({ id }) => keyRequest(requester.id, id));
      // The checks of keys judge their content.
      const alone: Uint8Array[] = [];
      for (const request of requests.slice(0, 2)) {
        alone.push((await probe.ask(request)).bytes);
      }
      await probe.again(async (channel) => {
        await channel.send(...requests);
        for (const index of requests.keys()) {
          const due = `the response ${index + 1} of ${PIPELINED}`;
          const { bytes } = expectCode(await channel.response(due), 2102);
          const expected = alone[index % 2];
          must(
            expected !== undefined && equals(bytes, expected),
            `${due} as it is by itself`,
            "another",
          );
        }
      });
    },
  ],
  "pipelined-messages": [
    "FRM-4",
    "Messages in one write are all acknowledged and delivered",
    async (probe) => {
      await probe.needs("send");
      const [from, to] = await probe.pair();
      await probe.again(async (channel) => {
        await channel.send(
          ...Array.from({ length: 8 }, (_, index) =>
            sendRequest({
              from: from.id,
              to: to.id,
              content: numbered(16, index),
            })),
        );
        for (let count = 1; count <= 8; count++) {
          expectCode(
            await channel.response(`the response ${count} of 8`),
            2103,
          );
        }
        await arrives(probe, to, 8);
      });
    },
  ],
  "pipelined-with-failure": [
    "FRM-4",
    "A failure between two other requests is answered in its place",
    async (probe) => {
      const { requester, request, code } = await probe.usual();
      const bad = frame({ code: 777, clientId: requester.id });
      await prepare("have it refused by itself", () => probe.refused(bad));
      await probe.again(async (channel) => {
        await channel.send(request, bad, request);
        for (const due of [code, 9000, code]) {
          expectCode(await channel.response(`a response ${due}`), due);
        }
      }, "onward");
    },
  ],
  "response-once": [
    "FRM-4",
    "A request is answered once",
    async (probe) => {
      const { request, code } = await probe.usual();
      const channel = await probe.connect();
      await channel.ask(request, code);
      const second = await channel.unasked(BEHIND);
      must(
        second === undefined,
        "no other response",
        () => second === undefined ? "" : `another: ${describe(second)}`,
      );
    },
  ],
  "response-in-one-write": [
    "FRM-5",
    "The first read has a small response whole",
    async (probe) => {
      const { request, code } = await probe.usual();
      for (let look = 0; look < LOOKS; look++) {
        const channel = await probe.connect();
        const { bytes } = await channel.ask(request, code);
        const [first = 0] = channel.reads;
        must(
          first >= bytes.length,
          `${bytes.length} bytes at once`,
          `${first} at first`,
        );
        channel.close();
      }
    },
  ],
  "read-past-unknown-code": [
    "REQ-7",
    "What follows a request with an unknown code and 500 bytes is answered",
    (probe) =>
      readPast(
        probe,
        (clientId) =>
          frame({ code: 777, clientId }, new Uint8Array(500).fill(0x41)),
      ),
  ],
  "read-past-list-payload": [
    "REQ-7",
    "What follows a request for the list with a payload is answered",
    (probe) => readPast(probe, (id) => sized("clientsList", id, 40)),
  ],
  "read-past-pull-payload": [
    "REQ-7",
    "What follows a pull with a payload is answered",
    (probe) => readPast(probe, (id) => sized(PULL, id, 23)),
  ],
  "read-past-key-payload": [
    "REQ-7",
    "What follows a request for a key with 20 bytes is answered",
    (probe) => readPast(probe, (id) => sized("publicKey", id, 20)),
  ],
  "read-past-message": [
    "REQ-7",
    "What follows a message with a wrong content size is answered",
    (probe) =>
      readPast(probe, (id) =>
        sendRequest({
          ...{ from: id, to: id, content: numbered(304, 0), contentSize: 3 },
        })),
  ],
  "read-past-unknown-client": [
    "REQ-7",
    "A request after a message of an unknown client is answered",
    (probe) =>
      readPast(
        probe,
        (id) =>
          sendRequest({ from: randomId(), to: id, content: numbered(304, 0) }),
      ),
  ],
});

/** Checks of bytes to read past that may leave a malformed user. */
export const lateFramingChecks = subject("framing", {
  "read-past-registration": [
    "REQ-7",
    "What follows a registration of 1000 bytes is answered",
    (probe) => readPast(probe, (id) => sized("register", id, 1000)),
  ],
});

const withoutPayload = () =>
  new Unprepared("couldn't ask for anything that has a payload");

/** Sends the usual request in segments. */
async function cutUp(probe: Probe, cuts: readonly number[]): Promise<void> {
  const { request, code } = await probe.usual();
  const within = cuts.filter((cut) => cut < request.length);
  if (within.length === 0) throw withoutPayload();
  const channel = await probe.connect();
  await channel.sendCut(request, within);
  expectCode(await channel.response(), code);
}

/**
 * Sends a refused request and then the usual one, in two writes: other checks
 * judge pipelining.
 */
async function readPast(
  probe: Probe,
  bad: (id: Awaited<ReturnType<Probe["user"]>>["id"]) => Uint8Array,
): Promise<void> {
  const { requester, request, code } = await probe.usual();
  await probe.again(async (channel) => {
    await prepare(
      "have it refused",
      () => channel.ask(bad(requester.id), 9000),
    );
    await channel.send(request);
    const due = `a response ${code} to the request behind it`;
    expectCode(await channel.response(due), code);
  }, "onward");
}
