/** Mistakes with messages on their way to an inbox: what is taken and kept. */

import type { MessageId, NewMessage, Store } from "../../../server/mod.ts";
import {
  CLIENT_ID_SIZE,
  isMessageType,
  MAX_MESSAGE_ID,
  MessageType,
  SEND_OVERHEAD,
} from "../../../shared/wire/protocol.ts";
import type { Asked, Hooks } from "../altered_line.ts";
import {
  eachWaiting,
  failed,
  onAnswer,
  refused,
  refuseMarked,
} from "../hooks.ts";
import type { Faults } from "../fault.ts";
import { sendingBy } from "../store_around.ts";
import { PULL } from "../../../kit/requests.ts";

/** Changes messages before they are kept. */
function keeping(
  change: (message: NewMessage) => Partial<NewMessage>,
): (inner: Store) => Store {
  return sendingBy((message, keep) => keep({ ...message, ...change(message) }));
}

/** Changes 603s on their way to the relay that have all of their fields. */
function onSend(
  change: (asked: Asked, fields: DataView) => Uint8Array | void,
): Hooks {
  return {
    request(asked) {
      const { kind, payload } = asked;
      if (kind !== "sendMessage" || payload.length < SEND_OVERHEAD) return;
      return change(asked, new DataView(payload.buffer, payload.byteOffset));
    },
  };
}

/** Changes the ids of messages, in the answer to a 603 and in that to a 604. */
function changingIds(change: (id: number) => number): () => Hooks {
  return () => ({
    answer(answer, { kind }) {
      if (failed(answer)) return;
      const changeAt = (view: DataView) =>
        view.setUint32(16, change(view.getUint32(16, true)), true);
      if (kind === "sendMessage") changeAt(new DataView(answer.payload.buffer));
      if (kind === PULL) eachWaiting(answer, changeAt);
    },
  });
}

const typeAt = CLIENT_ID_SIZE;
const sizeAt = CLIENT_ID_SIZE + 1;

