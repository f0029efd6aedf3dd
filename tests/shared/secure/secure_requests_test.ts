import { assert, assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes";
import fc from "fast-check";
import {
  refusalCodec,
  secureRequestCode,
  secureRequestCodecs,
  type SecureRequestKind,
  secureRequestKind,
  secureRequestKinds,
  type SecureRequestPayloads,
  secureResponseCode,
  secureResponseCodecs,
  type SecureResponsePayloads,
} from "../../../shared/secure/secure_requests.ts";
import type { Codec } from "../../../shared/wire/fields.ts";
import { FormatError } from "../../../shared/wire/format_error.ts";

/** Bytes of one value, which are as good as any here. */
const exactly = (size: number) =>
  fc.integer({ min: 0, max: 0xff }).map((byte) =>
    new Uint8Array(size).fill(byte)
  ) as fc.Arbitrary<never>;
const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u64 = fc.nat({ max: Number.MAX_SAFE_INTEGER }) as fc.Arbitrary<never>;
const id = exactly(16);
const keyPackage = exactly(1309);
const signature = exactly(64);
const publicKey = exactly(160);
const sized = fc.uint8Array({ maxLength: 40 });
const name = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)),
  minLength: 1,
  maxLength: 254,
});
const fields = <T extends object>(values: FieldsOf<T>): fc.Arbitrary<T> =>
  fc.record(values, { noNullPrototype: true }) as fc.Arbitrary<T>;
const some = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 3 });

/** A value of each field. */
type FieldsOf<T> = { [F in keyof T]: fc.Arbitrary<T[F]> };

const requests: {
  [K in SecureRequestKind]: FieldsOf<SecureRequestPayloads[K]>;
} = {
  hello: { least: u8, most: u8, features: u32 },
  register: {
    publicKey,
    record: sized,
    invitation: sized,
    proof: fc.option(exactly(32), { nil: undefined }),
    signature,
  },
  challenge: { account: id },
  authenticate: { count: u64, recordVersion: u32, signature },
  lookUp: {
    by: fc.oneof(fields({ name }), fields({ account: id })),
  },
  claim: { account: id, devices: some(id) },
  publish: { packages: some(keyPackage) },
  send: {
    uid: id,
    count: u64,
    account: id,
    recordVersion: u32,
    lifetime: u32,
    envelopes: some(fields({ device: id, content: sized })),
  },
  fetch: { acknowledged: u64, wait: u16, most: u32 },
  record: { record: sized, signatures: some(signature) },
  outcome: { uids: some(id) },
  sendLegacy: {
    uid: id,
    target: id,
    type: fc.constantFrom(1, 2, 3, 4),
    content: sized,
  },
  delete: { signature },
  ping: {},
};

const responses: {
  [K in SecureRequestKind]: FieldsOf<SecureResponsePayloads[K]>;
} = {
  hello: {
    version: u8,
    features: u32,
    relayKey: exactly(32),
    nonce: exactly(32),
    time: u64,
    largest: u32,
    retention: u32,
    registration: u8,
  },
  register: { account: id },
  challenge: { encrypted: exactly(128) },
  authenticate: {
    highestCount: u64,
    recordVersion: u32,
    singleUseLeft: u16,
    waiting: u32,
  },
  lookUp: { account: id, publicKey, record: sized },
  claim: {
    packages: some(fields({
      device: id,
      weekly: keyPackage,
      single: fc.option(keyPackage, { nil: undefined }),
    })),
  },
  publish: { singleUseLeft: u16 },
  send: { taken: fc.constantFrom(1, 2), highestCount: u64 },
  fetch: {
    time: u64,
    lastSeq: u64,
    messages: some(fields({
      seq: u64,
      uid: id,
      account: id,
      device: id,
      flags: u8,
      arrived: u64,
      content: sized,
    })),
  },
  record: { version: u32 },
  outcome: {
    outcomes: some(fields({
      uid: id,
      state: fc.constantFrom(1, 2, 3, 4),
      time: u64,
    })),
  },
  sendLegacy: { messageId: u32 as fc.Arbitrary<never> },
  delete: {},
  ping: {},
};

/** A codec and its values. */
type Pair = readonly [Codec<unknown>, fc.Arbitrary<unknown>];

const pairs: readonly Pair[] = [
  ...secureRequestKinds.flatMap((kind): Pair[] => [
    [
      secureRequestCodecs[kind] as Codec<unknown>,
      fields<object>(requests[kind]),
    ],
    [
      secureResponseCodecs[kind] as Codec<unknown>,
      fields<object>(responses[kind]),
    ],
  ]),
  [
    refusalCodec as Codec<unknown>,
    fields({ reason: u16, retryAfter: u32, detail: sized }),
  ],
];

