/** Mistakes with messages: what is taken, kept and handed out. */

import { concat } from "@std/bytes";
import type {
  Budget,
  ClientId,
  MessageId,
  NewClient,
  NewMessage,
  Quota,
  SendRefusal,
  Store,
  StoredMessage,
} from "../../../../server/mod.ts";
import {
  CLIENT_ID_SIZE,
  isMessageType,
  MAX_MESSAGE_ID,
  MessageType,
  ResponseCode,
  SEND_OVERHEAD,
  WAITING_OVERHEAD,
} from "../../../../shared/protocol.ts";
import { runsOf } from "../../../../server/store/id_runs.ts";
import { requestHeaderAt } from "../../../../shared/requests.ts";
import type { Answer, Asked, Hooks } from "../altered_line.ts";
import type { Faults } from "../fault.ts";
import { refused, refuseMarked } from "../refusal.ts";
import { StoreAround } from "../store_around.ts";

const MIB = 1024 * 1024;

const failed = ({ code }: Answer) => code === ResponseCode.Error;

/** Changes messages before they are kept. */
function keeping(
  change: (message: NewMessage) => Partial<NewMessage>,
): (inner: Store) => Store {
  return (inner) =>
    new class extends StoreAround {
      override send(
        message: NewMessage,
        quota: Quota,
      ): Promise<MessageId | SendRefusal> {
        return super.send({ ...message, ...change(message) }, quota);
      }
    }(inner);
}

/** Where messages are looked at before they are handed out. */
class Inboxes extends StoreAround {
  /** The oldest messages, with all of their contents. */
  async whole(recipient: ClientId, budget: Budget): Promise<StoredMessage[]> {
    const messages = await super.waiting(recipient, budget);
    return await Promise.all(messages.map(async (message) => {
      const { content, size } = message;
      if (content.length === size) return message;
      const pieces = [content];
      for await (const piece of super.rest(recipient, message)) {
        pieces.push(piece);
      }
      return { ...message, content: concat(pieces) };
    }));
  }

  /** Deletes messages at once. */
  async drop(
    recipient: ClientId,
    messages: readonly StoredMessage[],
  ): Promise<void> {
    await super.remove(recipient, {
      runs: runsOf(messages.map(({ id }) => id)),
      bytes: messages.reduce((sum, { size }) => sum + size, 0),
    });
  }
}

/** Deletes messages before they are on their way. */
class DeletesFirst extends Inboxes {
  override async waiting(
    recipient: ClientId,
    budget: Budget,
  ): Promise<StoredMessage[]> {
    const messages = await this.whole(recipient, budget);
    await this.drop(recipient, messages);
    return messages;
  }

  override async remove(): Promise<void> {}
}

/** Deletes all of an inbox and hands out less. */
class LosesTheRest extends Inboxes {
  readonly #handsOut: (messages: StoredMessage[]) => StoredMessage[];

  constructor(
    inner: Store,
    handsOut: (messages: StoredMessage[]) => StoredMessage[],
  ) {
    super(inner);
    this.#handsOut = handsOut;
  }

  override async waiting(
    recipient: ClientId,
    budget: Budget,
  ): Promise<StoredMessage[]> {
    const all = await super.waiting(recipient, { ...budget, bytes: Infinity });
    const handedOut = this.#handsOut(all);
    await this.drop(
      recipient,
      all.filter((message) => !handedOut.includes(message)),
    );
    return handedOut;
  }
}

/** Empties an inbox where somebody tries to register under its owner's name. */
class EmptiedByName extends Inboxes {
  readonly #owners = new Map<string, ClientId>();

  override async register(client: NewClient, now: Date): Promise<boolean> {
    if (await super.register(client, now)) {
      this.#owners.set(client.name, client.id.slice() as ClientId);
      return true;
    }
    const owner = this.#owners.get(client.name);
    if (owner === undefined) return false;
    const all = { bytes: Infinity, perMessage: 0 };
    await this.drop(owner, await super.waiting(owner, all));
    return false;
  }
}

