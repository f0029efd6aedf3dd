import { formatThings } from "../../../../shared/cli/figures.ts";
import { equals } from "@std/bytes";
import { describe, expectCode, hex } from "../response.ts";
import { swapped } from "../../../dissect/form.ts";
import type { User } from "../user_pool.ts";
import {
  CheckFailure,
  each,
  must,
  prepare,
  subject,
  Unprepared,
} from "../check.ts";
import {
  type ClientId,
  SEND_OVERHEAD,
} from "../../../../shared/wire/protocol.ts";
import { responseCodecs } from "../../../../shared/wire/requests.ts";
import { randomId, type Sending, sendRequest, sized } from "../frames.ts";
import { told } from "../basics.ts";
import type { Probe } from "../probe.ts";

const KIB = 1024;
/** Size in bytes of a content that fits a segment. */
const SEGMENT = 1300;
/** All 256 values of a byte, twice. */
const ALL_BYTES = Uint8Array.from({ length: 512 }, (_, index) => index);
const CONTENT = ALL_BYTES.subarray(0, 64);

type Lie = Omit<Sending, "from" | "to">;

/** Sizes of contents that some servers cut or refuse. */
const SIZES = [
  [1, "SND-4", "1 byte"],
  [KIB, "SND-4", "1 KiB"],
  [5 * KIB, "SND-4", "5 KiB"],
  [64 * KIB, "SND-4", "64 KiB"],
  [KIB * KIB, "SND-12", "1 MiB"],
  [5 * KIB * KIB, "SND-12", "5 MiB"],
] as const;

/** Content sizes that aren't the content's. */
const LIES: readonly [name: string, about: string, lie: Lie][] = [
  ["lies-above", "larger by one than the content", {
    content: CONTENT,
    contentSize: 65,
  }],
  ["lies-below", "smaller by one than the content", {
    content: CONTENT,
    contentSize: 63,
  }],
  ["lies-zero", "of 0 in a text with 64 bytes behind it", {
    content: CONTENT,
    contentSize: 0,
  }],
  ["lies-hugely", "of 4294967295 with 64 bytes behind it", {
    content: CONTENT,
    contentSize: 0xffffffff,
  }],
  ["wraps-around", "that overflows to the payload's in 32 bits", {
    contentSize: 0xffffffff - SEND_OVERHEAD + 1,
    payloadSize: 0,
  }],
];

