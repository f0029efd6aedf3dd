import { equals } from "@std/bytes";
import {
  describe,
  expectCode,
  expectSize,
  hex,
  type WholeResponse,
} from "../response.ts";
import {
  CheckFailure,
  each,
  must,
  prepare,
  subject,
  Unprepared,
} from "../check.ts";
import {
  frame,
  randomId,
  randomKey,
  randomName,
  registration,
  sendRequest,
} from "../frames.ts";
import type { Probe } from "../probe.ts";
import { responseCodeIn } from "../../../../shared/wire/dialects.ts";
import {
  CLIENT_ID_SIZE,
  PROTOCOL_VERSION,
  RESPONSE_HEADER_SIZE,
} from "../../../../shared/wire/protocol.ts";
import { ERROR_CODE, responseCode } from "../../../../shared/wire/requests.ts";
import { responseHeader } from "../../../../shared/wire/frames.ts";
import { usuals } from "../usual.ts";
import { fill } from "./pulling.ts";
import {
  keyRequest,
  listRequest,
  PULL,
  pullRequest,
  unusedCodes,
} from "../../../requests.ts";

const [BEFORE_FIRST, BEHIND_LAST] = unusedCodes();
/** Codes that no request of any dialect has, by the names of their checks. */
const UNKNOWN_CODES = [
  ["0", 0],
  [`${BEFORE_FIRST}`, BEFORE_FIRST],
  ["behind-last", BEHIND_LAST],
  ["2100", responseCode.register],
  ["9000", ERROR_CODE],
  ["65535", 0xffff],
] as const;
/** 601 with its bytes swapped. */
const SWAPPED_LIST = 0x5902;
/** Offset of the version in a request. */
const VERSION_AT = CLIENT_ID_SIZE;
/** Milliseconds to wait for bytes behind a response. */
const BEHIND = 60;

/** Whether two integers have the same bytes in opposite orders. */
const isReversed = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === 4 && equals(one.slice().reverse(), other);

