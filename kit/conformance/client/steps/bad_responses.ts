/**
 * Steps with bad responses, after which the client must go on.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { responseCodeIn } from "../../../../shared/wire/dialects.ts";
import {
  MessageType,
  PUBLIC_KEY_SIZE,
  RESPONSE_HEADER_SIZE,
} from "../../../../shared/wire/protocol.ts";
import {
  ERROR_CODE,
  FAILURE,
  type RequestKind,
  type ResponseCode,
  responseCode,
  responseCodecs,
} from "../../../../shared/wire/requests.ts";
import {
  encodeResponse,
  responseHeader,
} from "../../../../shared/wire/frames.ts";
import type { ClauseId } from "../../../clauses.ts";
import {
  claiming,
  type RawResponse,
  type Responder,
  responseOf,
} from "../responder.ts";
import type { Scenario } from "../scenario.ts";
import {
  about as requestsAbout,
  cameOrFails,
  messagesFor,
  ofKind,
} from "../findings.ts";
import type { Check, Observed, Step } from "../step.ts";
import { NAME } from "./registration.ts";
import { PULL } from "../../../requests.ts";

/** What a client prints on a 9000 (section 12). */
const FAILURE_SENTENCE = "server responded with an error";
/** Other words for a failure. */
const FAILURE_WORDS = /error|fail|refus|reject|unexpected|9000/i;
const FAILED = encodeResponse(FAILURE);

/** Spoils a response; `codeOf` translates codes of the first dialect. */
type Spoil = (
  good: Uint8Array,
  scenario: Scenario,
  codeOf: (code: ResponseCode) => number,
) => RawResponse;

/** Spoils the responses to a kind of request: the first of a step, or all. */
function spoiling(
  kind: RequestKind,
  scenario: Scenario,
  spoil: Spoil,
  which: "first" | "all",
): Responder {
  let count = 0;
  return async (arrival, makeGood) => {
    const good = await makeGood();
    const isMeant = arrival.kind === kind &&
      (which === "all" || count++ === 0);
    if (!isMeant) return { bytes: good };
    return spoil(
      good,
      scenario,
      (code) => responseCodeIn(arrival.dialect, code),
    );
  };
}

const saysThatItFailed = ({ output }: Observed) =>
  output === undefined || FAILURE_WORDS.test(output);

const lists = (observed: Observed) => ofKind(observed.arrived, "clientsList");

/** A step with one bad list, after which the client must ask again. */
function failsOnce(
  name: string,
  clause: ClauseId,
  about: string,
  spoil: Spoil,
  isTold = false,
): Step {
  return {
    subject: "failures",
    title: "Ask for the clients list, twice",
    choices: [["120"], ["120"]],
    sees: isTold
      ? `first "${FAILURE_SENTENCE}", then the list`
      : "first a failure, then the list",
    ...isTold ? { isSeen: saysThatItFailed } : {},
    prepare: (scenario) => spoiling("clientsList", scenario, spoil, "first"),
    isComplete: (observed) => lists(observed).length > 1,
    checks: [
      {
        name,
        clause,
        about,
        expected: "another 601 afterwards",
        judge: (observed) =>
          cameOrFails("other 601 afterwards", lists(observed).slice(1), {
            ...observed,
            arrived: lists(observed),
          }),
      },
      ...isTold
        ? [{
          name: `${name}-told`,
          clause,
          about: `The client says "${FAILURE_SENTENCE}", or so`,
          drivenOnly: true,
          judge: (observed: Observed) =>
            saysThatItFailed(observed) ? undefined : {
              fails: "it told of no error",
              at: observed.arrived.slice(-2),
            },
        }]
        : [],
    ],
  };
}

/**
 * A step with bad lists that contain a new user. The client must ask for that
 * user's key: it can know the id only from such a list.
 */
function listWith(
  guest: string,
  name: string,
  clause: ClauseId,
  about: string,
  spoil: Spoil,
  more: readonly Check[] = [],
): Step {
  const asked = (observed: Observed) =>
    requestsAbout(
      observed.arrived,
      "publicKey",
      observed.scenario.people.find((person) => person.name === guest),
    );
  return {
    subject: "responses",
    title: `Ask for the clients list, then for the public key of ${guest}`,
    choices: [["120"], ["130", guest]],
    sees: `${guest} in the list`,
    prepare(scenario) {
      scenario.invite(guest);
      return spoiling("clientsList", scenario, spoil, "all");
    },
    isComplete: (observed) => asked(observed).length > 0,
    checks: [
      {
        name,
        clause,
        about,
        expected: `a 602 for ${guest}, whose id stands in that list alone`,
        judge: (observed) =>
          cameOrFails(`602 for ${guest}`, asked(observed), observed),
      },
      ...more,
    ],
  };
}

