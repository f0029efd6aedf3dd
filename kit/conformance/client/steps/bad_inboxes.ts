/**
 * Steps with bad messages in the inbox, between which the client must read the
 * sound ones.
 *
 * @module
 */

import type { ClauseId } from "../../../clauses.ts";
import {
  type Dialect,
  responseCodeIn,
} from "../../../../shared/wire/dialects.ts";
import {
  type ClientId,
  drawClientId,
  MessageType,
} from "../../../../shared/wire/protocol.ts";
import { responseCode } from "../../../../shared/wire/requests.ts";
import { generateSymmetricKey } from "../../../../shared/crypto/crypto.ts";
import { claiming, type Responder } from "../responder.ts";
import type { Scenario } from "../scenario.ts";
import { ofKind, printedOrFails, shows } from "../findings.ts";
import type { Check, Observed, Step } from "../step.ts";
import { type Letter, unopened } from "../person.ts";
import { CONTROLS, printsNoControls } from "./bad_responses.ts";
import { PULL } from "../../../requests.ts";

const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));

/** Makes waiting messages, in groups of a response each. */
type Batches = (
  scenario: Scenario,
  key: CryptoKey,
) => Promise<readonly (readonly Letter[])[]>;

/** Requests for a list behind the last pull, once no message waits. */
function listsBehind({ arrived, scenario }: Observed) {
  if (scenario.waiting.length > 0) return [];
  const last = arrived.findLastIndex(({ kind }) => kind === PULL);
  return last < 0 ? [] : ofKind(arrived.slice(last), "clientsList");
}

/** A step with a pull that must show these texts. */
function pull(
  name: string,
  clause: ClauseId,
  about: string,
  texts: readonly string[],
  batches: Batches,
  { count = 1, checks = [], responder }: {
    count?: number;
    checks?: readonly Check[];
    responder?: () => Responder;
  } = {},
): Step {
  const times = count === 1 ? "" : `, ${count} times`;
  return {
    subject: "inboxes",
    title: `Ask for waiting messages${times}; then ask for the clients list`,
    choices: [...Array.from({ length: count }, () => ["140"]), ["120"]],
    sees: texts.map((text) => JSON.stringify(text)).join(", "),
    isSeen: shows(...texts),
    async prepare(scenario) {
      // A restarted client may have lost its keys.
      const key = await generateSymmetricKey();
      const first = await scenario.ben.keyLetter(scenario.clientKey, key);
      const [start = [], ...rest] = await batches(scenario, key);
      scenario.waiting.push(
        [first, ...start],
        ...rest.map((batch) => [...batch]),
      );
      return responder?.();
    },
    isComplete: (observed) => listsBehind(observed).length > 0,
    checks: [{
      name,
      clause,
      about,
      expected: `a 601 behind the last 604${
        texts.length > 0 ? ", and the texts" : ""
      }`,
      judge: (observed) => {
        if (observed.scenario.waiting.length > 0) {
          return {
            fails:
              `${observed.scenario.waiting.length} responses weren't pulled`,
            at: observed.arrived.slice(-2),
          };
        }
        if (listsBehind(observed).length === 0) {
          return {
            fails: "nothing came behind the last 604",
            at: observed.arrived.slice(-1),
          };
        }
        return printedOrFails(observed, texts);
      },
    }, ...checks],
  };
}

/** Puts bad messages between two texts, in one response. */
const between = (
  texts: readonly [before: string, behind: string],
  bad: (
    scenario: Scenario,
    key: CryptoKey,
  ) => Promise<readonly Letter[]> | readonly Letter[],
): Batches =>
async (scenario, key) => [[
  await scenario.ben.textLetter(key, texts[0]),
  ...await bad(scenario, key),
  await scenario.ben.textLetter(key, texts[1]),
]];

/** A step with a pull with a bad message in the middle. */
function badMiddle(
  name: string,
  what: string,
  bad: (
    scenario: Scenario,
    key: CryptoKey,
  ) => Promise<readonly Letter[]> | readonly Letter[],
): Step {
  const texts = [`before ${name}`, `behind ${name}`] as const;
  return pull(
    name,
    "DLV-5",
    `Texts around ${what} are shown`,
    texts,
    between(texts, bad),
  );
}

const SLICES = ["slice one", "slice two", "slice three"] as const;
const LATE_KEY = "under a key that came behind its text";
const HOSTILE = `hostile${CONTROLS.join("")}text`;

/** Spoils the response to the first pull. */
function spoilingFirst(
  spoil: (good: Uint8Array, dialect: Dialect) => Uint8Array,
): Responder {
  let isFirst = true;
  return async ({ kind, dialect }, makeGood) => {
    const good = await makeGood();
    if (kind !== PULL || !isFirst) return { bytes: good };
    isFirst = false;
    return { bytes: spoil(good, dialect), closes: true };
  };
}

