import type {
  ClientId,
  MessageId,
  MessageType,
} from "../../../shared/wire/protocol.ts";
import {
  answering,
  type Breach,
  type Lie,
  refusing,
  saying,
} from "./breach.ts";
import material from "../material.json" with { type: "json" };
import { ben, clara, dan } from "../people.ts";

const { byOurClient, firstForBen, secondForBen, forClara } = material.encrypted;

const numbered = (id: number) =>
  saying(2103, ({ target }) => ({ target, messageId: id as MessageId }));
const none = saying(2104, () => []);

/** Clara's first message, for every pull. */
function handing(type: MessageType, content: Uint8Array): Lie {
  const messageId = 1 as MessageId;
  const payload = [{ sender: clara.clientId, messageId, type, content }];
  return answering({ code: 2104, payload });
}

/** Messages of another sender. */
function from(sender: ClientId): Lie {
  return saying(
    2104,
    (messages) => messages.map((message) => ({ ...message, sender })),
  );
}

/** What is broken where messages are taken and handed out. */
export const messageBreaches: readonly Breach[] = [
  {
    clause: "SND-2",
    name: "sent-to-another",
    about: "A relay acknowledges a message to Ben with Dan's id.",
    people: [clara, ben, dan],
    talk: (talk) =>
      talk.wantsKey(clara, ben, {
        lie: saying(2103, ({ messageId }) => ({
          target: dan.clientId,
          messageId,
        })),
      }),
  },
  {
    clause: "SND-3",
    name: "sent-to-a-stranger",
    about: "A relay acknowledges a message for an id that isn't registered.",
    people: [clara, dan],
    registered: [clara],
    talk: (talk) =>
      talk.wantsKey(clara, dan, {
        lie: answering({
          code: 2103,
          payload: { target: dan.clientId, messageId: 1 as MessageId },
        }),
      }),
  },
  {
    clause: "SND-4",
    name: "content-changed",
    about: "A relay hands out a key with another last byte than was sent.",
    talk(talk) {
      talk.sendsKey(clara, ben, byOurClient);
      talk.pulls(ben, {
        lie: saying(2104, (messages) =>
          messages.map((message) => ({
            ...message,
            content: message.content.with(-1, 0),
          }))),
      });
    },
  },
  {
    clause: "SND-9",
    name: "sender-changed",
    about: "A relay tells Ben that Dan sent what Clara did.",
    people: [clara, ben, dan],
    talk(talk) {
      talk.wantsKey(clara, ben);
      talk.pulls(ben, { lie: from(dan.clientId) });
    },
  },
  {
    clause: "SND-10",
    name: "message-to-oneself-refused",
    about: "A relay refuses a message of a client for itself.",
    people: [clara],
    talk: (talk) =>
      talk.wantsKey(clara, clara, { lie: refusing, forgets: true }),
  },
  {
    clause: "SND-11",
    name: "refused-message-kept",
    about: "A relay refuses a message, and hands it out all the same.",
    talk(talk) {
      talk.wantsKey(clara, ben, { lie: refusing });
      talk.pulls(ben);
    },
  },
  {
    clause: "SND-13",
    name: "message-id-given-twice",
    about: "A relay gives two messages of an inbox the same id.",
    talk(talk) {
      talk.wantsKey(clara, ben);
      talk.wantsKey(clara, ben, { lie: numbered(1) });
    },
  },
  {
    clause: "SND-14",
    name: "message-ids-fall",
    about: "A relay gives the second message of an inbox a lower id.",
    talk(talk) {
      talk.wantsKey(clara, ben, { lie: numbered(5) });
      talk.wantsKey(clara, ben, { lie: numbered(4) });
    },
  },
  {
    clause: "SND-15",
    name: "type-changed",
    about: "A relay hands a text out as a file.",
    talk(talk) {
      talk.sendsKey(clara, ben, byOurClient);
      talk.pulls(ben);
      talk.sendsText(clara, ben, "Hello");
      talk.pulls(ben, {
        lie: saying(
          2104,
          (messages) => messages.map((message) => ({ ...message, type: 4 })),
        ),
      });
    },
  },
];

/** What is broken by which messages an answer has. */
export const inboxBreaches: readonly Breach[] = [
  {
    clause: "PUL-2",
    name: "empty-inbox-refused",
    about: "A relay answers 9000 where no message waits.",
    talk: (talk) => talk.pulls(ben, { lie: refusing }),
  },
  {
    clause: "PUL-3",
    name: "newest-first",
    about: "A relay hands out the newest message first.",
    people: [clara, ben, dan],
    talk(talk) {
      talk.wantsKey(clara, ben);
      talk.wantsKey(dan, ben);
      talk.pulls(ben, {
        lie: saying(2104, (messages) => messages.toReversed()),
      });
    },
  },
  {
    clause: "PUL-4",
    name: "handed-out-again",
    about: "A relay hands a message out again after it was taken.",
    talk(talk) {
      talk.wantsKey(clara, ben);
      talk.pulls(ben, { on: 2 });
      talk.pulls(ben, {
        on: 2,
        lie: handing(1, new Uint8Array(0)),
      });
    },
  },
  {
    clause: "PUL-5",
    name: "handed-to-another",
    about: "A relay hands Dan a message that is Ben's.",
    people: [clara, ben, dan],
    talk(talk) {
      talk.sendsKey(clara, ben, byOurClient);
      talk.pulls(dan, {
        lie: handing(2, Uint8Array.fromHex(byOurClient.content)),
      });
    },
  },
  {
    clause: "PUL-7",
    name: "rest-lost",
    about: "A relay hands out the first of two messages, and never the other.",
    people: [clara, ben, dan],
    talk(talk) {
      talk.wantsKey(clara, ben);
      talk.wantsKey(dan, ben);
      talk.pulls(ben, {
        on: 3,
        lie: saying(2104, (messages) => messages.slice(0, 1)),
      });
      talk.pulls(ben, { on: 3, lie: none });
    },
  },
  {
    clause: "DLV-1",
    name: "message-lost",
    about: "A relay acknowledges a message, and never hands it out.",
    talk(talk) {
      talk.wantsKey(clara, ben);
      talk.pulls(ben, { lie: none });
    },
  },
];

/** What is broken between two clients. */
export const keyBreaches: readonly Breach[] = [
  {
    clause: "RSA-1",
    name: "key-for-another",
    about:
      "Clara sends Ben a key that is encrypted for herself; what she writes then he can't read.",
    talk(talk) {
      talk.sendsKey(clara, ben, forClara);
      talk.sendsText(clara, ben, "Hello");
      talk.pulls(ben);
    },
  },
  {
    clause: "MSG-5",
    name: "older-key-used",
    about: "Clara sends Ben a second key, and then a text under the first one.",
    talk(talk) {
      talk.sendsKey(clara, ben, firstForBen);
      talk.sendsKey(clara, ben, secondForBen);
      talk.sendsText(clara, ben, "under the first key", {
        key: firstForBen.key,
      });
      talk.pulls(ben);
    },
  },
];
