/**
 * Frames as a client would send them, and such as only a careless or a hostile
 * one would.
 *
 * @module
 */

import {
  defaultDialect,
  type Dialect,
  dialects,
  requestCode,
} from "../../../shared/wire/dialects.ts";
import {
  type ClientId,
  type MessageType,
  NAME_SIZE,
  PUBLIC_KEY_SIZE,
  REQUEST_HEADER_SIZE,
  SEND_OVERHEAD,
} from "../../../shared/wire/protocol.ts";
import {
  requestCodecs,
  type RequestKind,
  requestKinds,
  type RequestPayloads,
  responseCodes,
} from "../../../shared/wire/requests.ts";
import { encodeRequest, requestHeader } from "../../../shared/wire/frames.ts";
import { castNames, standIns, STRANGER } from "./cast.ts";
import { BLOCKS, CONTENT_SIZE_AT, SIZE_AT, TYPE_AT, viewOf } from "./layout.ts";
import type { Random } from "../../harness/random.ts";
import { PULL, unusedCodes } from "../../../kit/requests.ts";

/** What the frames of one case are made with. */
export interface Source {
  /** All draws. */
  random: Random;
  /** Bytes of the largest payload that the relay takes. */
  maxMessage: number;
  /** An unused name. */
  newName: () => string;
}

/** Those whose fields stand where layout.ts says. */
const known = dialects.filter(({ codeSize }) => codeSize === 2);

const anyClient = ({ random }: Source): ClientId =>
  random.oneIn(12) ? STRANGER : random.pick(standIns);

function request<K extends RequestKind>(
  source: Source,
  kind: K,
  payload: RequestPayloads[K],
  among: readonly Dialect[] = dialects,
): Uint8Array<ArrayBuffer> {
  const { random } = source;
  const dialect = random.oneIn(3) ? random.pick(among) : defaultDialect;
  return encodeRequest(kind, payload, {
    clientId: anyClient(source),
    version: random.oneIn(4) ? random.below(256) : 2,
    dialect,
  });
}

function send(
  source: Source,
  type: MessageType,
  size: number,
  among?: readonly Dialect[],
) {
  const content = source.random.bytes(size);
  const message = { target: anyClient(source), type, content };
  return request(source, "sendMessage", message, among);
}

/** Sizes that programs are known to trip over. */
export function oddSize({ random, maxMessage }: Source): number {
  const around = (size: number) => [size - 1, size, size + 1];
  return random.oneIn(3) ? random.u32() : random.pick([
    ...[0, 1, ...around(16), ...around(SEND_OVERHEAD), REQUEST_HEADER_SIZE],
    ...around(NAME_SIZE + PUBLIC_KEY_SIZE),
    ...[0xff, 0x100, 0xffff, 0x10000],
    ...around(maxMessage),
    ...[0x7fffffff, 0x80000000, 0xffffffff],
  ]);
}

function keyRequest(source: Source, claim: number): Uint8Array<ArrayBuffer> {
  const frame = send(source, 1, 0, known);
  viewOf(frame).setUint32(SIZE_AT, claim, true);
  return frame;
}

function nameField(source: Source, field: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = request(source, "register", {
    name: "x",
    publicKey: source.random.bytes(PUBLIC_KEY_SIZE),
  }, known);
  frame.set(field, REQUEST_HEADER_SIZE);
  return frame;
}

/** The kinds of requests without a payload. */
const empty = requestKinds.filter((kind) =>
  requestCodecs[kind].fixedSize === 0
);

/** Neighbours of those that are known, answers' codes, and what looks short. */
const UNKNOWN_CODES = [
  0,
  ...dialects.flatMap((dialect) => unusedCodes(dialect)),
  612,
  ...responseCodes,
  0xffff,
];

/** Each way to make a frame, by the name under which it is counted. */
export const productions: Readonly<
  Record<string, (source: Source) => Uint8Array<ArrayBuffer>>
