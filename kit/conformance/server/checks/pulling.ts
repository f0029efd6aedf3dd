import { formatThings } from "../../../../shared/cli/figures.ts";
import { equals } from "@std/bytes";
import {
  describe,
  expectCode,
  expectSize,
  hex,
  messagesIn,
} from "../response.ts";
import { CheckFailure, must, prepare, subject, Unprepared } from "../check.ts";
import { waitingHead } from "../../../../shared/wire/response_framer.ts";
import { WAITING_OVERHEAD } from "../../../../shared/wire/protocol.ts";
import type { WaitingMessage } from "../../../../shared/wire/requests.ts";
import { swapped } from "../../../dissect/form.ts";
import { randomId, sized } from "../frames.ts";
import type { User } from "../user_pool.ts";
import type { Probe } from "../probe.ts";
import { PULL, pullRequest } from "../../../requests.ts";

const MIB = 1024 * 1024;
/** Size in bytes of a large message: two are more than 1 MiB. */
const LARGE = 600_000;
/** Largest size in bytes that counts as about 1 MiB. */
const MOST_RESPONSE = 2 * MIB;

/** Checks of pulls. */
export const pullingChecks = subject("pulling", {
  "pull-empty": [
    "PUL-2",
    "The response for an empty inbox is 2104 without a payload",
    async (probe) => {
      const { id } = await probe.user();
      expectSize(await probe.ask(pullRequest(id)), 2104, 0);
    },
  ],
  "pull-one": [
    "PUL-1",
    "A message has sender, id, type, size and content, in this order",
    async (probe) => {
      const [from, to] = await probe.pair();
      const content = numbered(304, 0);
      await probe.sends({ from: from.id, to: to.id, content });
      const size = WAITING_OVERHEAD + content.length;
      const response = await probe.ask(pullRequest(to.id));
      const { payload } = expectSize(response, 2104, size);
      const head = waitingHead.decode(payload.subarray(0, WAITING_OVERHEAD));
      must(
        equals(head.sender, from.id),
        `the sender ${hex(from.id)}`,
        () => hex(head.sender),
      );
      must(head.type === 3, "the type 3", `${head.type}`);
      if (head.contentSize === swapped(content.length, 4)) {
        throw new Unprepared("its size is big endian: see response-integers");
      }
      must(
        head.contentSize === content.length,
        `the size ${content.length}`,
        `${head.contentSize}`,
      );
      must(
        equals(payload.subarray(WAITING_OVERHEAD), content),
        "the content",
        () => hex(payload.subarray(WAITING_OVERHEAD)),
      );
    },
  ],
  "pull-several": [
    "PUL-1",
    "Several messages, with an empty one, come in one response",
    async (probe) => {
      const [from, to] = await probe.pair();
      const sizes = [16, 0, 32];
      await fill(probe, from, to, [16]);
      await prepare(
        "send a request for a key",
        () => probe.sends({ from: from.id, to: to.id, type: 1 }),
      );
      await fill(probe, from, to, [32]);
      const response = await probe.expect(pullRequest(to.id), 2104);
      const came = messagesIn(response).map(({ content }) => content.length);
      if (`${came.toSorted()}` === `${sizes.toSorted()}`) return;
      const rest = await probe.receive(to.id, sizes.length, true);
      const isLost = came.length + rest.length < sizes.length;
      throw new CheckFailure(
        `contents of ${sizes.join(", ")} bytes`,
        `contents of ${came.join(", ")} bytes`,
        // A response may have one message if the next pull has another.
        isLost ? { clause: "DLV-1" } : {},
      );
    },
  ],
  "pull-oldest-first": [
    "PUL-3",
    "Twelve messages come in the order of sending",
    async (probe) => {
      const [from, to] = await probe.pair();
      await fill(probe, from, to, Array(12).fill(32));
      inOrder(await probe.receive(to.id, 12), 12);
    },
  ],
  "pull-oldest-first-of-two": [
    "PUL-3",
    "Messages of two senders in turn come in the order of sending",
    async (probe) => {
      const [one, other] = await probe.pair();
      const to = await probe.user();
      for (let index = 0; index < 8; index++) {
        const { id } = index % 2 === 0 ? one : other;
        await probe.sends({
          from: id,
          to: to.id,
          content: numbered(16, index),
        });
      }
      inOrder(await probe.receive(to.id, 8), 8);
    },
  ],
  "pull-once": [
    "PUL-4",
    "A pulled message doesn't come with the next pull",
    async (probe) => {
      const [from, to] = await probe.pair();
      await fill(probe, from, to, [16]);
      await arrives(probe, to, 1);
      const again = await probe.receive(to.id, 1);
      if (again.length > 0) await probe.wasTaken();
      must(again.length === 0, "an empty inbox", "the same message again");
    },
  ],
  "pull-new-ones-alone": [
    "PUL-4",
    "The next pull has only the message sent after the last one",
    async (probe) => {
      const [from, to] = await probe.pair();
      await fill(probe, from, to, [16]);
      await arrives(probe, to, 1);
      await fill(probe, from, to, [32]);
      const response = await probe.ask(pullRequest(to.id));
      const messages = await prepare(
        "read the messages",
        async () => await Promise.resolve(messagesIn(response)),
      );
      const sizes = messages.map(({ content }) => content.length);
      if (sizes.length > 1) await probe.wasTaken();
      must(
        `${sizes}` === "32",
        "a content of 32 bytes",
        `contents of ${sizes.join(", ") || "no"} bytes`,
      );
    },
  ],
  "pull-by-sender": [
    "PUL-5",
    "A message isn't delivered to its sender",
    async (probe) => {
      const [from, to] = await probe.pair();
      await fill(probe, from, to, [16]);
      const came = await probe.receive(from.id, 1);
      must(
        came.length === 0,
        "an empty inbox",
        formatThings(came.length, "message"),
      );
      await probe.receive(to.id, 1);
    },
  ],
  "pull-by-another": [
    "PUL-5",
    "A message is delivered to its recipient only",
    async (probe) => {
      const [from, to] = await probe.pair();
      const other = await probe.user();
      await fill(probe, from, to, [16]);
      const strays = await probe.receive(other.id, 1);
      must(
        strays.length === 0,
        "an empty inbox of another user",
        formatThings(strays.length, "message"),
      );
      const came = await probe.receive(to.id, 1);
      must(
        came.length === 1,
        "the message in its recipient's inbox",
        "nothing",
      );
    },
  ],
  "pull-slices": [
    "PUL-6",
    "A response has at most about 1 MiB of 1.8 MB that wait",
    async (probe) => {
      const [from, to] = await probe.pair();
      await fill(probe, from, to, [LARGE, LARGE, LARGE]);
      const response = await probe.ask(pullRequest(to.id));
      expectCode(response, 2104);
      await probe.receive(to.id, 3);
      must(
        response.payload.length < LARGE * 3 &&
          response.payload.length <= MOST_RESPONSE,
        "less than all of it",
        describe(response),
      );
    },
  ],
  "pull-rest-later": [
    "PUL-7",
    "3 MB that wait come with several pulls, each message once and in order",
    async (probe) => {
      const [from, to] = await probe.pair();
      await fill(probe, from, to, Array(5).fill(LARGE));
      await probe.needs("end");
      inOrder(await probe.receive(to.id, 5), 5);
      const more = await probe.receive(to.id, 1);
      must(more.length === 0, "an empty inbox then", "a message again");
    },
  ],
  "pull-larger-than-a-response": [
    "PUL-7",
    "A message of 3 MB doesn't block the one behind it",
    async (probe) => {
      const [from, to] = await probe.pair();
      await fill(probe, from, to, [3_000_000, 16]);
      await probe.needs("end");
      inOrder(await probe.receive(to.id, 2), 2);
    },
  ],
  "pull-for-unknown": [
    "REQ-4",
    "An unregistered id can't pull",
    (probe) => probe.refused(pullRequest(randomId())),
  ],
  "pull-with-payload": [
    "REQ-6",
    "A pull with a payload is refused",
    async (probe) => {
      const { id } = await probe.user();
      await probe.refused(sized(PULL, id, 1));
    },
  ],
  "pull-with-payload-keeps": [
    "DLV-1",
    "A pull refused for its payload deletes no message",
    async (probe) => {
      const [from, to] = await probe.pair();
      await fill(probe, from, to, [16]);
      await prepare(
        "have a pull refused",
        () => probe.refused(sized(PULL, to.id, 1)),
      );
      await arrives(probe, to, 1);
    },
  ],
});

