/** Frames of every kind: sound ones of all dialects, and such as break a clause. */

import type { ClauseId } from "../../../kit/clauses.ts";
import {
  exportPublicKey,
  generateKeyPair,
} from "../../../shared/crypto/crypto.ts";
import { BLOCK_SIZE, type Dialect } from "../../../shared/wire/dialects.ts";
import {
  type ClientId,
  type MessageId,
  ZERO_ID,
} from "../../../shared/wire/protocol.ts";
import { encodeRequest, encodeResponse } from "../../../shared/wire/frames.ts";
import type { Direction } from "../../../kit/dissect/dissector.ts";
import { PULL } from "../../../kit/requests.ts";

const { publicKey: key } = await generateKeyPair();
export const publicKey = await exportPublicKey(key);
export const anna = Uint8Array.fromHex(
  "a1b2c3d4e5f64711a8b9cadbecfd0e1f",
) as ClientId;
export const bob = Uint8Array.fromHex(
  "0b0b0b0b0b0b4b0b8b0b0b0b0b0b0b0b",
) as ClientId;
export const messageId = (value: number) => value as MessageId;
const as = { clientId: anna };

/** The key without the NULL of its algorithm: 158 bytes of DER, and two more. */
export function shortKey(padding: Uint8Array): Uint8Array {
  const inner = publicKey.subarray(18);
  return join(
    Uint8Array.fromHex("30819b300b06092a864886f70d010101"),
    inner,
    padding,
  );
}

/** A 603 from anna to bob. */
export function sent(
  type: 1 | 2 | 3 | 4,
  size: number,
): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(size).fill(0xc7);
  return encodeRequest("sendMessage", { target: bob, type, content }, as);
}

/** A 602. */
const asked = () => encodeRequest("publicKey", { target: bob }, as);
/** A 600. */
export const registration = () =>
  encodeRequest("register", { name: "anna", publicKey }, {
    clientId: ZERO_ID,
  });
/** A 2104 of texts. */
export const waiting = (...sizes: number[]) =>
  encodeResponse({
    code: 2104,
    payload: sizes.map((size, index) => ({
      sender: bob,
      messageId: messageId(index + 1),
      type: 3,
      content: new Uint8Array(size),
    })),
  });
/** A 2101. */
export const listed = () =>
  encodeResponse({
    code: 2101,
    payload: [
      { clientId: bob, name: "bob" },
      { clientId: anna, name: "anna" },
    ],
  });

/** The bytes with some of them changed. */
export function changed(
  frame: Uint8Array,
  at: number,
  ...bytes: number[]
): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(frame);
  copy.set(bytes, at);
  return copy;
}

/** All of them in one array. */
export const join = (...parts: Uint8Array[]) =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

/** A frame of each kind in a dialect. */
export function soundFrames(
  dialect: Dialect,
): Record<Direction, Uint8Array[]> {
  const options = { ...as, dialect };
  const requests = [
    encodeRequest("register", { name: "anna", publicKey }, {
      clientId: ZERO_ID,
      dialect,
    }),
    encodeRequest("clientsList", {}, options),
    encodeRequest("publicKey", { target: bob }, options),
    ...([[1, 0], [2, 128], [3, 16], [4, 4096]] as const).map((
      [type, size],
    ) =>
      encodeRequest("sendMessage", {
        target: bob,
        type,
        content: new Uint8Array(size),
      }, options)
    ),
    encodeRequest(PULL, {}, options),
  ];
  const answers = [
    encodeResponse({ code: 2100, payload: { clientId: anna } }, { dialect }),
    encodeResponse({ code: 2101, payload: [] }, { dialect }),
    encodeResponse({ code: 2102, payload: { clientId: bob, publicKey } }, {
      dialect,
    }),
    encodeResponse({
      code: 2103,
      payload: { target: bob, messageId: messageId(7) },
    }, { dialect }),
    encodeResponse({ code: 2104, payload: [] }, { dialect }),
    encodeResponse({ code: 9000, payload: {} }, { dialect }),
  ];
  return { request: requests, answer: answers };
}

