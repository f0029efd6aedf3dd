/** Mistakes with messages that wait: what is handed out, and what is left. */

import type { Budget, ClientId, StoredMessage } from "../../../server/mod.ts";
import { requestHeaderAt } from "../../../shared/wire/frames.ts";
import { WAITING_OVERHEAD } from "../../../shared/wire/protocol.ts";
import { ERROR_CODE } from "../../../shared/wire/requests.ts";
import { eachWaiting, onAnswer, refuseMarked } from "../hooks.ts";
import type { Faults } from "../fault.ts";
import { sendingBy, StoreAround } from "../store_around.ts";
import {
  DeletesFirst,
  DeletesSent,
  EmptiedByName,
  Inboxes,
  LosesTheRest,
  OneEach,
  sameId,
} from "../wrong_inboxes.ts";
import { PULL } from "../../../kit/requests.ts";

const MIB = 1024 * 1024;

export const pulling = {
  "pull-sizes-big-endian": {
    about: "The sizes of pulled contents are in network order",
    clauses: ["FRM-1"],
    fails: ["response-integers"],
    frames: onAnswer(PULL, (answer) => {
      eachWaiting(answer, (message) => {
        message.setUint32(21, message.getUint32(21, true));
      });
    }),
  },
  "empty-inbox-refused": {
    about: "A pull of an empty inbox is answered with 9000",
    clauses: ["PUL-2"],
    fails: ["pull-empty"],
    frames: onAnswer(PULL, (answer) => {
      if (answer.payload.length === 0) answer.code = ERROR_CODE;
    }),
  },
  "newest-first": {
    about: "Messages come newest first",
    clauses: ["PUL-3"],
    fails: ["pull-oldest-first", "pull-oldest-first-of-two"],
    store: (inner) =>
      new class extends StoreAround {
        override async waiting(
          recipient: ClientId,
          budget: Budget,
        ): Promise<StoredMessage[]> {
          return (await super.waiting(recipient, budget)).reverse();
        }
      }(inner),
  },
  "never-deletes": {
    about: "What was taken stays and comes again",
    clauses: ["PUL-4"],
    fails: [
      "pull-once",
      "pull-new-ones-alone",
      "pull-then-request",
      "pull-then-end",
    ],
    store: (inner) =>
      new class extends StoreAround {
        override async delete(): Promise<void> {}
      }(inner),
  },
  "copy-for-sender": {
    about: "A pull hands out what its client has sent as well",
    clauses: ["PUL-5"],
    fails: ["pull-by-sender"],
    store: sendingBy(async (message, keep) => {
      const sent = await keep(message);
      const { sender, recipient } = message;
      if ("id" in sent && !sameId(sender, recipient)) {
        await keep({ ...message, recipient: sender });
      }
      return sent;
    }),
  },
  "answers-without-limit": {
    about: "A pull hands out all that waits in one answer",
    clauses: ["PUL-6"],
    fails: ["pull-slices"],
    store: (inner) =>
      new class extends Inboxes {
        override waiting(recipient: ClientId): Promise<StoredMessage[]> {
          return this.whole(recipient, { bytes: Infinity, perMessage: 0 });
        }
      }(inner),
  },
  "one-message-a-pull": {
    about: "A pull hands out a message and deletes all",
    clauses: ["DLV-1", "PUL-7"],
    fails: ["pull-several", "many-senders"],
    store: (inner) => new LosesTheRest(inner, (all) => all.slice(0, 1)),
  },
  "rest-of-inbox-lost": {
    about: "What doesn't fit into an answer of 1 MiB is deleted",
    clauses: ["PUL-7"],
    fails: ["pull-rest-later", "pull-larger-than-a-response"],
    store: (inner) =>
      new LosesTheRest(inner, (all) => {
        let left = MIB;
        return all.filter(({ size }, index) => {
          left -= size + WAITING_OVERHEAD;
          return index === 0 || left >= 0;
        });
      }),
  },
  "answer-cut-at-1-mib": {
    about: "An answer is cut behind 1 MiB, in the middle of a message",
    clauses: ["SND-12"],
    fails: ["send-1-mib", "send-5-mib", "pull-larger-than-a-response"],
    frames: onAnswer(PULL, (answer) => {
      answer.payload = answer.payload.slice(0, MIB);
    }),
  },
  "one-message-an-inbox": {
    about: "A new message takes the place of the one that waits",
    clauses: ["DLV-1"],
    fails: ["pull-several", "many-senders"],
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
    fails: ["kept-over-other-requests"],
    inject: () => ({ store: (inner) => new DeletesSent(inner) }),
  },
  "refused-pull-takes": {
    about: "A pull that is refused for its payload takes the messages",
    clauses: ["DLV-1"],
    fails: ["pull-with-payload-keeps"],
    frames: {
      request: (asked) => {
        const { kind, header, head, payload } = asked;
        if (kind !== PULL || payload.length === 0) return;
        asked.marked = true;
        return requestHeaderAt(head).encode({ ...header, payloadSize: 0 });
      },
      answer: refuseMarked,
    },
  },
  "deletes-before-sending": {
    about: "Messages are deleted before they are on their way",
    clauses: ["DLV-2"],
    fails: ["pull-breaks-early", "pull-breaks-unread", "pull-breaks-large"],
    inject: () => ({ store: (inner) => new DeletesFirst(inner) }),
  },
} as const satisfies Faults;