> = {
  register: (source) =>
    request(source, "register", {
      name: source.newName(),
      publicKey: source.random.bytes(PUBLIC_KEY_SIZE),
    }),
  "taken name": (source) =>
    request(source, "register", {
      name: source.random.pick(castNames),
      publicKey: source.random.bytes(PUBLIC_KEY_SIZE),
    }),
  list: (source) => request(source, "clientsList", {}),
  "public key": (source) =>
    request(source, "publicKey", { target: anyClient(source) }),
  pull: (source) => request(source, PULL, {}),
  "key request": (source) => send(source, 1, 0),
  "key request with content": (source) => send(source, 1, 128),
  key: (source) => send(source, 2, 128),
  text: (source) => send(source, 3, 16 * source.random.between(0, 40)),
  file: (source) =>
    send(source, 4, source.random.pick([1, 999, 1024, 65_515, 70_000])),
  "largest message": (source) =>
    send(
      source,
      4,
      source.maxMessage - SEND_OVERHEAD + source.random.between(-1, 1),
    ),
  "any type": (source) => {
    const frame = send(source, 3, source.random.below(40), known);
    frame[TYPE_AT] = source.random.below(256);
    return frame;
  },
  "key request under a wrong size": (source) =>
    keyRequest(source, oddSize(source)),
  "false content size": (source) => {
    const frame = send(source, 3, source.random.below(60), known);
    viewOf(frame).setUint32(CONTENT_SIZE_AT, oddSize(source), true);
    return frame;
  },
  "payload where none belongs": (source) => {
    const { random } = source;
    const payload = random.bytes(random.pick([1, 16, 21, 300]));
    const head = requestHeader.encode({
      clientId: anyClient(source),
      version: 2,
      code: requestCode(random.pick(empty)),
      payloadSize: payload.length,
    });
    return new Uint8Array([...head, ...payload]);
  },
  "unknown code": (source) => {
    const { random } = source;
    const payload = random.bytes(random.below(50));
    const head = requestHeader.encode({
      clientId: anyClient(source),
      version: random.below(256),
      code: random.oneIn(2)
        ? random.pick(UNKNOWN_CODES)
        : random.below(0x10000),
      payloadSize: payload.length,
    });
    return new Uint8Array([...head, ...payload]);
  },
  "huge claim": (source) => {
    const { random, maxMessage } = source;
    return requestHeader.encode({
      clientId: anyClient(source),
      version: 2,
      code: requestCode(random.pick(requestKinds)),
      payloadSize: random.oneIn(2)
        ? 0xffffffff
        : maxMessage + random.below(0x10000),
    });
  },
  "name without NUL": (source) =>
    nameField(source, new Uint8Array(NAME_SIZE).fill(0x41)),
  "empty name": (source) => nameField(source, new Uint8Array(NAME_SIZE)),
  "name of any bytes": (source) =>
    nameField(
      source,
      source.random.bytes(source.random.between(1, NAME_SIZE)),
    ),
  "control character in a name": (source) =>
    nameField(
      source,
      new Uint8Array([0x61, source.random.pick([1, 9, 10, 13, 27, 127, 128])]),
    ),
  "garbage behind a name": (source) => {
    const name = new TextEncoder().encode(`${source.newName()}\0`);
    const field = source.random.bytes(NAME_SIZE);
    field.set(name);
    return nameField(source, field);
  },
  "a padded request": (source) => {
    const { random } = source;
    const size = random.pick([0, 700, 979, 1024 - 44 - random.below(25)]);
    const made = send(source, 3, size, [BLOCKS]);
    // Padding that is almost, or more than, what it should be.
    return random.oneIn(4) ? made.slice(0, -random.between(1, 30)) : made;
  },
  "random bytes": ({ random }) => random.bytes(random.between(1, 90)),
  zeros: ({ random }) =>
    new Uint8Array(random.pick([1, 22, 23, 24, 46, 500, 1024])),
};