/** A step with odd responses to messages, after which the client must send again. */
function sentWith(name: string, about: string, payload: Uint8Array): Step {
  const sent = (observed: Observed) =>
    messagesFor(
      observed.arrived,
      observed.scenario.ben,
      MessageType.KeyRequest,
    );
  return {
    subject: "responses",
    title: "Ask ben for a symmetric key, twice",
    choices: [["151", "ben"], ["151", "ben"]],
    sees: "no failure",
    prepare: (scenario) =>
      spoiling("sendMessage", scenario, (_good, _cast, codeOf) => ({
        bytes: responseOf(codeOf(responseCode.sendMessage), payload),
      }), "all"),
    isComplete: (observed) => sent(observed).length > 1,
    checks: [{
      name,
      clause: "SND-16",
      about,
      expected: "both requests, and no failure",
      judge: (observed) => {
        const all = sent(observed);
        const missing = cameOrFails("second message", all.slice(1), observed);
        if (missing !== undefined) return missing;
        return observed.output?.includes(FAILURE_SENTENCE)
          ? { fails: `it printed "${FAILURE_SENTENCE}"`, at: all }
          : undefined;
      },
    }],
  };
}

const close = (bytes: Uint8Array): RawResponse => ({ bytes, closes: true });

/** Control sequences in names, which mustn't reach a terminal. */
const CONTROLS = ["\x1b]0;owned\x07", "\x1b[2J", "\x9b31m"] as const;

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Encodes an entry of a list with any bytes as its name. */
function entry(id: number, name: Uint8Array): Uint8Array {
  const field = new Uint8Array(16 + 255);
  field.fill(id, 0, 16);
  field.set(name, 16);
  return field;
}

const ODD_NAMES = concat([
  entry(0x11, new Uint8Array()),
  entry(0x12, new Uint8Array(255).fill(0x61)),
  entry(0x13, utf8("דנה 🎉")),
  entry(0x14, utf8(`evil${CONTROLS.join("")}`)),
  entry(0x15, new Uint8Array([0xff, 0xfe, 0x80])),
]);

/** Adds entries to a list. */
const withEntries = (good: Uint8Array, entries: Uint8Array) =>
  responseOf(
    responseHeader.decode(good.subarray(0, RESPONSE_HEADER_SIZE)).code,
    concat([entries, good.subarray(RESPONSE_HEADER_SIZE)]),
  );

/** Fails if one of the texts was printed unchanged. */
export function printsNoControls(texts: readonly string[]): Check["judge"] {
  return ({ output = "", arrived }) => {
    const shown = texts.find((text) => output.includes(text));
    return shown === undefined
      ? undefined
      : { fails: `it printed ${JSON.stringify(shown)}`, at: arrived.slice(-1) };
  };
}

export { CONTROLS };

const registrations = ({ arrived }: Observed) => ofKind(arrived, "register");

/** The registrations with the version of the first one. */
const tries = (observed: Observed) => {
  const all = registrations(observed);
  return all.filter(({ header }) => header.version === all[0]?.header.version);
};

/** Refuses the first registrations, of any version. */
export const registrationRefused: Step = {
  subject: "registration",
  title: `Try twice to register as ${NAME}, which is refused`,
  choices: [["110", NAME], ["110", NAME]],
  sees: `"${FAILURE_SENTENCE}"`,
  prepare: () => () => Promise.resolve({ bytes: FAILED }),
  isComplete: (observed) => tries(observed).length > 1,
  checks: [{
    name: "refused-registration",
    clause: "IDF-1",
    about: "A refused registration leaves no info.me",
    drivenOnly: true,
    judge: async ({ folder, arrived }) =>
      await folder?.identity() === undefined
        ? undefined
        : { fails: "there is an info.me", at: arrived },
  }, {
    name: "refusal-survived",
    clause: "ERR-3",
    about: "After a refused registration the client tries again",
    judge: (observed) =>
      cameOrFails("second 600", tries(observed).slice(1), observed),
  }, {
    name: "tries-version-1",
    clause: "ERR-4",
    about: "A refused registration is tried once more with version 1",
    judge: (observed) =>
      registrations(observed).some(({ header }) => header.version === 1)
        ? undefined
        : { skips: "it needn't, and didn't" },
  }],
};

