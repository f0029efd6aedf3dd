/** Requests and their answers, some of which don't fit. */

import type { ClauseId } from "../../../kit/clauses.ts";
import { dialectNamed } from "../../../shared/wire/dialects.ts";
import { FAILURE } from "../../../shared/wire/requests.ts";
import { encodeRequest, encodeResponse } from "../../../shared/wire/frames.ts";
import { anna, bob, listed, messageId, sent } from "./frames.ts";
import { PULL } from "../../../kit/requests.ts";

const as = { clientId: anna };
const list = encodeRequest("clientsList", {}, as);
const pull = encodeRequest(PULL, {}, as);
const oldSent = encodeRequest("sendMessage", {
  target: bob,
  type: 3,
  content: new Uint8Array(16),
}, { ...as, dialect: dialectNamed("100") });

/** Of each a name, the requests, the answers, and the clauses that they break. */
export const exchanges: readonly [
  name: string,
  requests: Uint8Array[],
  answers: Uint8Array[],
  clauses: ClauseId[],
][] = [
  ["the answer that is owed", [list], [listed()], []],
  ["a failure", [list], [encodeResponse(FAILURE)], []],
  ["another answer", [pull], [listed()], ["ANS-3"]],
  [
    "the answer of another dialect",
    [oldSent],
    [encodeResponse({
      code: 2103,
      payload: { target: bob, messageId: messageId(1) },
    })],
    ["ANS-3"],
  ],
  [
    "another's key",
    [encodeRequest("publicKey", { target: bob }, as)],
    [encodeResponse({
      code: 2102,
      payload: { clientId: anna, publicKey: new Uint8Array(160) },
    })],
    ["PUB-1", "KEY-1"],
  ],
  [
    "a message for another",
    [sent(4, 16)],
    [encodeResponse({
      code: 2103,
      payload: { target: anna, messageId: messageId(1) },
    })],
    ["SND-2"],
  ],
  [
    "a wrong type that is taken",
    [sent(4, 16).map((byte, at) => at === 39 ? 5 : byte)],
    [encodeResponse({
      code: 2103,
      payload: { target: bob, messageId: messageId(1) },
    })],
    ["SND-5", "SND-5"],
  ],
  [
    "a content too short that is taken",
    [sent(4, 32).map((byte, at) => at === 40 ? 16 : byte)],
    [encodeResponse({
      code: 2103,
      payload: { target: bob, messageId: messageId(1) },
    })],
    ["SND-8", "SND-8"],
  ],
  ["an answer to nothing", [list], [listed(), listed()], ["FRM-4"]],
  ["two requests at once", [list, list], [listed(), listed()], ["FRM-7"]],
];
