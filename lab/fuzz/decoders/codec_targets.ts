/**
 * The codecs as targets: what they take must be what they give.
 *
 * @module
 */

import { equals } from "@std/bytes";
import { encodeHex } from "@std/encoding";
import type { DecryptError } from "../../../shared/crypto/crypto.ts";
import type { Codec } from "../../../shared/wire/fields.ts";
import type { Fields, FieldType } from "../../../shared/wire/field_types.ts";
import { FormatError } from "../../../shared/wire/format_error.ts";
import { readInbox } from "../../harness/responses.ts";
import {
  requestHeader,
  responseHeader,
  shortRequestHeader,
} from "../../../shared/wire/frames.ts";
import {
  failureCodec,
  requestCodecs,
  requestKinds,
  requestRecord,
  requests,
  responseCodecs,
} from "../../../shared/wire/requests.ts";
import { expect } from "../failure.ts";
import { PULL } from "../../../kit/requests.ts";

/** Something that reads. */
export interface DecoderTarget {
  name: string;
  /** Valid inputs, which are changed into others. */
  samples: readonly Uint8Array<ArrayBuffer>[];
  /** The only errors that it may throw. */
  throws: typeof FormatError | typeof DecryptError;
  /** Reads; throws a FuzzFailure where what it read doesn't hold. */
  run: (input: Uint8Array<ArrayBuffer>) => void | Promise<void>;
}

/** What decodes has to encode to the same bytes again. */
export function exact<T>(codec: Codec<T>) {
  return (input: Uint8Array) => {
    const again = codec.encode(codec.decode(input));
    expect(equals(again, input), "the same bytes again", encodeHex(again));
  };
}

/** What decodes has to encode to bytes that are the same from then on. */
export function settling<T>(codec: Codec<T>) {
  return (input: Uint8Array) => {
    const once = codec.encode(codec.decode(input));
    const twice = codec.encode(codec.decode(once));
    expect(equals(once, twice), encodeHex(once), encodeHex(twice));
  };
}

/** An id. */
export const ID = new Uint8Array(16).fill(0xc1);
/** A name as it stands in 255 bytes. */
export const NAME = new Uint8Array(255);
NAME.set(new TextEncoder().encode("anna"));
/** Bytes one behind the other. */
export function bytesOf(
  ...parts: (Uint8Array | number[])[]
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** Bytes of a field of each type. */
const samples: Record<FieldType, Uint8Array> = {
  u8: bytesOf([3]),
  u32: bytesOf([7, 0, 0, 0]),
  clientId: ID,
  messageId: bytesOf([1, 0, 0, 0]),
  messageType: bytesOf([3]),
  name: NAME,
  listedName: NAME,
  publicKey: new Uint8Array(160).fill(7),
  content: bytesOf([4, 0, 0, 0, 9, 8, 7, 6]),
};

/** The codec of a payload with these fields as a target. */
function payloadTarget<T>(
  name: string,
  codec: Codec<T>,
  fields: Fields,
  isList = false,
): DecoderTarget {
  const types = Object.values(fields);
  const sample = bytesOf(...types.map((type) => samples[type]));
  return {
    name,
    samples: [isList ? bytesOf(sample, sample, sample) : sample],
    throws: FormatError,
    // Names are read leniently, so that their bytes needn't come again.
    run: types.includes("name") || types.includes("listedName")
      ? settling(codec)
      : exact(codec),
  };
}

function headerTarget<T>(codec: Codec<T>, bytes: number[]): DecoderTarget {
  return {
    name: codec.name,
    samples: [bytesOf(bytes)],
    throws: FormatError,
    run: exact(codec),
  };
}

/** The codecs of all payloads and headers. */
export function codecTargets(): DecoderTarget[] {
  return [
    headerTarget(requestHeader, [...ID, 2, 0x5b, 2, 0x25, 0, 0, 0]),
    headerTarget(shortRequestHeader, [...ID, 2, 103, 0x25, 0, 0, 0]),
    headerTarget(responseHeader, [2, 0x38, 8, 0, 1, 0, 0]),
    ...requestKinds.flatMap((kind) => {
      const { request, response, isList } = requestRecord(kind);
      return [
        payloadTarget(kind, requestCodecs[kind] as Codec<unknown>, request),
        payloadTarget(
          `response of ${kind}`,
          responseCodecs[kind] as Codec<unknown>,
          response,
          isList,
        ),
      ];
    }),
    payloadTarget("failure", failureCodec, {}),
    inboxReader(),
  ];
}

/** Reads an inbox message by message; what stands before a damage counts. */
function inboxReader(): DecoderTarget {
  const codec = responseCodecs[PULL];
  return {
    ...payloadTarget(
      "readInbox",
      codec,
      requests[PULL].response,
      true,
    ),
    run(input) {
      const messages = [];
      try {
        for (const message of readInbox(input)) messages.push(message);
      } finally {
        const whole = codec.encode(messages);
        expect(
          equals(whole, input.subarray(0, whole.length)),
          "the whole messages at the start",
          `${messages.length} others`,
        );
      }
    },
  };
}