/** Checks of the headers of requests and responses. */
export const headerChecks = subject("headers", {
  ...each([0, 1, 3, 255], (version) => [
    `version-${version}`,
    "REQ-2",
    `A request of version ${version} is answered`,
    async (probe) => {
      const { request, code } = await probe.usual();
      await probe.expect(ofVersion(request, version), code);
    },
  ]),
  "version-1-registers": [
    "REQ-2",
    "A registration of version 1 is accepted",
    async (probe) => {
      const response = await probe.ask(
        registration(randomName(), { version: 1 }, randomKey()),
      );
      expectCode(response, 2100);
    },
  ],
  ...each(UNKNOWN_CODES, ([name, code]) => [
    `code-${name}`,
    "REQ-5",
    `A request with the code ${code} is refused`,
    async (probe) => {
      const { id: clientId } = await probe.user();
      await probe.refused(frame({ code, clientId }));
    },
  ]),
  "code-byte-order": [
    "REQ-1",
    "601 with its bytes swapped is refused",
    async (probe) => {
      const { id: clientId } = await probe.user();
      await probe.refused(frame({ code: SWAPPED_LIST, clientId }));
    },
  ],
  "header-says-who": [
    "REQ-10",
    "Two users in turn on one connection get their own inboxes",
    async (probe) => {
      const [from, to] = await probe.pair();
      await probe.needs("empty");
      const other = await probe.user();
      await fill(probe, from, to, [16]);
      await probe.again(async (channel) => {
        await channel.send(pullRequest(other.id));
        expectSize(await channel.response(), 2104, 0);
        const { payload } = await channel.ask(pullRequest(to.id), 2104);
        must(payload.length > 0, "the other user's message", "an empty inbox");
      });
    },
  ],
  "response-size-counts-payload": [
    "FRM-2",
    "A response has exactly the bytes that its header claims",
    async (probe) => {
      const [from, to] = await probe.pair();
      let isAnswered = false;
      for (const { kind, code, request } of usuals) {
        if (probe.isSilent(kind)) continue;
        const channel = await probe.connect();
        await channel.send(request(from, to));
        const response = await channel.response();
        if (response.code !== code) continue;
        isAnswered = true;
        if (await channel.unasked(BEHIND) !== undefined) {
          throw new Unprepared("another response follows: see response-once");
        }
        // Nor padding, which only padded requests get.
        must(
          await channel.quiet(0) !== "bytes",
          `nothing behind the ${response.bytes.length} bytes of a ${code}`,
          "more bytes",
        );
        channel.close();
      }
      if (!isAnswered) throw new Unprepared("no request is answered well");
    },
  ],
  "response-header-of-2100": [
    "ANS-1",
    "A registration's response has its code and the size 10 00 00 00",
    async (probe) => {
      const { bytes, payload } = await probe.ask(registration(randomName()));
      if (payload.length !== CLIENT_ID_SIZE) {
        throw new Unprepared("it has no id of 16 bytes: see register-gives-id");
      }
      const start = bytes.subarray(0, RESPONSE_HEADER_SIZE);
      const due = responseHeader.encode({
        version: start[0] ?? PROTOCOL_VERSION,
        code: responseCodeIn(probe.dialect, responseCode.register),
        payloadSize: CLIENT_ID_SIZE,
      });
      must(hex(start) === hex(due), hex(due), () => hex(start));
    },
  ],
  "response-integers": [
    "FRM-1",
    "The size of a content of 304 bytes is 30 01 00 00, and a message's id has one byte order",
    async (probe) => {
      const [from, to] = await probe.pair();
      const content = new Uint8Array(304).fill(1);
      const sent = await probe.sends({ from: from.id, to: to.id, content });
      const { payload } = await prepare(
        "pull",
        () => probe.expect(pullRequest(to.id), 2104),
      );
      const size = payload.subarray(21, 25);
      must(hex(size) === "30010000", "30010000", () => hex(size));
      const [given, came] = [sent.payload.slice(16), payload.slice(16, 20)];
      must(
        equals(given, came) || !isReversed(given, came),
        `the id ${hex(came)} as in the 2104`,
        () => `a byte order mistake: the 2103 had ${hex(given)}`,
      );
    },
  ],
  "response-version": [
    "ANS-2",
    "Each kind of response carries version 2",
    async (probe) => {
      for (const [, response] of await oneOfEach(probe)) {
        must(
          response.version === PROTOCOL_VERSION,
          `version ${PROTOCOL_VERSION}`,
          () => `version ${response.version} in a response ${response.code}`,
        );
      }
    },
  ],
  "response-version-to-1": [
    "ANS-2",
    "A request of version 1 is answered with version 2",
    async (probe) => {
      const { request } = await probe.usual();
      const { version } = await probe.ask(ofVersion(request, 1));
      must(version === PROTOCOL_VERSION, "version 2", `version ${version}`);
    },
  ],
  "response-code": [
    "ANS-3",
    "Each kind of request gets its own response code or 9000",
    async (probe) => {
      for (const [code, response] of await oneOfEach(probe)) {
        must(
          response.code === code || response.code === ERROR_CODE,
          `a response ${code}`,
          () => describe(response),
        );
      }
    },
  ],
});

/** A request with another version. */
function ofVersion(request: Uint8Array, version: number): Uint8Array {
  const other = request.slice();
  other[VERSION_AT] = version;
  return other;
}

/** A response to a request of each kind, with its expected code. */
async function oneOfEach(probe: Probe): Promise<[number, WholeResponse][]> {
  const [one, other] = await probe.pair();
  const requests = [
    [responseCode.clientsList, listRequest(one.id)],
    [responseCode.publicKey, keyRequest(one.id, other.id)],
    [responseCode.sendMessage, sendRequest({ from: one.id, to: other.id })],
    [responseCode[PULL], pullRequest(other.id)],
    [responseCode.register, registration(randomName())],
    [responseCode.clientsList, listRequest(randomId())],
  ] as const;
  const responses: [number, WholeResponse][] = [];
  for (const [code, request] of requests) {
    try {
      responses.push([code, await probe.ask(request)]);
    } catch (error) {
      // The checks of a kind report that it gets no response.
      const isKnown = error instanceof CheckFailure ||
        error instanceof Unprepared;
      if (!isKnown) throw error;
    }
  }
  return responses;
}