/** Checks of sending. */
export const sendingChecks = subject("sending", {
  "send-acknowledged": [
    "SND-2",
    "The response to a message is 2103 with the target's id and 4 bytes of message id",
    async (probe) => {
      const [from, to] = await probe.pair();
      const response = await probe.ask(
        sendRequest({ from: from.id, to: to.id, content: CONTENT }),
      );
      must(
        response.code === 2103 &&
          response.payload.length === responseCodecs.sendMessage.fixedSize,
        "a response 2103 with 20 bytes",
        describe(response),
      );
      const { target } = responseCodecs.sendMessage.decode(response.payload);
      must(equals(target, to.id), `the id ${hex(to.id)}`, hex(target));
    },
  ],
  "send-to-unknown": [
    "SND-3",
    "A message for an unregistered id is refused",
    async (probe) => {
      const { id } = await probe.user();
      await probe.refused(
        sendRequest({ from: id, to: randomId(), content: CONTENT }),
      );
    },
  ],
  "send-for-unknown": [
    "REQ-4",
    "A message from an unregistered id is refused",
    async (probe) => {
      const { id } = await probe.user();
      await probe.refused(
        sendRequest({ from: randomId(), to: id, content: CONTENT }),
      );
    },
  ],
  "send-every-byte": [
    "SND-4",
    "A content with all values of a byte arrives unchanged",
    (probe) => relayed(probe, ALL_BYTES),
  ],
  ...each(SIZES, ([size, clause, title]) => [
    `send-${title.toLowerCase().replace(/ bytes?/, "-byte").replace(" ", "-")}`,
    clause,
    `A content of ${title} arrives unchanged`,
    (probe) => relayed(probe, randomContent(size)),
  ]),
  "send-empty-text": [
    "SND-4",
    "A text of 0 bytes arrives unchanged, if it is accepted",
    async (probe) => {
      const [from, to] = await probe.pair();
      const content = new Uint8Array();
      const sending = { from: from.id, to: to.id, content };
      // No clause requires it: a ciphertext has at least 16 bytes.
      await prepare("send a text of 0 bytes", () => probe.sends(sending));
      await arrivesAs(probe, to, content);
    },
  ],
  "send-request-for-key": [
    "SND-4",
    "A request for a key, without content, is accepted (SND-7) and arrives unchanged",
    async (probe) => {
      try {
        await relayed(probe, new Uint8Array(), 1);
      } catch (error) {
        if (!(error instanceof CheckFailure)) throw error;
        if (!error.details.isRefusal) throw error;
        const { expected, got } = error;
        throw new CheckFailure(expected, got, { clause: "SND-7" });
      }
    },
  ],
  "send-types-kept": [
    "SND-15",
    "Messages of the types 1 to 4 arrive with their types",
    async (probe) => {
      const [from, to] = await probe.pair();
      const sent = [1, 2, 3, 4];
      for (const type of sent) {
        const content = type === 1 ? new Uint8Array() : CONTENT;
        const sending = { from: from.id, to: to.id, type, content };
        await prepare(
          `send a message of type ${type}`,
          () => probe.sends(sending),
        );
      }
      const came = (await probe.receive(to.id, sent.length)).map(({ type }) =>
        type
      );
      must(
        `${came.toSorted()}` === `${sent}`,
        "the types 1, 2, 3, 4",
        came.join(", ") || "no message",
      );
    },
  ],
  "send-id-kept": [
    "SND-15",
    "A message arrives with the id in its 2103",
    async (probe) => {
      const [from, to] = await probe.pair();
      const given = await probe.sendsForId({ from: from.id, to: to.id });
      const [message] = await probe.receive(to.id, 1);
      must(message !== undefined, "the message", "an empty inbox");
      if (
        message.messageId !== given && message.messageId === swapped(given, 4)
      ) {
        throw new Unprepared(
          "its bytes stand the other way round: see response-integers",
        );
      }
      must(
        message.messageId === given,
        `the id ${given}`,
        `${message.messageId}`,
      );
    },
  ],
  "send-ids-differ": [
    "SND-13",
    "Twelve messages for a user have twelve ids",
    async (probe) => {
      const ids = await twelveIds(probe);
      must(
        new Set(ids).size === ids.length,
        "12 ids that differ",
        ids.join(", "),
      );
    },
  ],
  "send-ids-rise": [
    "SND-14",
    "The ids of twelve messages for a user rise",
    async (probe) => {
      const ids = await twelveIds(probe);
      if (new Set(ids).size < ids.length) {
        throw new Unprepared("some have the same id: see send-ids-differ");
      }
      must(rise(ids), "ids that rise", () => {
        const isBigEndian = rise(ids.map((id) => swapped(id, 4)));
        return `${ids.join(", ")}${
          isBigEndian ? ": a byte order mistake, they rise as big endian" : ""
        }`;
      });
    },
  ],
  "send-from-header": [
    "SND-9",
    "A message's sender is the id in its request's header",
    async (probe) => {
      const [from, to] = await probe.pair();
      await probe.sends({ from: from.id, to: to.id, content: CONTENT });
      const [message] = await probe.receive(to.id, 1);
      must(message !== undefined, "the message", "an empty inbox");
      const { sender } = message;
      must(equals(sender, from.id), `the id ${hex(from.id)}`, hex(sender));
    },
  ],
  "send-from-each": [
    "SND-9",
    "Two users' messages on one connection have their senders",
    async (probe) => {
      const [one, other] = await probe.pair();
      const to = await probe.user();
      await probe.again(async (channel) => {
        for (const { id } of [one, other]) {
          await prepare(
            "send a message",
            () => channel.ask(sendRequest({ from: id, to: to.id }), 2103),
          );
        }
      });
      const came = await probe.receive(to.id, 2);
      await probe.needs("ids");
      const senders = came.map(({ sender }) => hex(sender)).toSorted();
      const expected = [hex(one.id), hex(other.id)].toSorted();
      must(
        `${senders}` === `${expected}`,
        `the ids ${expected.join(" and ")}`,
        senders.join(" and ") || "an empty inbox",
      );
    },
  ],
  "send-to-oneself": [
    "SND-10",
    "A user's message to itself arrives",
    async (probe) => {
      const { id } = await probe.user();
      await probe.sends({ from: id, to: id, content: CONTENT });
      const came = await probe.receive(id, 1);
      must(came.length === 1, "the message", "an empty inbox");
    },
  ],
  ...each([0, 5, 255], (type) => [
    `send-type-${type}`,
    "SND-5",
    `A message of type ${type} is refused`,
    (probe) => refusedAndGone(probe, { type, content: CONTENT }, false),
  ]),
  "send-refused-type-not-kept": [
    "SND-11",
    "A message that is refused for its type isn't delivered",
    (probe) => refusedAndGone(probe, { type: 9, content: CONTENT }),
  ],
  "send-refused-size-not-kept": [
    "SND-11",
    "A message that is refused for its sizes isn't delivered",
    (probe) => refusedAndGone(probe, { content: CONTENT, contentSize: 63 }),
  ],
  "send-request-with-content": [
    "SND-6",
    "A request for a key with 128 bytes of content arrives with them",
    (probe) => relayed(probe, randomContent(128), 1),
  ],
  ...each(
    [
      ["garbage", 0xcccccccc],
      ["more", SEND_OVERHEAD + 16],
      ["nothing", 0],
    ] as const,
    ([title, payloadSize]) => [
      `send-request-claiming-${title}`,
      "SND-7",
      `A request for a key of 21 bytes is accepted if its header claims ${payloadSize}`,
      async (probe) => {
        const [from, to] = await probe.pair();
        const frame = sendRequest({
          ...{ from: from.id, to: to.id, type: 1, payloadSize },
        });
        const response = await probe.ask(frame, "a response 2103");
        if (response.code === 9000) expectCode(response, 2103);
        await prepare(
          "send a message",
          async () => await Promise.resolve(expectCode(response, 2103)),
        );
      },
    ],
  ),
  ...each(LIES, ([name, about, lie]) => [
    `send-size-${name}`,
    "SND-8",
    `A content size ${about} is refused`,
    (probe) => refusedAndGone(probe, lie, false),
  ]),
  ...each([0, 16, 20], (size) => [
    `send-payload-of-${size}`,
    "REQ-6",
    `A message with ${size} bytes of payload is refused`,
    async (probe) => {
      const { id } = await probe.user();
      await probe.refused(sized("sendMessage", id, size));
    },
  ]),
});

