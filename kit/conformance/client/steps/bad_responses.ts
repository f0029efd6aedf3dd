/**
 * Steps in which the server answers badly, and the client has to go on.
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
import type { Cast } from "../cast.ts";
import {
  about as requestsAbout,
  cameOrFails,
  messagesFor,
  ofKind,
} from "../findings.ts";
import type { Check, Scene, Step } from "../step.ts";
import { NAME } from "./registration.ts";
import { PULL } from "../../../requests.ts";

/** What a client prints where the server answered 9000 (section 12). */
const FAILURE_SENTENCE = "server responded with an error";
/** What it says in other words, which is told as well. */
const FAILURE_WORDS = /error|fail|refus|reject|unexpected|9000/i;
const FAILED = encodeResponse(FAILURE);

/** Makes a response of the good one; a code is one of the first dialect's. */
type Spoil = (
  good: Uint8Array,
  cast: Cast,
  codeOf: (code: ResponseCode) => number,
) => RawResponse;

/** Spoils the responses to a kind of request: the first of the step, or all. */
function spoiling(
  kind: RequestKind,
  cast: Cast,
  spoil: Spoil,
  which: "first" | "all",
): Responder {
  let count = 0;
  return async (arrival, makeGood) => {
    const good = await makeGood();
    const isMeant = arrival.kind === kind &&
      (which === "all" || count++ === 0);
    if (!isMeant) return { bytes: good };
    return spoil(good, cast, (code) => responseCodeIn(arrival.dialect, code));
  };
}

const saysThatItFailed = ({ output }: Scene) =>
  output === undefined || FAILURE_WORDS.test(output);

const lists = (scene: Scene) => ofKind(scene.arrived, "clientsList");

/** The list is spoiled once, and the client has to ask again and rightly. */
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
    prepare: (cast) => spoiling("clientsList", cast, spoil, "first"),
    isComplete: (scene) => lists(scene).length > 1,
    checks: [
      {
        name,
        clause,
        about,
        expected: "another 601 afterwards",
        judge: (scene) =>
          cameOrFails("other 601 afterwards", lists(scene).slice(1), {
            ...scene,
            arrived: lists(scene),
          }),
      },
      ...isTold
        ? [{
          name: `${name}-told`,
          clause,
          about: `The client says "${FAILURE_SENTENCE}", or so`,
          drivenOnly: true,
          judge: (scene: Scene) =>
            saysThatItFailed(scene) ? undefined : {
              fails: "it told of no error",
              at: scene.arrived.slice(-2),
            },
        }]
        : [],
    ],
  };
}

/**
 * The lists are spoiled and have somebody new, about whom the client has to ask
 * then: it can know the id only from such a list.
 */
function listWith(
  guest: string,
  name: string,
  clause: ClauseId,
  about: string,
  spoil: Spoil,
  more: readonly Check[] = [],
): Step {
  const asked = (scene: Scene) =>
    requestsAbout(
      scene.arrived,
      "publicKey",
      scene.cast.people.find((person) => person.name === guest),
    );
  return {
    subject: "responses",
    title: `Ask for the clients list, then for the public key of ${guest}`,
    choices: [["120"], ["130", guest]],
    sees: `${guest} in the list`,
    prepare(cast) {
      cast.invite(guest);
      return spoiling("clientsList", cast, spoil, "all");
    },
    isComplete: (scene) => asked(scene).length > 0,
    checks: [
      {
        name,
        clause,
        about,
        expected: `a 602 for ${guest}, whose id stands in that list alone`,
        judge: (scene) => cameOrFails(`602 for ${guest}`, asked(scene), scene),
      },
      ...more,
    ],
  };
}

/** Sends are answered in some way, and the client has to send again. */
function sentWith(name: string, about: string, payload: Uint8Array): Step {
  const sent = (scene: Scene) =>
    messagesFor(scene.arrived, scene.cast.ben, MessageType.KeyRequest);
  return {
    subject: "responses",
    title: "Ask ben for a symmetric key, twice",
    choices: [["151", "ben"], ["151", "ben"]],
    sees: "no failure",
    prepare: (cast) =>
      spoiling("sendMessage", cast, (_good, _cast, codeOf) => ({
        bytes: responseOf(codeOf(responseCode.sendMessage), payload),
      }), "all"),
    isComplete: (scene) => sent(scene).length > 1,
    checks: [{
      name,
      clause: "SND-16",
      about,
      expected: "both requests, and no failure",
      judge: (scene) => {
        const all = sent(scene);
        const missing = cameOrFails("second message", all.slice(1), scene);
        if (missing !== undefined) return missing;
        return scene.output?.includes(FAILURE_SENTENCE)
          ? { fails: `it printed "${FAILURE_SENTENCE}"`, at: all }
          : undefined;
      },
    }],
  };
}