Deno.test("each payload encodes and decodes to the same", () => {
  for (const [codec, values] of pairs) {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = codec.encode(value);
        assertEquals(bytes.length, codec.size(value));
        const decoded = codec.decode(bytes);
        assertEquals(codec.encode(decoded), bytes);
        bytes.fill(0xaa);
        assertEquals(decoded, value, "it doesn't change with the bytes");
      }),
      { numRuns: 20 },
    );
  }
});

Deno.test("a payload that is cut is refused, or has fewer entries", () => {
  for (const [codec, values] of pairs) {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = codec.encode(value);
        for (let size = 0; size < bytes.length; size++) {
          const cut = bytes.subarray(0, size);
          const read = decodeOr(codec, cut);
          if (read !== undefined) assertEquals(codec.encode(read), cut);
          if (codec.fixedSize !== undefined) assertEquals(read, undefined);
        }
      }),
      { numRuns: 2 },
    );
  }
});

Deno.test("a payload with one byte more is refused", () => {
  for (const [codec, values] of pairs) {
    if (codec === refusalCodec as Codec<unknown>) continue;
    fc.assert(
      fc.property(values, u8, (value, byte) => {
        const bytes = concat([codec.encode(value), Uint8Array.of(byte)]);
        const error = assertThrows(() => codec.decode(bytes), FormatError);
        assert(error.message.startsWith(codec.name), error.message);
      }),
      { numRuns: 5 },
    );
  }
});

/** The value of bytes; undefined where they are refused. */
function decodeOr<T>(codec: Codec<T>, bytes: Uint8Array): T | undefined {
  try {
    return codec.decode(bytes);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

Deno.test("values that a field doesn't have are refused", () => {
  const zeros = (size: number) => new Uint8Array(size);
  const cases: readonly [Codec<unknown>, Uint8Array, number, number, string][] =
    [
      [
        secureRequestCodecs.lookUp,
        zeros(17),
        0,
        2,
        "lookUp.by: expected 0 to 1",
      ],
      [
        secureRequestCodecs.register,
        zeros(233),
        168,
        2,
        "register.proof: expected 0 or 1, got 2",
      ],
      [
        secureResponseCodecs.send,
        zeros(9),
        0,
        3,
        "send.taken: expected 1 or 2",
      ],
      [
        secureResponseCodecs.outcome,
        zeros(25),
        16,
        5,
        "outcome.outcomes[0].state: expected 1 or 2 or 3 or 4, got 5",
      ],
      [
        secureRequestCodecs.sendLegacy,
        zeros(37),
        32,
        5,
        "sendLegacy.type: expected a type from 1 to 4, got 5",
      ],
      [
        secureRequestCodecs.fetch,
        zeros(14),
        6,
        0x20,
        "fetch.acknowledged: expected an integer of at most 2^53 - 1",
      ],
      [
        secureRequestCodecs.record,
        zeros(4),
        0,
        1,
        "record.record: 1 bytes claimed, 0 left",
      ],
    ];
  for (const [codec, bytes, at, value, message] of cases) {
    bytes[at] = value;
    assertThrows(() => codec.decode(bytes), FormatError, message);
  }
  assertThrows(
    () => secureRequestCodecs.fetch.encode({ acknowledged: 2 ** 53 } as never),
    FormatError,
    "fetch.acknowledged: expected an integer of 53 bits",
  );
});

Deno.test("each code is of one kind", () => {
  for (const [index, kind] of secureRequestKinds.entries()) {
    assertEquals(secureRequestCode(kind), 3000 + index);
    assertEquals(secureResponseCode(kind), 4000 + index);
    assertEquals(secureRequestKind(3000 + index), kind);
  }
  for (const code of [0, 600, 2999, 3014, 4000, 4999, 65535]) {
    assertEquals(secureRequestKind(code), undefined, `${code}`);
  }
});

/** The payloads of lists, with so many items. */
const lists: Record<
  string,
  (items: number) => [SecureRequestKind, Uint8Array]
> = {
  "3005": (items) => ["claim", new Uint8Array(16 + 16 * items)],
  "3006": (items) => ["publish", new Uint8Array(1309 * items)],
  "3007": (items) => ["send", new Uint8Array(48 + 20 * items)],
  "3009": (items) => ["record", new Uint8Array(4 + 64 * items)],
  "3010": (items) => ["outcome", new Uint8Array(16 * items)],
};
const limits: Record<string, number> = {
  "3005": 255,
  "3006": 256,
  "3007": 255,
  "3009": 255,
  "3010": 1024,
};

for (const [code, payloadOf] of Object.entries(lists)) {
  Deno.test(`a ${code} of too many items is refused before they are read`, () => {
    const limit = limits[code] ?? 0;
    const [kind, payload] = payloadOf(limit);
    secureRequestCodecs[kind].decode(payload);
    const [, longer] = payloadOf(limit + 1);
    assertThrows(
      () => secureRequestCodecs[kind].decode(longer),
      FormatError,
      `more than ${limit} items`,
    );
  });
}
