/**
 * Checks of every request, in all steps.
 *
 * @module
 */

import { equals } from "@std/bytes";
import {
  isMessageType,
  PROTOCOL_VERSION,
  SEND_OVERHEAD,
} from "../../../shared/wire/protocol.ts";
import { requestCodecs } from "../../../shared/wire/requests.ts";
import type { CheckInfo } from "../report/outcome.ts";
import { type Arrival, messageOf, payloadOf } from "./arrival.ts";
import type { Finding } from "./step.ts";

/** Largest size in bytes of a request that should go out in one write. */
const SMALL_REQUEST = 1024;
/** Largest number of requests shown in a failure. */
const MOST_SHOWN = 2;

/** Judges each request. */
interface RequestCheck extends CheckInfo {
  /** Whether it also judges requests whose end is unknown. */
  readonly judgesFraming?: true;
  /** What is wrong with a request; undefined if nothing is. */
  readonly problem: (
    arrival: Arrival,
    before: readonly Arrival[],
  ) => string | undefined;
}

const checks: readonly Omit<RequestCheck, "subject">[] = [
  {
    name: "code",
    judgesFraming: true,
    clause: "REQ-1",
    about: "Each header has the right layout, and the code of a request",
    problem: ({ kind, header, headerSize, bytes }) =>
      kind !== undefined
        ? undefined
        : bytes.length < headerSize
        ? `only ${bytes.length} bytes of a header came`
        : `no request has the code ${header.code}`,
  },
  {
    name: "little-endian",
    clause: "FRM-1",
    about: "Codes and sizes are little endian",
    problem: ({ bigEndian, header }) =>
      bigEndian
        ? `its code ${header.code} and its size ${header.payloadSize} make sense as big endian alone`
        : undefined,
  },
  {
    name: "payload-size",
    judgesFraming: true,
    clause: "FRM-2",
    about: "The number of bytes behind a header is the claimed one",
    problem: ({ kind, sizeProblem }) =>
      kind === undefined ? undefined : sizeProblem,
  },
  {
    name: "payload-fits",
    clause: "REQ-6",
    about: "Each payload has the size that its code asks for",
    problem(arrival) {
      // The key's check judges the size of a registration.
      const { kind } = arrival;
      if (kind === undefined || kind === "register") return undefined;
      const { fixedSize } = requestCodecs[kind];
      const { length } = payloadOf(arrival);
      return fixedSize === undefined || length === fixedSize
        ? undefined
        : `it has ${length} bytes of payload, expected ${fixedSize}`;
    },
  },
  {
    name: "content-size",
    clause: "SND-1",
    about: "A message's content has the size before it",
    problem(arrival) {
      if (arrival.kind !== "sendMessage" || arrival.bigEndian) return undefined;
      const message = messageOf(arrival);
      const { length } = payloadOf(arrival);
      if (message === undefined) {
        return `it has ${length} bytes of payload, expected ${SEND_OVERHEAD} at least`;
      }
      const { contentSize, content } = message;
      return contentSize === content.length
        ? undefined
        : `it says ${contentSize} bytes, and ${content.length} follow`;
    },
  },
  {
    name: "message-type",
    clause: "SND-5",
    about: "Messages are of the types 1 to 4",
    problem(arrival) {
      const type = messageOf(arrival)?.type;
      return type === undefined || isMessageType(type)
        ? undefined
        : `it is of type ${type}`;
    },
  },
  {
    name: "client-id",
    clause: "REQ-9",
    about: "Each request has the client's id",
    problem({ kind, header, expectedId }) {
      if (kind === undefined || kind === "register") return undefined;
      if (expectedId === undefined) return "no user was registered by then";
      return equals(header.clientId, expectedId)
        ? undefined
        : "it has another id than was given";
    },
  },
  {
    name: "version",
    clause: "REQ-8",
    about: `Requests carry version ${PROTOCOL_VERSION}`,
    problem({ kind, header }, before) {
      if (kind === undefined || header.version === PROTOCOL_VERSION) {
        return undefined;
      }
      // A registration that was refused may be tried with version 1 (ERR-4).
      const isRetry = kind === "register" && header.version === 1 &&
        before.at(-1)?.kind === "register";
      return isRetry ? undefined : `it carries version ${header.version}`;
    },
  },
  {
    name: "one-write",
    clause: "FRM-6",
    about: `Requests of ${SMALL_REQUEST} bytes at most go out in one write`,
    problem: ({ reads, bytes }) =>
      reads > 1 && bytes.length <= SMALL_REQUEST
        ? `it came in ${reads} pieces`
        : undefined,
  },
  {
    name: "waits-for-responses",
    clause: "FRM-7",
    about: "Nothing follows a request before the response",
    problem: ({ early }) =>
      early ? "more bytes came before it was answered" : undefined,
  },
  {
    name: "no-half-close",
    clause: "CON-9",
    about: "The client's side stays open until the response",
    problem: ({ halfClosed }) =>
      halfClosed
        ? "the client's side was closed before it was answered"
        : undefined,
  },
];

/** The checks of every request. */
export const requestChecks: readonly RequestCheck[] = checks.map((check) => ({
  subject: "requests",
  ...check,
}));

/** Whether the end of a request, and so the start of the next, is known. */
const isWhole = ({ kind, sizeProblem }: Arrival) =>
  kind !== undefined && sizeProblem === undefined;

/** Makes a check of all requests. */
export function judgeRequests(
  { problem, judgesFraming }: RequestCheck,
  all: readonly Arrival[],
): Finding {
  if (all.length === 0) return { skips: "no request came" };
  const arrivals = all.filter((arrival, index) =>
    (judgesFraming || isWhole(arrival)) &&
    !all.slice(0, index).some((before) =>
      before.connection === arrival.connection && !isWhole(before)
    )
  );
  if (arrivals.length === 0) {
    return { skips: "no request could be cut out: see code and payload-size" };
  }
  const broken = arrivals.flatMap((arrival, index) => {
    const text = problem(
      arrival,
      arrivals.slice(Math.max(0, index - 1), index),
    );
    return text === undefined ? [] : [{ text, arrival }];
  });
  const [first] = broken;
  if (first === undefined) return undefined;
  const count = broken.length === 1
    ? `1 of ${arrivals.length} requests`
    : `${broken.length} of ${arrivals.length} requests`;
  return {
    fails: `${count}: ${first.text}`,
    at: broken.slice(0, MOST_SHOWN).map(({ arrival }) => arrival),
  };
}
