import { type Dialect, dialects } from "../../../shared/wire/dialects.ts";
import {
  type RequestKind,
  requestKinds,
  requests,
} from "../../../shared/wire/requests.ts";
import { soundAnswer, soundRequest } from "./frame_case.ts";
import { failed, PLAIN, sampleAnswer, sampleRequest } from "./frames.ts";
import type { FrameVector } from "../vector.ts";

/** Each request and each response, in every dialect. */
export function dialectFrames(): FrameVector[] {
  return dialects.flatMap((dialect) => [
    ...requestKinds.flatMap((kind) => framesOf(kind, dialect)),
    soundAnswer(
      `failure-${dialect.name}`,
      inWords("A failure", dialect),
      failed(dialect),
      dialect.name,
    ),
  ]);
}

function framesOf(kind: RequestKind, dialect: Dialect): FrameVector[] {
  const { label, responseLabel } = requests[kind];
  const rest = (made: string, label: string, bytes: Uint8Array) =>
    [
      `${label.replaceAll(" ", "-")}-${dialect.name}`,
      inWords(`The ${made} "${label}"`, dialect),
      bytes,
      dialect.name,
    ] as const;
  // A relay that gets all of them has a name for each.
  const name = dialect === PLAIN ? "anna" : `anna-${dialect.name}`;
  return [
    soundRequest(
      ...rest("request", label, sampleRequest(kind, dialect, { name })),
    ),
    soundAnswer(
      ...rest("response", responseLabel, sampleAnswer(kind, dialect)),
    ),
  ];
}

function inWords(about: string, { name, blockSize }: Dialect): string {
  return blockSize > 0
    ? `${about}, in a block: zeros fill it to ${blockSize} bytes.`
    : `${about}, in dialect ${name}.`;
}