/** Cuts the first response in its last message. */
const cutsFirst = () =>
  spoilingFirst((good) => good.subarray(0, good.length - 5));

/** Claims 4 GiB in the first response. */
const claimsMuch = () =>
  spoilingFirst((_good, dialect) => {
    const code = responseCodeIn(dialect, responseCode[PULL]);
    return claiming({ code, payloadSize: 0xffffffff }, random(10));
  });

/** Steps with bad inboxes. */
export const badInboxes: readonly Step[] = [
  pull(
    "slices",
    "PUL-8",
    "Messages that come in three responses are all shown",
    SLICES,
    async ({ ben }, key) =>
      await Promise.all(
        SLICES.map(async (text) => [await ben.textLetter(key, text)]),
      ),
    { count: 3 },
  ),
  pull(
    "repeats",
    "PUL-8",
    "Messages that come twice do no harm",
    ["said twice", "said once"],
    async ({ ben }, key) => {
      const twice = await ben.textLetter(key, "said twice");
      return [
        [twice, twice],
        [twice, await ben.textLetter(key, "said once")],
      ];
    },
    { count: 2 },
  ),
  pull(
    "key-behind-text",
    "PUL-8",
    "A text before its key does no harm to what follows",
    [LATE_KEY],
    async ({ ben, clientKey }, key) => {
      const late = await generateSymmetricKey();
      let count = 0;
      return [[
        await unopened(
          [...ben.keys, key],
          () => ben.textLetter(late, `before its key ${count++}`),
        ),
        await ben.keyLetter(clientKey, late),
        await ben.textLetter(late, LATE_KEY),
      ]];
    },
  ),
  badMiddle(
    "unreadable-text",
    "one that no key opens",
    async ({ ben }, key) => [
      await unopened(
        [...ben.keys, key],
        () => ben.letter(MessageType.Text, random(48)),
      ),
    ],
  ),
  badMiddle(
    "odd-size",
    "one of 15 bytes, and one of none",
    ({ ben }) => [
      ben.letter(MessageType.Text, random(15)),
      ben.letter(MessageType.File, new Uint8Array()),
    ],
  ),
  badMiddle(
    "unreadable-key",
    "a key that isn't for the client",
    ({ ben }) => [
      ben.letter(MessageType.Key, random(128)),
      ben.letter(MessageType.Key, random(16)),
    ],
  ),
  badMiddle(
    "unknown-type",
    "a message of type 9",
    ({ ben }) => [ben.letter(9, random(20))],
  ),
  badMiddle(
    "request-with-content",
    "a request for a key that has content",
    ({ ben }) => [ben.letter(MessageType.KeyRequest, random(128))],
  ),
  badMiddle(
    "unknown-sender",
    "a message of an unlisted sender",
    (
      { ben },
    ) => [from(drawClientId(), ben.letter(MessageType.Text, random(32)))],
  ),
  pull(
    "broken-utf8",
    "DLV-5",
    "A text that isn't UTF-8 costs no other",
    ["behind the broken one"],
    async ({ ben }, key) => [[
      await ben.bytesLetter(key, new Uint8Array([0x61, 0xff, 0xc3, 0x28])),
      await ben.textLetter(key, "behind the broken one"),
    ]],
  ),
  pull(
    "hostile-text",
    "DLV-5",
    "A text with control characters costs no other",
    ["behind the hostile one"],
    async ({ ben }, key) => [[
      await ben.textLetter(key, HOSTILE),
      await ben.textLetter(key, "behind the hostile one"),
    ]],
    {
      checks: [{
        name: "text-shown",
        clause: "MSG-7",
        about: "Control characters of a text don't reach the terminal",
        drivenOnly: true,
        judge: printsNoControls(CONTROLS),
      }],
    },
  ),
  pull(
    "inbox-cut-off",
    "DLV-4",
    "Complete messages of a response that breaks off are shown",
    ["whole before the break"],
    async ({ ben }, key) => [[
      await ben.textLetter(key, "whole before the break"),
      await ben.textLetter(key, "cut off"),
    ]],
    { responder: cutsFirst },
  ),
  pull(
    "inbox-of-4-gib",
    "ERR-5",
    "After a response that claims 4 GiB the next one is read",
    ["behind the four GiB"],
    async ({ ben, clientKey }) => [
      [],
      await ben.keyAndTexts(clientKey, "behind the four GiB"),
    ],
    { count: 2, responder: claimsMuch },
  ),
];

function from(sender: ClientId, { message }: Letter): Letter {
  return { message: { ...message, sender } };
}
