import { equals } from "@std/bytes";
import {
  answerCodeIn,
  BLOCK_SIZE,
  type Dialect,
  type DialectName,
  dialectNamed,
  paddingBehind,
} from "../../../../shared/dialects.ts";
import type { ClauseId } from "../../../../shared/clauses.ts";
import type {
  ClientId,
  RequestKind,
  ResponseCode,
} from "../../../../shared/protocol.ts";
import { encodeRequest, NOBODY, type RequestPayloads } from "../../../../shared/requests.ts";
import { describe, expectCode } from "../answer.ts";
import { type CheckEntry, CheckFailure, must, subject, Unprepared } from "../check.ts";
import { keyRequest, randomKey, randomName, registration } from "../frames.ts";
import type { Answer } from "../answer.ts";
import type { Probe } from "../probe.ts";
import { arrives, numbered } from "./pulling.ts";

/** The generations with codes of their own, and the clause of each. */
const OTHERS = [
  ["700", "DIA-1"],
  ["1100", "DIA-1"],
  ["1000", "DIA-2"],
  ["100", "DIA-3"],
] as const satisfies readonly (readonly [DialectName, ClauseId])[];

/** Checks of the protocol's other generations, and of clients that pad to blocks. */
export const generationChecks = subject("generations", [
  ...OTHERS.flatMap(([name, clause]): CheckEntry[] => {
    const dialect = dialectNamed(name);
    const { firstRequest: first } = dialect;
    return [
      [
        `generation-${name}`,
        clause,
        `All requests from ${first} to ${first + 4} are answered as their kind is`,
        (probe) => wholeTalk(probe, dialect),
      ],
      [
        `generation-${name}-refuses`,
        clause,
        `What is refused of ${first} to ${first + 4} is answered with 9000`,
        async (probe) => {
          const { id } = await probe.user();
          await spoken(probe, dialect);
          const unknown = numbered(16, 99) as ClientId;
          const frame = encodeRequest("publicKey", { target: unknown }, { clientId: id, dialect });
          expectCode(await probe.ask(frame), 9000);
        },
      ],
      [
        `generation-${name}-shares`,
        "DIA-4",
        `A message that was sent with ${first + 3} is pulled with 604, and the other way round`,
        (probe) => shares(probe, dialect),
      ],
    ];
  }),
  [
    "blocks-request",
    "DIA-5",
    "A request that zeros fill up to 1024 bytes is answered",
    async (probe) => {
      const { id } = await probe.user();
      const channel = await probe.connect();
      await channel.send(padded(keyRequest(id, id)));
      expectCode(await channel.answer(), 2102);
    },
  ],
  [
    "blocks-answer",
    "DIA-5",
    "The answer to a request in blocks of 1024 bytes fills such a block, and is the last",
    async (probe) => {
      const { id } = await probe.user();
      const channel = await probe.connect();
      await channel.send(padded(keyRequest(id, id)));
      const size = await blockBehind(channel);
      must(size === BLOCK_SIZE, `${BLOCK_SIZE} bytes of answer and zeros, and the end`, `${size} bytes`);
    },
  ],
  [
    "blocks-registration",
    "DIA-5",
    "A registration in a block of 1024 bytes is taken",
    async (probe) => {
      const channel = await probe.connect();
      await channel.send(padded(registration(randomName())));
      expectCode(await channel.answer(), 2100);
    },
  ],
]);