/** Steps with bad responses, the mildest first. */
export const badResponses: readonly Step[] = [
  listWith(
    "guest1",
    "version-3",
    "ANS-4",
    "A list in a response of version 3 is accepted",
    (good) => {
      const bytes = good.slice();
      bytes[0] = 3;
      return { bytes };
    },
  ),
  listWith(
    "guest2",
    "byte-by-byte",
    "ANS-5",
    "A list that comes byte by byte is accepted",
    (bytes) => ({ bytes, bytewise: true }),
  ),
  listWith(
    "guest3",
    "zeros-behind",
    "CON-10",
    "A list with zeros behind it, in a block of 1024 bytes, is accepted",
    (good) => {
      const bytes = new Uint8Array(Math.ceil((good.length + 1) / 1024) * 1024);
      bytes.set(good);
      return close(bytes);
    },
  ),
  listWith(
    "guest4",
    "closes-behind",
    "CON-10",
    "The client goes on after a server closes behind its response",
    close,
  ),
  listWith(
    "guest5",
    "list-with-requester",
    "LST-5",
    "A list with the requester is accepted",
    (good, { me }) => ({
      bytes: withEntries(
        good,
        me === undefined ? new Uint8Array() : concat([
          me.clientId,
          entry(0, utf8(me.name)).subarray(16),
        ]),
      ),
    }),
  ),
  listWith(
    "guest6",
    "odd-names",
    "LST-5",
    "A list with empty, unended, foreign and hostile names is accepted",
    (good) => ({ bytes: withEntries(good, ODD_NAMES) }),
    [{
      name: "names-shown",
      clause: "MSG-7",
      about: "Control characters of a name don't reach the terminal",
      drivenOnly: true,
      judge: printsNoControls(CONTROLS),
    }],
  ),
  sentWith("sent-16", "A 2103 of 16 bytes is success", new Uint8Array(16)),
  sentWith("sent-0", "A 2103 without a payload is success", new Uint8Array()),
  {
    subject: "responses",
    title:
      "Ask for the clients list, then for the public key of guest7, then send guest7 your symmetric key",
    choices: [["120"], ["130", "guest7"], ["152", "guest7"]],
    prepare(scenario) {
      scenario.invite("guest7");
      return spoiling("publicKey", scenario, (good, _, codeOf) => ({
        bytes: responseOf(
          codeOf(responseCode.publicKey),
          good.subarray(-PUBLIC_KEY_SIZE),
        ),
      }), "all");
    },
    isComplete: (observed) => keyHolder(observed)?.keys.length === 1,
    checks: [{
      name: "key-alone",
      clause: "KEY-4",
      about: "A 2102 with the public key alone is accepted",
      expected: "a symmetric key for guest7, under that public key",
      judge: (observed) => {
        if (keyHolder(observed)?.keys.length) return undefined;
        const sent = messagesFor(
          observed.arrived,
          keyHolder(observed),
          MessageType.Key,
        );
        return cameOrFails("message of type 2 for guest7", sent, observed) ??
          { fails: "it isn't for that public key", at: sent };
      },
    }],
  },
  failsOnce(
    "failure",
    "ERR-3",
    "After a 9000 the client goes on",
    () => ({ bytes: FAILED }),
    true,
  ),
  failsOnce(
    "failure-with-payload",
    "ERR-2",
    "After a 9000 with a payload the client goes on",
    () => ({
      bytes: responseOf(ERROR_CODE, utf8("go away ".repeat(30))),
    }),
  ),
  failsOnce(
    "no-response",
    "ERR-5",
    "After no response at all the client goes on",
    () => close(new Uint8Array()),
  ),
  failsOnce(
    "half-header",
    "ERR-5",
    "After a response that ends in its header the client goes on",
    (good) => close(good.subarray(0, 4)),
  ),
  failsOnce(
    "cut-off",
    "ERR-5",
    "After a list that breaks off the client goes on",
    (good) => close(good.subarray(0, good.length - 100)),
  ),
  failsOnce(
    "other-code",
    "ERR-5",
    "After the response to another request the client goes on",
    (_good, _cast, codeOf) =>
      close(
        responseOf(
          codeOf(responseCode[PULL]),
          responseCodecs[PULL].encode([]),
        ),
      ),
  ),
  failsOnce(
    "four-gib",
    "ERR-5",
    "After a response that claims 4 GiB the client goes on",
    (_good, _cast, codeOf) =>
      close(claiming({
        code: codeOf(responseCode.clientsList),
        payloadSize: 0xffffffff,
      }, new Uint8Array(1000))),
  ),
];

function keyHolder({ scenario }: Observed) {
  return scenario.people.find(({ name }) => name === "guest7");
}