/** Deletes what a client has sent when it pulls. */
class DeletesSent extends Inboxes {
  readonly #recipients = new Map<string, ClientId[]>();

  override async send(
    message: NewMessage,
    quota: Quota,
  ): Promise<MessageId | SendRefusal> {
    const sender = message.sender.toHex();
    const recipients = this.#recipients.get(sender) ?? [];
    recipients.push(message.recipient.slice() as ClientId);
    this.#recipients.set(sender, recipients);
    return await super.send(message, quota);
  }

  override async waiting(
    recipient: ClientId,
    budget: Budget,
  ): Promise<StoredMessage[]> {
    const messages = await super.waiting(recipient, budget);
    const all = { bytes: Infinity, perMessage: 0 };
    const recipients = this.#recipients.get(recipient.toHex()) ?? [];
    this.#recipients.delete(recipient.toHex());
    for (const other of recipients) {
      if (sameId(other, recipient)) continue;
      const waiting = await super.waiting(other, all);
      await this.drop(
        other,
        waiting.filter(({ sender }) => sameId(sender, recipient)),
      );
    }
    return messages;
  }
}

/** A new message takes the place of the one that waits. */
class OneEach extends Inboxes {
  #last: Promise<unknown> = Promise.resolve();

  override send(
    message: NewMessage,
    quota: Quota,
  ): Promise<MessageId | SendRefusal> {
    const sent = this.#last.then(() => this.#replace(message, quota));
    this.#last = sent.catch(() => {});
    return sent;
  }

  async #replace(
    message: NewMessage,
    quota: Quota,
  ): Promise<MessageId | SendRefusal> {
    const waiting = await super.waiting(message.recipient, {
      bytes: Infinity,
      perMessage: 0,
    });
    const id = await super.send(message, quota);
    await this.drop(message.recipient, waiting);
    return id;
  }
}

/** Calls each message of an answer to a pull by its offset in the payload. */
function eachWaiting(
  { payload }: Answer,
  change: (message: DataView, index: number) => void,
): void {
  const view = new DataView(payload.buffer, payload.byteOffset);
  for (let at = 0, index = 0; at < payload.length; index++) {
    const size = WAITING_OVERHEAD + view.getUint32(at + 21, true);
    change(new DataView(payload.buffer, payload.byteOffset + at, size), index);
    at += size;
  }
}

/** Changes what answers one kind of request, unless it is a failure. */
function onAnswer(
  kind: Asked["kind"],
  change: (answer: Answer, asked: Asked) => Uint8Array | void,
): Hooks {
  return {
    answer(answer, asked) {
      if (asked.kind === kind && !failed(answer)) return change(answer, asked);
    },
  };
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
      if (kind === "waitingMessages") eachWaiting(answer, changeAt);
    },
  });
}

const typeAt = CLIENT_ID_SIZE;
const sizeAt = CLIENT_ID_SIZE + 1;

