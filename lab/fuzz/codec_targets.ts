/**
 * The codecs as targets: what they take must be what they give.
 *
 * @module
 */

import { equals } from "@std/bytes";
import { encodeHex } from "@std/encoding";
import type { DecryptError } from "../../shared/crypto/crypto.ts";
import type { Codec } from "../../shared/wire/fields.ts";
import { FormatError } from "../../shared/wire/format_error.ts";
import {
  requestCodecs,
  requestHeader,
  shortRequestHeader,
} from "../../shared/wire/requests.ts";
import {
  inbox,
  readInbox,
  responseCodecs,
  responseHeader,
} from "../../shared/wire/responses.ts";
import { expect } from "./failure.ts";

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
function exact<T>(codec: Codec<T>) {
  return (input: Uint8Array) => {
    const again = codec.encode(codec.decode(input));
    expect(equals(again, input), "the same bytes again", encodeHex(again));
  };
}

/** What decodes has to encode to bytes that are the same from then on. */
function settling<T>(codec: Codec<T>) {
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
const CONTENT = new Uint8Array([
  0xc2,
  ...ID.subarray(1),
  3,
  4,
  0,
  0,
  0,
  9,
  8,
  7,
  6,
]);

/** Bytes one behind the other. */
export function bytesOf(
  ...parts: (Uint8Array | number[])[]
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** The codecs of all payloads and headers. */
export function codecTargets(): DecoderTarget[] {
  const waiting = bytesOf(ID, [7, 0, 0, 0, 3, 4, 0, 0, 0, 9, 8, 7, 6]);
  const samples: Record<string, Uint8Array<ArrayBuffer>> = {
    requestHeader: bytesOf(ID, [2, 0x5b, 2, 0x25, 0, 0, 0]),
    shortRequestHeader: bytesOf(ID, [2, 103, 0x25, 0, 0, 0]),
    responseHeader: bytesOf([2, 0x38, 8, 0, 1, 0, 0]),
    register: bytesOf(NAME, new Uint8Array(160).fill(7)),
    publicKey: bytesOf(ID),
    sendMessage: bytesOf(CONTENT),
    registered: bytesOf(ID),
    listedClients: bytesOf(ID, NAME, ID, NAME),
    publicKeyAnswer: bytesOf(ID, new Uint8Array(160).fill(7)),
    messageSent: bytesOf(ID, [1, 0, 0, 0]),
    inbox: bytesOf(waiting, waiting, waiting),
  };
  // Names are read leniently, so that their bytes needn't come again.
  const lenient = ["register", "listedClients"];
  const codecs: Codec<unknown>[] = [
    requestHeader,
    shortRequestHeader,
    responseHeader,
    ...Object.values(requestCodecs),
    ...Object.values(responseCodecs),
  ];
  return codecs.map((codec) => ({
    name: codec.name,
    samples: [samples[codec.name] ?? new Uint8Array()],
    throws: FormatError,
    run: lenient.includes(codec.name) ? settling(codec) : exact(codec),
  }));
}

/** Reads an inbox message by message; what stands before a damage counts. */
export function inboxReader(sample: Uint8Array<ArrayBuffer>): DecoderTarget {
  return {
    name: "readInbox",
    samples: [sample],
    throws: FormatError,
    run(input) {
      const messages = [];
      try {
        for (const message of readInbox(input)) messages.push(message);
      } finally {
        const whole = inbox.encode(messages);
        expect(
          equals(whole, input.subarray(0, whole.length)),
          "the whole messages at the start",
          `${messages.length} others`,
        );
      }
    },
  };
}
