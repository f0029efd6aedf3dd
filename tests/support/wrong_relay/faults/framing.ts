/** Mistakes in headers, and in how requests are cut. */

import { concat } from "@std/bytes";
import {
  RESPONSE_HEADER_SIZE,
  ResponseCode,
} from "../../../../shared/protocol.ts";
import { requestCodecs, requestHeaderAt } from "../../../../shared/requests.ts";
import { type Answer, encodeAnswer } from "../altered_line.ts";
import type { Faults } from "../fault.ts";
import { refused } from "../refusal.ts";

const failed = ({ code }: Answer) => code === ResponseCode.Error;

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

export const framing = {
  "answers-big-endian": {
    about: "The integers in an answer's header are in network order",
    clauses: ["FRM-1"],
    fails: ["?"],
    inject: () => ({
      frames: () => ({
        answer: (answer) =>
          withHeader(answer, (header, size) => {
            header.setUint16(1, answer.code);
            header.setUint32(3, size);
          }),
      }),
    }),
  },
  "size-counts-header": {
    about: "An answer's payload size counts the header as well",
    clauses: ["FRM-2", "ANS-1"],
    fails: ["?"],
    inject: () => ({
      frames: () => ({
        answer: (answer) =>
          withHeader(answer, (header, size) => {
            header.setUint32(3, size + RESPONSE_HEADER_SIZE, true);
          }),
      }),
    }),
  },
  "list-size-too-large": {
    about: "The payload size of a list counts the asker, who is left out",
    clauses: ["FRM-2"],
    fails: ["?"],
    inject: () => ({
      frames: () => ({
        answer: (answer, { kind }) => {
          if (kind !== "clientsList" || failed(answer)) return;
          return withHeader(answer, (header, size) => {
            header.setUint32(3, size + 271, true);
          });
        },
      }),
    }),
  },
  "answer-version-1": {
    about: "Answers carry version 1",
    clauses: ["ANS-2"],
    fails: ["?"],
    inject: () => ({
      frames: () => ({
        answer: (answer) => {
          answer.version = 1;
        },
      }),
    }),
  },
  "send-answered-as-pull": {
    about: "A 603 is answered with the code of a 604",
    clauses: ["ANS-3"],
    fails: ["?"],
    inject: () => ({
      frames: () => ({
        answer: (answer, { kind }) => {
          if (kind === "sendMessage" && !failed(answer)) answer.code++;
        },
      }),
    }),
  },
  "failure-with-body": {
    about: "A 9000 says in its payload what went wrong",
    clauses: ["ERR-1"],
    fails: ["?"],
    inject: () => ({
      frames: () => ({
        answer: (answer) => {
          if (!failed(answer)) return;
          answer.payload = new TextEncoder().encode("General error");
        },
      }),
    }),
  },
  "old-version-refused": {
    about: "A request of another version than 2 is refused",
    clauses: ["REQ-2"],
    fails: ["?"],
    inject: () => ({
      frames: () => ({
        request: (asked) => {
          return asked.header.version !== 2 ? refused(asked) : undefined;
        },
      }),
    }),
  },
  "unknown-code-unanswered": {
    about: "A request with an unknown code gets no answer",
    clauses: ["REQ-5", "FRM-4"],
    fails: ["?"],
    inject: () => ({
      frames: () => ({
        answer: (_answer, { kind }) => {
          return kind === undefined ? new Uint8Array(0) : undefined;
        },
      }),
    }),
  },
  "wrong-size-not-refused": {
    about: "The payload of a 601 or 604 is ignored",
    clauses: ["REQ-6"],
    fails: ["?"],
    inject: () => ({
      frames: () => ({
        request: ({ kind, header, head }) => {
          const isEmpty = kind === "clientsList" || kind === "waitingMessages";
          return isEmpty
            ? requestHeaderAt(head).encode({ ...header, payloadSize: 0 })
            : undefined;
        },
      }),
    }),
  },
  "refused-not-read-past": {
    about: "The payload of a wrong size is taken for the next request",
    clauses: ["REQ-7"],
    fails: ["?"],
    inject: () => ({
      frames: () => ({
        payloadSize: (kind, claim) => {
          const right = kind && requestCodecs[kind].fixedSize;
          return right === undefined || right === claim ? undefined : 0;
        },
        request: (asked) => {
          return asked.header.payloadSize > asked.payload.length
            ? refused(asked)
            : undefined;
        },
      }),
    }),
  },
  "answered-twice": {
    about: "Every request is answered twice",
    clauses: ["FRM-4"],
    fails: ["?"],
    inject: () => ({
      frames: () => ({
        answer: (answer) =>
          concat([encodeAnswer(answer), encodeAnswer(answer)]),
      }),
    }),
  },
  "first-receive-is-all": {
    about: "What the first receive brings is taken for the whole request",
    clauses: ["FRM-3"],
    fails: ["?"],
    inject: () => ({
      frames: () => ({ needsWhole: true, losesFollowing: true }),
    }),
  },
  "only-first-of-several": {
    about: "Of requests that come together only the first is answered",
    clauses: ["FRM-4"],
    fails: ["?"],
    inject: () => ({ frames: () => ({ losesFollowing: true }) }),
  },
  "answers-out-of-order": {
    about: "Requests that come together are answered in reverse",
    clauses: ["FRM-4"],
    fails: ["?"],
    inject: () => ({ frames: () => ({ reverses: true }) }),
  },
} as const satisfies Faults;
