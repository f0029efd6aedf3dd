/** Mistakes in headers, and in how requests are cut. */

import { concat } from "@std/bytes";
import { requestHeaderAt } from "../../../shared/wire/frames.ts";
import {
  type ClientId,
  MessageType,
  PUBLIC_KEY_SIZE,
  RESPONSE_HEADER_SIZE,
  SEND_OVERHEAD,
} from "../../../shared/wire/protocol.ts";
import { requestCodecs } from "../../../shared/wire/requests.ts";
import { samplePayload } from "../../harness/sample_payload.ts";
import { type Answer, type Asked, encodeAnswer } from "../altered_line.ts";
import { failed, onAnswer, refused } from "../hooks.ts";
import type { Faults } from "../fault.ts";
import { PULL } from "../../../kit/requests.ts";

/** The bytes of an answer with its header's two integers changed. */
function withHeader(
  answer: Answer,
  change: (header: DataView, size: number) => void,
): Uint8Array {
  const bytes = encodeAnswer(answer);
  change(
    new DataView(bytes.buffer, 0, RESPONSE_HEADER_SIZE),
    answer.payload.length,
  );
  return bytes;
}

/** The request that may have been meant by one whose payload has no possible size. */
function madeToFit(
  { kind, header, head, payload }: Asked,
): Uint8Array | undefined {
  if (kind === undefined || kind === PULL) return undefined;
  const { clientId } = header;
  const name = crypto.randomUUID();
  const publicKey = new Uint8Array(PUBLIC_KEY_SIZE).fill(1);
  const fitting = requestCodecs[kind].encode(samplePayload(kind, {
    name,
    publicKey,
    clientId,
    messageType: MessageType.Text,
    content: new Uint8Array(0),
  }) as never);
  const fits = kind === "sendMessage"
    ? payload.length >= fitting.length
    : payload.length === fitting.length;
  if (fits) return undefined;
  const payloadSize = fitting.length;
  return concat([
    requestHeaderAt(head).encode({ ...header, payloadSize }),
    fitting,
  ]);
}