export const sending = {
  "send-answered-without-id": {
    about: "A 2103 has the target alone",
    clauses: ["SND-2"],
    fails: ["send-acknowledged"],
    frames: onAnswer("sendMessage", (answer) => {
      answer.payload = answer.payload.slice(0, CLIENT_ID_SIZE);
    }),
  },
  "send-answered-with-sender": {
    about: "A 2103 has the sender in the target's place",
    clauses: ["SND-2"],
    fails: ["send-acknowledged"],
    frames: onAnswer("sendMessage", ({ payload }, { header }) => {
      payload.set(header.clientId);
    }),
  },
  "message-id-big-endian": {
    about: "The message id in a 2103 is in network order",
    clauses: ["FRM-1"],
    fails: ["response-integers"],
    frames: onAnswer("sendMessage", ({ payload }) => {
      payload.subarray(CLIENT_ID_SIZE).reverse();
    }),
  },
  "message-ids-all-1": {
    about: "Every message has the id 1",
    clauses: ["SND-13"],
    fails: ["send-ids-differ", "many-senders-ids"],
    inject: () => ({ frames: changingIds(() => 1) }),
  },
  "message-ids-fall": {
    about: "Message ids count down",
    clauses: ["SND-14"],
    fails: ["send-ids-rise"],
    inject: () => ({ frames: changingIds((id) => MAX_MESSAGE_ID - id) }),
  },
  "message-ids-of-the-answer": {
    about: "A pulled message has its place in the answer for an id",
    clauses: ["SND-15"],
    fails: ["send-id-kept"],
    frames: onAnswer(PULL, (answer) => {
      eachWaiting(answer, (message, index) => {
        message.setUint32(16, 1000 + index, true);
      });
    }),
  },
  "types-lost": {
    about: "Every message is handed out as a text",
    clauses: ["SND-15"],
    fails: ["send-types-kept"],
    inject: () => ({ store: keeping(() => ({ type: MessageType.Text })) }),
  },
  "message-for-unknown-taken": {
    about: "A message for an unknown client is acknowledged",
    clauses: ["SND-3"],
    fails: ["send-to-unknown"],
    store: sendingBy(async (message, keep) => {
      const sent = await keep(message);
      const isUnknown = "refused" in sent &&
        sent.refused === "unknown_target";
      return isUnknown ? { id: 1 as MessageId } : sent;
    }),
  },
  "content-cut-at-1024": {
    about: "A content is cut behind 1024 bytes",
    clauses: ["SND-4"],
    fails: [
      "send-5-kib",
      "send-64-kib",
      "send-1-mib",
      "send-5-mib",
      "segments-of-a-message",
    ],
    store: keeping(({ content }) => ({ content: content.subarray(0, 1024) })),
  },
  "content-cut-at-zero": {
    about: "A content is kept as a C string",
    clauses: ["SND-4"],
    fails: [
      "send-every-byte",
      "send-1-kib",
      "send-5-kib",
      "send-64-kib",
      "send-1-mib",
      "send-5-mib",
      "send-request-with-content",
    ],
    store: keeping(({ content }) => {
      const end = content.indexOf(0);
      return end < 0 ? {} : { content: content.subarray(0, end) };
    }),
  },
  "content-kept-as-text": {
    about: "A content is kept as a text of UTF-8",
    clauses: ["SND-4"],
    fails: [
      "send-every-byte",
      "send-1-byte",
      "send-1-kib",
      "send-5-kib",
      "send-64-kib",
      "send-1-mib",
      "send-5-mib",
      "send-request-with-content",
    ],
    store: keeping(({ content }) => ({
      content: new TextEncoder().encode(new TextDecoder().decode(content)),
    })),
  },
  "any-type-taken": {
    about: "A message of any type is taken",
    clauses: ["SND-5"],
    fails: ["send-type-0", "send-type-5", "send-type-255"],
    frames: onSend((_asked, fields) => {
      if (!isMessageType(fields.getUint8(typeAt))) {
        fields.setUint8(typeAt, MessageType.Text);
      }
    }),
  },
  "refused-message-kept": {
    about: "A message that is refused for its type or size is kept",
    clauses: ["SND-11"],
    fails: ["send-refused-type-not-kept", "send-refused-size-not-kept"],
    frames: {
      ...onSend((asked, fields) => {
        const size = asked.payload.length - SEND_OVERHEAD;
        const isRight = isMessageType(fields.getUint8(typeAt)) &&
          fields.getUint32(sizeAt, true) === size;
        if (isRight) return;
        fields.setUint8(typeAt, MessageType.Text);
        fields.setUint32(sizeAt, size, true);
        asked.marked = true;
      }),
      answer: refuseMarked,
    },
  },
  "key-request-emptied": {
    about: "The content of a type 1 is dropped",
    clauses: ["SND-6"],
    fails: ["send-request-with-content"],
    store: keeping(({ type }) =>
      type === MessageType.KeyRequest ? { content: new Uint8Array(0) } : {}
    ),
  },
  "empty-key-request-waits": {
    about: "A type 1 of size 0 is waited for as far as its header says",
    clauses: ["SND-7"],
    isSilent: true,
    fails: ["send-request-claiming-more", "send-request-claiming-nothing"],
    frames: { payloadSize: (_kind, claim) => claim },
  },
  "content-size-believed": {
    about: "A content size that can't be is made to fit",
    clauses: ["SND-8"],
    fails: [
      "send-size-lies-above",
      "send-size-lies-below",
      "send-size-lies-zero",
      "send-size-lies-hugely",
    ],
    frames: onSend(({ payload }, fields) => {
      fields.setUint32(sizeAt, payload.length - SEND_OVERHEAD, true);
    }),
  },
  "sender-of-the-connection": {
    about:
      "The first requester on a connection counts as that of all later requests",
    clauses: ["REQ-10"],
    fails: ["header-says-who"],
    frames: () => {
      let first: Uint8Array | undefined;
      return {
        request: ({ kind, head }) => {
          if (kind === "register") return;
          first ??= head.slice(0, CLIENT_ID_SIZE);
          head.set(first);
        },
      };
    },
  },
  "recipient-for-sender": {
    about: "A pulled message has its recipient in the sender's place",
    clauses: ["SND-9", "PUL-1"],
    fails: ["send-from-header", "send-from-each", "pull-one"],
    frames: onAnswer(PULL, (answer, { header }) => {
      eachWaiting(answer, (message) => {
        new Uint8Array(message.buffer, message.byteOffset)
          .set(header.clientId);
      });
    }),
  },
  "message-to-oneself-refused": {
    about: "A client can't write to itself",
    clauses: ["SND-10"],
    fails: ["send-to-oneself"],
    frames: onSend((asked) => {
      const { payload, header } = asked;
      const target = payload.subarray(0, CLIENT_ID_SIZE).toHex();
      return target === header.clientId.toHex() ? refused(asked) : undefined;
    }),
  },
  "large-content-refused": {
    about: "A content of more than 64 KiB is refused",
    clauses: ["SND-12"],
    fails: ["send-1-mib", "send-5-mib"],
    store: sendingBy(async (message, keep) =>
      message.content.length > 64 * 1024
        ? { refused: "inbox_full" }
        : await keep(message)
    ),
  },
} as const satisfies Faults;