const close = (bytes: Uint8Array): RawResponse => ({ bytes, closes: true });

/** Hostile parts of names, which must not reach a terminal as they are. */
const CONTROLS = ["\x1b]0;owned\x07", "\x1b[2J", "\x9b31m"] as const;

const utf8 = (text: string) => new TextEncoder().encode(text);

/** A list's entry with any bytes as its name. */
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

/** A good response with more entries. */
const withEntries = (good: Uint8Array, entries: Uint8Array) =>
  responseOf(
    responseHeader.decode(good.subarray(0, RESPONSE_HEADER_SIZE)).code,
    concat([entries, good.subarray(RESPONSE_HEADER_SIZE)]),
  );

/** The texts that must not be printed as they are. */
export function printsNoControls(texts: readonly string[]): Check["judge"] {
  return ({ output = "", arrived }) => {
    const shown = texts.find((text) => output.includes(text));
    return shown === undefined
      ? undefined
      : { fails: `it printed ${JSON.stringify(shown)}`, at: arrived.slice(-1) };
  };
}

export { CONTROLS };

const registrations = ({ arrived }: Scene) => ofKind(arrived, "register");

/** The registrations that aren't a refused one tried with another version. */
const tries = (scene: Scene) => {
  const all = registrations(scene);
  return all.filter(({ header }) => header.version === all[0]?.header.version);
};

/** The first registrations are refused, whatever their version. */
export const registrationRefused: Step = {
  subject: "registration",
  title: `Try twice to register as ${NAME}, which is refused`,
  choices: [["110", NAME], ["110", NAME]],
  sees: `"${FAILURE_SENTENCE}"`,
  prepare: () => () => Promise.resolve({ bytes: FAILED }),
  isComplete: (scene) => tries(scene).length > 1,
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
    judge: (scene) => cameOrFails("second 600", tries(scene).slice(1), scene),
  }, {
    name: "tries-version-1",
    clause: "ERR-4",
    about: "A refused registration is tried once more with version 1",
    judge: (scene) =>
      registrations(scene).some(({ header }) => header.version === 1)
        ? undefined
        : { skips: "it needn't, and didn't" },
  }],
};

/** Bad responses, the mildest first. */
export const badResponses: readonly Step[] = [
  listWith(
    "guest1",
    "version-3",
    "ANS-4",
    "A list in a response of version 3 is taken",
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
    "A list that comes byte by byte is taken",
    (bytes) => ({ bytes, bytewise: true }),
  ),
  listWith(
    "guest3",
    "zeros-behind",
    "CON-10",
    "A list with zeros behind it, in a block of 1024 bytes, is taken",
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
    "A server that closes after its response is asked again",
    close,
  ),
  listWith(
    "guest5",
    "list-with-asker",
    "LST-5",
    "A list that has the asker, too, is taken",
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
    "A list with empty, unended, foreign and hostile names is taken",
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
    prepare(cast) {
      cast.invite("guest7");
      return spoiling("publicKey", cast, (good, _, codeOf) => ({
        bytes: responseOf(
          codeOf(responseCode.publicKey),
          good.subarray(-PUBLIC_KEY_SIZE),
        ),
      }), "all");
    },
    isComplete: (scene) => keyHolder(scene)?.keys.length === 1,
    checks: [{
      name: "key-alone",
      clause: "KEY-4",
      about: "A 2102 that is the public key alone is taken",
      expected: "a symmetric key for guest7, under that public key",
      judge: (scene) => {
        if (keyHolder(scene)?.keys.length) return undefined;
        const sent = messagesFor(
          scene.arrived,
          keyHolder(scene),
          MessageType.Key,
        );
        return cameOrFails("message of type 2 for guest7", sent, scene) ??
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

function keyHolder({ cast }: Scene) {
  return cast.people.find(({ name }) => name === "guest7");
}
