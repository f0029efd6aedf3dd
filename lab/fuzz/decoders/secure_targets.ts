/**
 * What reads in the secure protocol, as targets: payloads, records, packages and
 * the relay's line.
 *
 * @module
 */

import { equals } from "@std/bytes";
import { encodeHex } from "@std/encoding";
import { drawIdentity, drawPackages } from "../../harness/secure/identity.ts";
import { readRecord } from "../../../shared/secure/account_record.ts";
import {
  PACKAGE_SIZE,
  packageCodec,
  readPackage,
} from "../../../shared/secure/key_package.ts";
import {
  formatRelayLine,
  LINE_PREFIX,
  parseRelayLine,
} from "../../../shared/secure/relay_line.ts";
import {
  refusalCodec,
  secureRequestCodecs,
  type SecureRequestKind,
  secureRequestKinds,
  secureResponseCodecs,
} from "../../../shared/secure/secure_requests.ts";
import type { Codec } from "../../../shared/wire/fields.ts";
import { FormatError } from "../../../shared/wire/format_error.ts";
import { expect } from "../failure.ts";
import {
  bytesOf,
  type DecoderTarget,
  exact,
  ID,
  NAME,
  settling,
} from "./codec_targets.ts";

/** A count of 8 bytes. */
const COUNT = [5, 0, 0, 0, 0, 0, 0, 0];
const KEY = new Uint8Array(32).fill(9);
const SIGNATURE = new Uint8Array(64).fill(6);
const RSA_KEY = new Uint8Array(160).fill(7);
const SIZED = [3, 0, 0, 0, 1, 2, 3];
const PACKAGE = new Uint8Array(PACKAGE_SIZE).fill(4);

/** The payload of a request and of its response, of each kind. */
const samples: Record<
  SecureRequestKind,
  readonly [request: Uint8Array<ArrayBuffer>, response: Uint8Array<ArrayBuffer>]
> = {
  hello: [
    bytesOf([1, 1, 0, 0, 0, 0]),
    bytesOf([1], [0, 0, 0, 0], KEY, KEY, COUNT, COUNT, [1]),
  ],
  register: [
    bytesOf(RSA_KEY, SIZED, [0, 0, 0, 0], [1], KEY, SIGNATURE),
    bytesOf(ID),
  ],
  challenge: [bytesOf(ID), new Uint8Array(128).fill(3)],
  authenticate: [
    bytesOf(COUNT, [1, 0, 0, 0], SIGNATURE),
    bytesOf(COUNT, [1, 0, 0, 0], [100, 0], [2, 0, 0, 0]),
  ],
  lookUp: [bytesOf([0], NAME), bytesOf(ID, RSA_KEY, SIZED)],
  claim: [
    bytesOf(ID, ID, ID),
    bytesOf(ID, PACKAGE, [1], PACKAGE, ID, PACKAGE, [0]),
  ],
  publish: [bytesOf(PACKAGE, PACKAGE), bytesOf([100, 0])],
  send: [
    bytesOf(ID, COUNT, ID, [1, 0, 0, 0], [9, 0, 0, 0], ID, SIZED, ID, SIZED),
    bytesOf([2], COUNT),
  ],
  fetch: [
    bytesOf(COUNT, [50, 0], [0, 0, 1, 0]),
    bytesOf(COUNT, COUNT, COUNT, ID, ID, ID, [1], COUNT, SIZED),
  ],
  record: [bytesOf(SIZED, SIGNATURE, SIGNATURE), bytesOf([2, 0, 0, 0])],
  outcome: [bytesOf(ID, ID), bytesOf(ID, [1], COUNT, ID, [4], COUNT)],
  sendLegacy: [bytesOf(ID, ID, [3], SIZED), bytesOf([7, 0, 0, 0])],
  delete: [SIGNATURE, bytesOf()],
  ping: [bytesOf(), bytesOf()],
};

/** The payload of each kind that holds a name, which is read leniently. */
const LENIENT: SecureRequestKind = "lookUp";

function payloadTargets(): DecoderTarget[] {
  const target = (
    name: string,
    codec: Codec<unknown>,
    sample: Uint8Array<ArrayBuffer>,
    isLenient = false,
  ): DecoderTarget => ({
    name,
    samples: [sample],
    throws: FormatError,
    run: (isLenient ? settling : exact)(codec),
  });
  return [
    ...secureRequestKinds.flatMap((kind) => {
      const [request, response] = samples[kind];
      return [
        target(
          `secure ${kind}`,
          secureRequestCodecs[kind] as Codec<unknown>,
          request,
          kind === LENIENT,
        ),
        target(
          `response of secure ${kind}`,
          secureResponseCodecs[kind] as Codec<unknown>,
          response,
        ),
      ];
    }),
    target(
      "refusal",
      refusalCodec as Codec<unknown>,
      bytesOf([5, 0], [0, 0, 0, 0], [1, 2, 3]),
    ),
    target("keyPackage", packageCodec as Codec<unknown>, PACKAGE_SAMPLE),
  ];
}

/** A package of the form; its signature is none. */
const PACKAGE_SAMPLE = PACKAGE.slice();
PACKAGE_SAMPLE.set([1, 0, 0, 0, 1], 16);
PACKAGE_SAMPLE.set(COUNT, PACKAGE_SIZE - 72);

/** Makes the signed samples, and hands back all that reads. */
export async function secureTargets(): Promise<DecoderTarget[]> {
  const identity = await drawIdentity("anna");
  const record = identity.record.bytes as Uint8Array<ArrayBuffer>;
  const packages = await drawPackages(identity, 1) as Uint8Array<
    ArrayBuffer
  >[];
  const line = { hostname: "relay.example", port: 1358 };
  const key = identity.identity.publicKey;
  const lines = [line, { ...line, hostname: "::1" }]
    .map((line) => new TextEncoder().encode(formatRelayLine({ ...line, key })));
  return [...payloadTargets(), {
    name: "readRecord",
    samples: [record],
    throws: FormatError,
    async run(input) {
      const { bytes } = await readRecord(input);
      expect(
        equals(input, bytes) && equals(input, record),
        "no record but the signed one",
        encodeHex(input),
      );
    },
  }, {
    name: "readPackage",
    samples: packages,
    throws: FormatError,
    async run(input) {
      await readPackage(input, identity.signing.publicKey);
      expect(
        packages.some((known) => equals(known, input)),
        "no package but the signed ones",
        encodeHex(input),
      );
    },
  }, {
    name: "parseRelayLine",
    samples: lines,
    throws: FormatError,
    run(input) {
      const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(input);
      const read = parseRelayLine(text);
      const again = formatRelayLine(read);
      const tail = again.slice(again.lastIndexOf("/"));
      expect(
        text.startsWith(LINE_PREFIX) && text.endsWith(tail) &&
          equals(parseRelayLine(again).key, read.key),
        "the same key again, and nothing behind it",
        again,
      );
    },
  }];
}