/** Draws random bytes; the first two break texts and C strings. */
function randomContent(size: number): Uint8Array {
  const content = new Uint8Array(size);
  for (let start = 0; start < size; start += 64 * KIB) {
    crypto.getRandomValues(content.subarray(start, start + 64 * KIB));
  }
  content.set([0xff, 0].slice(0, size));
  return content;
}

/** Requires that a content arrives unchanged. */
async function relayed(
  probe: Probe,
  content: Uint8Array,
  type = 3,
): Promise<void> {
  const [from, to] = await probe.pair();
  try {
    await probe.sends({ from: from.id, to: to.id, type, content });
  } catch (error) {
    if (!(error instanceof CheckFailure)) throw error;
    // A content larger than a segment needs several.
    const isCut = content.length > SEGMENT && !(await probe.can("segments"));
    throw isCut
      ? new Unprepared(`${told("segments")}: got ${error.got}`)
      : error;
  }
  await arrivesAs(probe, to, content);
}

async function arrivesAs(
  probe: Probe,
  to: User,
  content: Uint8Array,
): Promise<void> {
  const [message] = await probe.receive(to.id, 1);
  const expected = `${content.length} bytes as they were sent`;
  must(message !== undefined, expected, "an empty inbox");
  const came = message.content;
  must(equals(came, content), expected, () => {
    const at = came.findIndex((byte, index) => byte !== content[index]);
    return at < 0 || at >= content.length
      ? `${came.length} bytes`
      : `${came.length} bytes, others from byte ${at} on`;
  });
}

const rise = (ids: readonly number[]) =>
  ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? id));

async function twelveIds(probe: Probe): Promise<number[]> {
  const [from, to] = await probe.pair();
  const ids: number[] = [];
  for (let sent = 0; sent < 12; sent++) {
    ids.push(await probe.sendsForId({ from: from.id, to: to.id }));
  }
  await probe.receive(to.id, ids.length);
  return ids;
}

/**
 * Sends a message that must be refused.
 *
 * @param look whether the inbox is judged, and not the response
 */
async function refusedAndGone(
  probe: Probe,
  lie: Lie,
  look = true,
): Promise<void> {
  const [from, to] = await probe.pair();
  const frame = sendRequest({ from: from.id, to: to.id, ...lie });
  if (!look) return await probe.refused(frame);
  await prepare("have a message refused", () => probe.refused(frame));
  await nothingFor(probe, to.id);
}

async function nothingFor(probe: Probe, id: ClientId): Promise<void> {
  const came = await probe.receive(id, 1);
  must(
    came.length === 0,
    "an empty inbox",
    formatThings(came.length, "message"),
  );
}