/** Of each a name, and the clauses that it breaks, in their order. */
export const brokenFrames: readonly [
  name: string,
  direction: Direction,
  frame: Uint8Array,
  clauses: ClauseId[],
][] = [
  ["nothing", "request", new Uint8Array(), ["FRM-2"]],
  ["half a header", "request", registration().subarray(0, 18), ["FRM-2"]],
  ["half a payload", "request", registration().subarray(0, 200), ["FRM-2"]],
  ["a header alone", "answer", listed().subarray(0, 7), ["FRM-2"]],
  ["bytes behind", "request", join(sent(1, 0), as.clientId), ["FRM-2"]],
  [
    "a 602 in a block whose size says 0",
    "request",
    join(changed(asked(), 19, 0), new Uint8Array(BLOCK_SIZE - 39)),
    ["FRM-2"],
  ],
  ["code 666", "request", changed(sent(1, 0), 17, 0x9a, 2), ["REQ-5"]],
  ["code 1", "answer", changed(listed(), 1, 1, 0), ["ANS-3"]],
  [
    "a 602 in big endian",
    "request",
    changed(asked(), 17, 2, 0x5a, 0, 0, 0, 16),
    ["FRM-1", "FRM-1"],
  ],
  [
    "an empty list in big endian",
    "answer",
    changed(listed().subarray(0, 7), 1, 8, 0x35, 0, 0, 0, 0),
    ["FRM-1"],
  ],
  ["version 1", "request", changed(sent(1, 0), 16, 1), ["REQ-8"]],
  ["an answer's version 1", "answer", changed(listed(), 0, 1), ["ANS-2"]],
  ["nobody asks", "request", changed(sent(1, 0), 0, ...ZERO_ID), ["REQ-9"]],
  ["an id without one", "request", changed(registration(), 0, ...anna), [
    "REQ-9",
  ]],
  [
    "601 with a payload",
    "request",
    join(changed(encodeRequest("clientsList", {}, as), 19, 1), anna.slice(15)),
    ["REQ-6"],
  ],
  [
    "a registration of 414 bytes",
    "request",
    changed(registration().subarray(0, 437), 19, 0x9e),
    ["REQ-6"],
  ],
  [
    "a name without a NUL",
    "request",
    changed(registration(), 23, ...new Uint8Array(255).fill(0x61)),
    ["NAM-2"],
  ],
  ["no name", "request", changed(registration(), 23, 0, 0, 0, 0), ["NAM-3"]],
  ["a bell as name", "request", changed(registration(), 23, 7), ["NAM-4"]],
  ["a blank in a name", "request", changed(registration(), 24, 32), ["NAM-8"]],
  ["dirty padding", "request", changed(registration(), 40, 1), ["NAM-1"]],
  ["dirty padding in a list", "answer", changed(listed(), 90, 1), ["LST-4"]],
  [
    "a listed name without a NUL",
    "answer",
    changed(listed(), 23, ...new Uint8Array(255).fill(0x61)),
    ["LST-4"],
  ],
  ["no key", "request", changed(registration(), 278, 7), ["PUB-1"]],
  [
    "a key without the algorithm's NULL, padded",
    "request",
    changed(registration(), 278, ...shortKey(new Uint8Array(2))),
    [],
  ],
  [
    "a key without the algorithm's NULL, padded with a one",
    "request",
    changed(registration(), 278, ...shortKey(new Uint8Array([0, 1]))),
    ["PUB-1"],
  ],
  ["type 5", "request", changed(sent(1, 0), 39, 5), ["SND-5"]],
  ["a content too short", "request", changed(sent(3, 32), 40, 16), ["SND-8"]],
  ["a short type 1", "request", changed(sent(1, 128), 40, 0x7f), [
    "SND-8",
    "MSG-1",
  ]],
  ["a content too long", "request", changed(sent(3, 32), 40, 48), ["SND-8"]],
  ["a 4 GiB content", "request", changed(sent(3, 32), 43, 0xff), ["SND-8"]],
  ["a wild type 1", "request", changed(sent(1, 0), 22, 0xff), ["SND-1"]],
  ["a type 1 of size 0", "request", changed(sent(1, 0), 19, 0), ["SND-1"]],
  ["a full request for a key", "request", sent(1, 128), ["MSG-1"]],
  ["a key of 127 bytes", "request", sent(2, 127), ["RSA-1"]],
  ["a text of 15 bytes", "request", sent(3, 15), ["AES-1"]],
  ["an empty file", "request", sent(4, 0), ["AES-1"]],
  ["a waiting text of 15 bytes", "answer", waiting(16, 15), ["AES-1"]],
  [
    "an id that isn't random",
    "answer",
    encodeResponse({ code: 2100, payload: { clientId: ZERO_ID } }),
    ["CID-2", "CID-3"],
  ],
  [
    "a list that isn't whole",
    "answer",
    changed(listed().subarray(0, 548), 3, 0x1d),
    ["LST-1"],
  ],
  [
    "the key alone",
    "answer",
    join(new Uint8Array([2, 0x36, 8, 160, 0, 0, 0]), publicKey),
    ["KEY-1"],
  ],
  ["2103 alone", "answer", new Uint8Array([2, 0x37, 8, 0, 0, 0, 0]), ["SND-2"]],
  [
    "9000 with a payload",
    "answer",
    new Uint8Array([2, 0x28, 0x23, 1, 0, 0, 0, 1]),
    ["ERR-1"],
  ],
  [
    "an inbox whose content is longer",
    "answer",
    changed(waiting(16), 28, 17),
    ["PUL-1"],
  ],
  [
    "an inbox that ends within a message",
    "answer",
    changed(waiting(16, 16).subarray(0, 58), 3, 51),
    ["PUL-1"],
  ],
];