export const messages = {
  "send-answered-without-id": {
    about: "A 2103 has the target alone",
    clauses: ["SND-2"],
    fails: [
      "send-acknowledged",
      "send-id-kept",
      "send-ids-differ",
      "send-ids-rise",
      "many-senders-ids",
    ],
    inject: () => ({
      frames: () =>
        onAnswer("sendMessage", (answer) => {
          answer.payload = answer.payload.slice(0, CLIENT_ID_SIZE);
        }),
    }),
  },
  "send-answered-with-sender": {
    about: "A 2103 has the sender in the target's place",
    clauses: ["SND-2"],
    fails: ["send-acknowledged"],
    inject: () => ({
      frames: () =>
        onAnswer("sendMessage", ({ payload }, { header }) => {
          payload.set(header.clientId);
        }),
    }),
  },
  "message-id-big-endian": {
    about: "The message id in a 2103 is in network order",
    clauses: ["FRM-1", "SND-15"],
    fails: ["send-id-kept"],
    inject: () => ({
      frames: () =>
        onAnswer("sendMessage", ({ payload }) => {
          payload.subarray(CLIENT_ID_SIZE).reverse();
        }),
    }),
  },
  "message-ids-all-1": {
    about: "Every message has the id 1",
    clauses: ["SND-13"],
    fails: ["send-ids-differ", "send-ids-rise", "many-senders-ids"],
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
    inject: () => ({
      frames: () =>
        onAnswer("waitingMessages", (answer) => {
          eachWaiting(answer, (message, index) => {
            message.setUint32(16, 1000 + index, true);
          });
        }),
    }),
  },
  "types-lost": {
    about: "Every message is handed out as a text",
    clauses: ["SND-15"],
    fails: ["send-types-kept"],
    inject: () => ({ store: keeping(() => ({ type: MessageType.Text })) }),
  },
  "message-for-nobody-taken": {
    about: "A message for an unknown client is acknowledged",
    clauses: ["SND-3"],
    fails: ["send-to-unknown"],
    inject: () => ({
      store: (inner) =>
        new class extends StoreAround {
          override async send(
            message: NewMessage,
            quota: Quota,
          ): Promise<MessageId | SendRefusal> {
            const sent = await super.send(message, quota);
            return sent === "unknown_target" ? 1 as MessageId : sent;
          }
        }(inner),
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
    inject: () => ({
      store: keeping(({ content }) => ({ content: content.subarray(0, 1024) })),
    }),
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
    inject: () => ({
      store: keeping(({ content }) => {
        const end = content.indexOf(0);
        return end < 0 ? {} : { content: content.subarray(0, end) };
      }),
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
    inject: () => ({
      store: keeping(({ content }) => ({
        content: new TextEncoder().encode(new TextDecoder().decode(content)),
      })),
    }),
  },
  "any-type-taken": {
    about: "A message of any type is taken",
    clauses: ["SND-5"],
    fails: ["send-type-0", "send-type-5", "send-type-255"],
    inject: () => ({
      frames: () =>
        onSend((_asked, fields) => {
          if (!isMessageType(fields.getUint8(typeAt))) {
            fields.setUint8(typeAt, MessageType.Text);
          }
        }),
    }),
  },
  "refused-message-kept": {
    about: "A message that is refused for its type or size is kept",
    clauses: ["SND-11"],
    fails: ["send-refused-type-not-kept", "send-refused-size-not-kept"],
    inject: () => ({
      frames: () => ({
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
      }),
    }),
  },
  "key-request-emptied": {
    about: "The content of a type 1 is dropped",
    clauses: ["SND-6"],
    fails: ["send-request-with-content"],
    inject: () => ({
      store: keeping(({ type }) =>
        type === MessageType.KeyRequest ? { content: new Uint8Array(0) } : {}
      ),
    }),
  },
  "empty-key-request-waits": {
    about: "A type 1 of size 0 is waited for as far as its header says",
    clauses: ["SND-7"],
    fails: ["send-request-claiming-more", "send-request-claiming-nothing"],
    inject: () => ({
      frames: () => ({ payloadSize: (_kind, claim) => claim }),
    }),
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
    inject: () => ({
      frames: () =>
        onSend(({ payload }, fields) => {
          fields.setUint32(sizeAt, payload.length - SEND_OVERHEAD, true);
        }),
    }),
  },
  "sender-of-the-connection": {
    about: "Whoever asked first on a connection is who asks for good",
    clauses: ["REQ-10"],
    fails: [
      "send-from-each",
      "header-says-who",
      "pipelined-with-failure",
      "read-past-unknown-client",
      "open-after-unknown-client",
    ],
    inject: () => ({
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
    }),
  },
  "recipient-for-sender": {
    about: "A pulled message has its recipient in the sender's place",
    clauses: ["SND-9", "PUL-1"],
    fails: ["send-from-header", "send-from-each", "pull-one"],
    inject: () => ({
      frames: () =>
        onAnswer("waitingMessages", (answer, { header }) => {
          eachWaiting(answer, (message) => {
            new Uint8Array(message.buffer, message.byteOffset)
              .set(header.clientId);
          });
        }),
    }),
  },
  "message-to-oneself-refused": {
    about: "A client can't write to itself",
    clauses: ["SND-10"],
    fails: ["send-to-oneself"],
    inject: () => ({
      frames: () =>
        onSend((asked) => {
          const { payload, header } = asked;
          const target = payload.subarray(0, CLIENT_ID_SIZE).toHex();
          return target === header.clientId.toHex()
            ? refused(asked)
            : undefined;
        }),
    }),
  },
  "large-content-refused": {
    about: "A content of more than 64 KiB is refused",
    clauses: ["SND-12"],
    fails: ["send-1-mib", "send-5-mib"],
    inject: () => ({
      store: (inner) =>
        new class extends StoreAround {
          override async send(
            message: NewMessage,
            quota: Quota,
          ): Promise<MessageId | SendRefusal> {
            return message.content.length > 64 * 1024
              ? "inbox_full"
              : await super.send(message, quota);
          }
        }(inner),
    }),
  },
  "pull-sizes-big-endian": {
    about: "The sizes of pulled contents are in network order",
    clauses: ["FRM-1", "PUL-1"],
    fails: ["pull-one", "pull-several", "answer-integers"],
    inject: () => ({
      frames: () =>
        onAnswer("waitingMessages", (answer) => {
          eachWaiting(answer, (message) => {
            message.setUint32(21, message.getUint32(21, true));
          });
        }),
    }),
  },
  "empty-inbox-refused": {
    about: "A pull of an empty inbox is answered with 9000",
    clauses: ["PUL-2"],
    fails: [
      "send-refused-type-not-kept",
      "send-refused-size-not-kept",
      "pull-empty",
      "pull-once",
      "pull-by-sender",
      "pull-by-another",
      "pull-slices",
      "pull-rest-later",
      "pull-then-request",
      "pull-then-end",
      "header-says-who",
      "connection-of-a-whole-talk",
      "cut-off-message",
    ],
    inject: () => ({
      frames: () =>
        onAnswer("waitingMessages", (answer) => {
          if (answer.payload.length === 0) answer.code = ResponseCode.Error;
        }),
    }),
  },
  "newest-first": {
    about: "Messages come newest first",
    clauses: ["PUL-3"],
    fails: ["pull-oldest-first", "pull-oldest-first-of-two"],
    inject: () => ({
      store: (inner) =>
        new class extends StoreAround {
          override async waiting(
            recipient: ClientId,
            budget: Budget,
          ): Promise<StoredMessage[]> {
            return (await super.waiting(recipient, budget)).reverse();
          }
        }(inner),
    }),
  },
  "never-deletes": {
    about: "What was taken stays and comes again",
    clauses: ["PUL-4"],
    fails: [
      "pull-once",
      "pull-new-ones-alone",
      "pull-rest-later",
      "pull-larger-than-an-answer",
      "pull-then-request",
      "pull-then-end",
    ],
    inject: () => ({
      store: (inner) =>
        new class extends StoreAround {
          override async remove(): Promise<void> {}
        }(inner),
    }),
  },
  "copy-for-sender": {
    about: "A pull hands out what its client has sent as well",
    clauses: ["PUL-5"],
    fails: ["pull-by-sender", "header-says-who"],
    inject: () => ({
      store: (inner) =>
        new class extends StoreAround {
          override async send(
            message: NewMessage,
            quota: Quota,
          ): Promise<MessageId | SendRefusal> {
            const id = await super.send(message, quota);
            const { sender, recipient } = message;
            if (typeof id !== "string" && !sameId(sender, recipient)) {
              await super.send({ ...message, recipient: sender }, quota);
            }
            return id;
          }
        }(inner),
    }),
  },
  "answers-without-limit": {
    about: "A pull hands out all that waits in one answer",
    clauses: ["PUL-6"],
    fails: ["pull-slices"],
    inject: () => ({
      store: (inner) =>
        new class extends Inboxes {
          override waiting(recipient: ClientId): Promise<StoredMessage[]> {
            return this.whole(recipient, { bytes: Infinity, perMessage: 0 });
          }
        }(inner),
    }),
  },
  "one-message-a-pull": {
    about: "A pull hands out a message and deletes all",
    clauses: ["DLV-1", "PUL-7"],
    fails: [
      "send-types-kept",
      "send-from-each",
      "pull-several",
      "pull-oldest-first",
      "pull-oldest-first-of-two",
      "pull-rest-later",
      "pull-larger-than-an-answer",
      "pull-breaks-early",
      "pipelined-messages",
      "many-senders",
    ],
    inject: () => ({
      store: (inner) => new LosesTheRest(inner, (all) => all.slice(0, 1)),
    }),
  },
  "rest-of-inbox-lost": {
    about: "What doesn't fit into an answer of 1 MiB is deleted",
    clauses: ["PUL-7"],
    fails: ["pull-rest-later", "pull-larger-than-an-answer"],
    inject: () => ({
      store: (inner) =>
        new LosesTheRest(inner, (all) => {
          let left = MIB;
          return all.filter(({ size }, index) => {
            left -= size + WAITING_OVERHEAD;
            return index === 0 || left >= 0;
          });
        }),
    }),
  },
  "answer-cut-at-1-mib": {
    about: "An answer is cut behind 1 MiB, in the middle of a message",
    clauses: ["SND-12"],
    fails: ["send-1-mib", "send-5-mib", "pull-larger-than-an-answer"],
    inject: () => ({
      frames: () =>
        onAnswer("waitingMessages", (answer) => {
          answer.payload = answer.payload.slice(0, MIB);
        }),
    }),
  },
  "one-message-an-inbox": {
    about: "A new message takes the place of the one that waits",
    clauses: ["DLV-1"],
    fails: [
      "send-types-kept",
      "send-from-each",
      "pull-several",
      "pull-oldest-first",
      "pull-oldest-first-of-two",
      "pull-rest-later",
      "pull-larger-than-an-answer",
      "pull-breaks-early",
      "pipelined-messages",
      "many-senders",
    ],
    inject: () => ({ store: (inner) => new OneEach(inner) }),
  },
  "refused-registration-empties": {
    about: "A registration under a taken name empties its owner's inbox",
    clauses: ["DLV-1"],
    fails: ["kept-over-registration"],
    inject: () => ({ store: (inner) => new EmptiedByName(inner) }),
  },
  "pull-deletes-sent": {
    about: "A pull deletes what its client has sent",
    clauses: ["DLV-1"],
    fails: ["kept-over-other-requests", "header-says-who"],
    inject: () => ({ store: (inner) => new DeletesSent(inner) }),
  },
  "refused-pull-takes": {
    about: "A pull that is refused for its payload takes the messages",
    clauses: ["DLV-1"],
    fails: ["pull-with-payload-keeps"],
    inject: () => ({
      frames: () => ({
        request: (asked) => {
          const { kind, header, head, payload } = asked;
          if (kind !== "waitingMessages" || payload.length === 0) return;
          asked.marked = true;
          return requestHeaderAt(head).encode({ ...header, payloadSize: 0 });
        },
        answer: refuseMarked,
      }),
    }),
  },
  "deletes-before-sending": {
    about: "Messages are deleted before they are on their way",
    clauses: ["DLV-2"],
    fails: ["pull-breaks-early", "pull-breaks-unread", "pull-breaks-large"],
    inject: () => ({ store: (inner) => new DeletesFirst(inner) }),
  },
} as const satisfies Faults;

function sameId(one: ClientId, other: ClientId): boolean {
  return one.toHex() === other.toHex();
}
