/**
 * Mistakes with what nearly every check needs: a tool that isn't careful
 * accuses such a server of all else.
 */

import { concat } from "@std/bytes";
import {
  CLIENT_ID_SIZE,
  LISTED_CLIENT_SIZE,
  MessageType,
  NAME_SIZE,
  PUBLIC_KEY_SIZE,
  SEND_OVERHEAD,
} from "../../../shared/wire/protocol.ts";
import { encodeAnswer } from "../altered_line.ts";
import { onAnswer, refused } from "../hooks.ts";
import type { Faults } from "../fault.ts";
import { sendingBy } from "../store_around.ts";
import { PULL } from "../../../kit/requests.ts";

/** An answer that doesn't go out. */
const NOTHING = new Uint8Array(0);

export const everyday = {
  "keys-refused": {
    about: "A public key is always refused",
    clauses: ["KEY-1"],
    fails: ["key-with-owner"],
    frames: {
      request: (asked) =>
        asked.kind === "publicKey" ? refused(asked) : undefined,
    },
  },
  "keys-unanswered": {
    about: "A request for a public key gets no answer",
    clauses: ["KEY-1"],
    isSilent: true,
    fails: ["key-with-owner"],
    frames: onAnswer("publicKey", () => NOTHING),
  },
  "key-size-too-small": {
    about: "The payload size of a 2102 leaves the id out",
    clauses: ["KEY-1", "FRM-2"],
    fails: ["key-with-owner", "response-size-counts-payload"],
    frames: onAnswer("publicKey", (answer) => {
      const bytes = encodeAnswer(answer);
      bytes[3] = PUBLIC_KEY_SIZE;
      return bytes;
    }),
  },
  "keys-and-pulls-refused": {
    about: "Public keys and pulls are always refused",
    clauses: ["KEY-1", "PUL-1"],
    fails: ["key-with-owner", "pull-empty", "pull-one"],
    frames: {
      request: (asked) =>
        asked.kind === "publicKey" || asked.kind === PULL
          ? refused(asked)
          : undefined,
    },
  },
  "only-registers": {
    about: "All requests but a registration go unanswered",
    clauses: ["LST-1", "KEY-1", "SND-2", "PUL-1"],
    isSilent: true,
    fails: [
      "list-entries",
      "key-with-owner",
      "send-acknowledged",
      "pull-empty",
    ],
    only: ["list", "keys", "sending", "pulling", "connections"],
    frames: {
      answer: (_answer, { kind }) => kind === "register" ? undefined : NOTHING,
    },
  },
  "hangs-at-unknown-code": {
    about: "After a request with an unknown code nothing is answered any more",
    clauses: ["REQ-5"],
    isSilent: true,
    fails: ["code-0", "still-serves"],
    inject: () => {
      let hangs = false;
      return {
        frames: () => ({
          request: ({ kind }) => {
            hangs ||= kind === undefined;
          },
          answer: () => hangs ? NOTHING : undefined,
        }),
      };
    },
  },
  "malformed-registration-listed": {
    about: "What came of a short registration stands in all lists",
    clauses: ["REG-2"],
    fails: ["refused-registration-not-listed"],
    only: [
      "registration",
      "list",
      "headers",
      "framing",
      "dialects",
      "names",
    ],
    inject: () => {
      let kept = new Uint8Array(0);
      return {
        frames: () => ({
          request: ({ kind, payload }) => {
            const size = NAME_SIZE + PUBLIC_KEY_SIZE;
            const isShort = kind === "register" && payload.length < size;
            if (isShort) kept = payload.slice(0, 100);
          },
          ...onAnswer("clientsList", (answer) => {
            answer.payload = concat([answer.payload, kept]);
          }),
        }),
      };
    },
  },
  "list-cut-short": {
    about: "A list has two entries at most",
    clauses: ["LST-2"],
    fails: ["list-has-others", "list-has-newcomers"],
    only: [
      "registration",
      "list",
      "headers",
      "framing",
      "dialects",
      "names",
    ],
    frames: onAnswer("clientsList", (answer) => {
      answer.payload = answer.payload.slice(0, 2 * LISTED_CLIENT_SIZE);
    }),
  },
  "list-swapped": {
    about: "An entry of the list has the name before the id",
    clauses: ["LST-1"],
    fails: ["list-entries"],
    only: [
      "registration",
      "list",
      "headers",
      "framing",
      "dialects",
      "names",
    ],
    frames: onAnswer("clientsList", ({ payload }) => {
      for (let at = 0; at < payload.length; at += LISTED_CLIENT_SIZE) {
        const entry = payload.slice(at, at + LISTED_CLIENT_SIZE);
        payload.set(entry.subarray(CLIENT_ID_SIZE), at);
        payload.set(entry.subarray(0, CLIENT_ID_SIZE), at + NAME_SIZE);
      }
    }),
  },
  "send-answered-with-more": {
    about: "A 2103 has a byte behind the message's id",
    clauses: ["SND-2"],
    fails: ["send-acknowledged"],
    only: ["sending", "pulling", "headers", "load"],
    frames: onAnswer("sendMessage", (answer) => {
      answer.payload = concat([answer.payload, new Uint8Array(1)]);
    }),
  },
  "empty-content-filled": {
    about: "A content of 0 bytes is handed out as a byte",
    clauses: ["SND-4"],
    fails: ["send-empty-text", "send-request-for-key", "pull-several"],
    only: ["sending", "pulling", "headers", "load"],
    store: sendingBy((message, keep) =>
      keep(
        message.content.length === 0
          ? { ...message, content: new Uint8Array(1) }
          : message,
      )
    ),
  },
  "empty-key-request-refused": {
    about: "A request for a key without content is refused",
    clauses: ["SND-7"],
    fails: [
      "send-request-for-key",
      "send-request-claiming-garbage",
      "send-request-claiming-more",
      "send-request-claiming-nothing",
    ],
    only: ["sending", "pulling", "headers", "load"],
    frames: {
      request: (asked) => {
        const { kind, payload } = asked;
        const isEmpty = kind === "sendMessage" &&
          payload.length === SEND_OVERHEAD &&
          payload[CLIENT_ID_SIZE] === MessageType.KeyRequest;
        return isEmpty ? refused(asked) : undefined;
      },
    },
  },
} as const satisfies Faults;