export const framing = {
  "answers-big-endian": {
    about: "The integers in an answer's header are in network order",
    clauses: ["FRM-1", "REG-1"],
    fails: ["register-gives-id"],
    frames: {
      answer: (answer) =>
        withHeader(answer, (header, size) => {
          header.setUint16(1, answer.code);
          header.setUint32(3, size);
        }),
    },
  },
  "size-counts-header": {
    about: "An answer's payload size counts the header as well",
    clauses: ["FRM-2", "REG-1"],
    isSilent: true,
    fails: ["register-gives-id"],
    frames: {
      answer: (answer) =>
        withHeader(answer, (header, size) => {
          header.setUint32(3, size + RESPONSE_HEADER_SIZE, true);
        }),
    },
  },
  "list-size-too-large": {
    about: "The payload size of a list counts the asker, who is left out",
    clauses: ["FRM-2", "LST-1"],
    isSilent: true,
    fails: ["list-entries"],
    frames: onAnswer(
      "clientsList",
      (answer) =>
        withHeader(answer, (header, size) => {
          header.setUint32(3, size + 271, true);
        }),
    ),
  },
  "answer-version-1": {
    about: "Answers carry version 1",
    clauses: ["ANS-2"],
    fails: ["response-version", "response-version-to-1"],
    frames: {
      answer: (answer) => {
        answer.version = 1;
      },
    },
  },
  "send-answered-as-pull": {
    about: "A 603 is answered with the code of a 604",
    clauses: ["ANS-3"],
    fails: ["send-acknowledged", "response-code"],
    frames: onAnswer("sendMessage", (answer) => {
      answer.code++;
    }),
  },
  "failure-with-body": {
    about: "A 9000 says in its payload what went wrong",
    clauses: ["ERR-1"],
    fails: ["failure-of-unknown-client"],
    frames: {
      answer: (answer) => {
        if (!failed(answer)) return;
        answer.payload = new TextEncoder().encode("General error");
      },
    },
  },
  "old-version-refused": {
    about: "A request of another version than 2 is refused",
    clauses: ["REQ-2"],
    fails: [
      "version-0",
      "version-1",
      "version-3",
      "version-255",
      "version-1-registers",
    ],
    frames: {
      request: (asked) => {
        return asked.header.version !== 2 ? refused(asked) : undefined;
      },
    },
  },
  "unknown-code-unanswered": {
    about: "A request with an unknown code gets no answer",
    clauses: ["REQ-5"],
    isSilent: true,
    fails: [
      "code-0",
      "code-599",
      "code-behind-last",
      "code-2100",
      "code-9000",
      "code-65535",
      "code-byte-order",
    ],
    frames: {
      answer: (_answer, { kind }) => {
        return kind === undefined ? new Uint8Array(0) : undefined;
      },
    },
  },
  "wrong-size-not-refused": {
    about: "The payload of a 601 or 604 is ignored",
    clauses: ["REQ-6"],
    fails: ["list-with-payload", "pull-with-payload"],
    frames: {
      request: ({ kind, header, head }) => {
        const isEmpty = kind === "clientsList" || kind === PULL;
        return isEmpty
          ? requestHeaderAt(head).encode({ ...header, payloadSize: 0 })
          : undefined;
      },
    },
  },
  "wrong-size-made-to-fit": {
    about: "What lacks in a payload is made up, and what is too much is cut",
    clauses: ["REQ-6"],
    fails: [
      "register-without-payload",
      "register-short",
      "register-long",
      "list-with-payload",
      "key-request-of-0",
      "key-request-of-15",
      "key-request-of-17",
      "send-size-wraps-around",
      "send-payload-of-0",
      "send-payload-of-16",
      "send-payload-of-20",
    ],
    inject: () => ({ frames: () => ({ request: madeToFit }) }),
  },
  "refused-not-read-past": {
    about:
      "The payload of a wrong size, or of an unknown code, is taken for the next request",
    clauses: ["REQ-7"],
    fails: [
      "read-past-unknown-code",
      "send-request-claiming-garbage",
      "send-request-claiming-more",
      "read-past-list-payload",
      "read-past-pull-payload",
      "read-past-key-payload",
      "read-past-registration",
    ],
    frames: {
      payloadSize: (kind, claim) => {
        if (kind === undefined) return 0;
        const right = requestCodecs[kind].fixedSize;
        return right === undefined || right === claim ? undefined : 0;
      },
      request: (asked) => {
        return asked.header.payloadSize > asked.payload.length
          ? refused(asked)
          : undefined;
      },
    },
  },
  "unknown-client-not-read-past": {
    about: "Who isn't registered is refused once the header is read",
    clauses: ["REQ-7"],
    isSilent: true,
    fails: ["read-past-unknown-client"],
    inject: () => {
      const registered = new Set<string>();
      const isKnown = (clientId: ClientId) => registered.has(clientId.toHex());
      return {
        frames: () => ({
          payloadSize: (kind, _claim, clientId) => {
            return kind === "register" || isKnown(clientId) ? undefined : 0;
          },
          request: (asked) => {
            const { kind, header } = asked;
            return kind === "register" || isKnown(header.clientId)
              ? undefined
              : refused(asked);
          },
          ...onAnswer("register", ({ payload }) => {
            registered.add(payload.toHex());
          }),
        }),
      };
    },
  },
  "lying-message-not-read-past": {
    about: "Of a message that claims too little content no more is read",
    clauses: ["REQ-7"],
    isSilent: true,
    fails: ["read-past-message"],
    frames: {
      believesContentSize: true,
      request: (asked) => {
        const { kind, header, payload: { length } } = asked;
        return kind === "sendMessage" && length > SEND_OVERHEAD &&
            length < header.payloadSize
          ? refused(asked)
          : undefined;
      },
    },
  },
  "answered-twice": {
    about: "Every request is answered twice",
    clauses: ["FRM-4"],
    fails: ["response-once"],
    frames: {
      answer: (answer) => concat([encodeAnswer(answer), encodeAnswer(answer)]),
    },
  },
  "first-receive-is-all": {
    about: "What the first receive brings is taken for the whole request",
    clauses: ["FRM-3"],
    isSilent: true,
    fails: [
      "send-request-claiming-garbage",
      "send-request-claiming-more",
      "send-size-wraps-around",
      "segments-header-then-payload",
      "segments-within-header",
      "segments-within-payload",
      "segments-of-one-byte",
      "segments-of-a-registration",
      "segments-of-a-message",
      "segments-of-two-requests",
      "pipelined-kinds",
      "pipelined-many",
      "pipelined-messages",
      "pipelined-with-failure",
    ],
    frames: { needsWhole: true, losesFollowing: true },
  },
  "only-first-of-several": {
    about: "Of requests that come together only the first is answered",
    clauses: ["FRM-4"],
    isSilent: true,
    fails: [
      "pipelined-kinds",
      "pipelined-many",
      "pipelined-messages",
      "pipelined-with-failure",
    ],
    inject: () => ({ frames: () => ({ losesFollowing: true }) }),
  },
  "answers-out-of-order": {
    about: "Requests that come together are answered in reverse",
    clauses: ["FRM-4"],
    fails: ["pipelined-kinds", "pipelined-many"],
    inject: () => ({ frames: () => ({ reverses: true }) }),
  },
} as const satisfies Faults;