/** A content with a number. */
export const numbered = (size: number, index: number): Uint8Array =>
  new Uint8Array(size).fill(index + 1);

/** Sends messages of these sizes, with contents numbered from 0. */
export async function fill(
  probe: Probe,
  from: User,
  to: User,
  sizes: readonly number[],
): Promise<void> {
  for (const [index, size] of sizes.entries()) {
    const content = numbered(size, index);
    const send = () => probe.sends({ from: from.id, to: to.id, content });
    // Other checks report that a server refuses large ones.
    await (size < LARGE ? send() : prepare(`send ${size} bytes`, send));
  }
}

/**
 * Requires that `count` messages wait.
 *
 * @param tells whether the check reports lost messages
 * @throws {CheckFailure} if they don't
 */
export async function arrives(
  probe: Probe,
  to: User,
  count: number,
  tells = false,
): Promise<void> {
  arrived((await probe.receive(to.id, count, tells)).length, count);
}

/** @throws {CheckFailure} if another number of messages came */
export function arrived(came: number, count: number): void {
  must(
    came === count,
    `${count === 1 ? "the message" : `${count} messages`} in the inbox`,
    came === 0 ? "an empty inbox" : `${came}`,
  );
}

/** Requires that all numbered messages came, in order. */
function inOrder(messages: readonly WaitingMessage[], count: number): void {
  const came = messages.map(({ content }) => (content[0] ?? 0) - 1);
  const expected = Array.from({ length: count }, (_, index) => index);
  must(
    `${came}` === `${expected}`,
    `the messages ${expected.join(" ")}`,
    came.length === 0 ? "an empty inbox" : came.join(" "),
  );
}
