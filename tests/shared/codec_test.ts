import { assertEquals, assertThrows } from "@std/assert";
import { concat, equals } from "@std/bytes";
import fc from "fast-check";
import { readInbox } from "../../lab/harness/responses.ts";
import { type ClientId, type Codec, FormatError } from "../../shared/mod.ts";
import {
  failureCodec,
  requestCodecs,
  type RequestKind,
  requestKinds,
  requestRecord,
  requests,
  responseCodecs,
  type WaitingMessage,
} from "../../shared/wire/requests.ts";
import type { Fields, FieldType } from "../../shared/wire/field_types.ts";
import {
  decodeRequest,
  encodeRequest,
  encodeResponse,
  requestHeader,
  responseHeader,
  shortRequestHeader,
} from "../../shared/wire/frames.ts";
import { PULL } from "../../kit/requests.ts";

const exactly = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length });
const id = exactly(16) as fc.Arbitrary<ClientId>;
const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const name = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)),
  minLength: 1,
  maxLength: 254,
});
const values: Record<FieldType, fc.Arbitrary<unknown>> = {
  u8,
  u32,
  clientId: id,
  messageId: u32,
  messageType: fc.integer({ min: 1, max: 4 }),
  name,
  listedName: name,
  publicKey: exactly(160),
  content: fc.uint8Array({ maxLength: 300 }),
};

function roundTrips<T>(
  codec: Codec<T>,
  values: fc.Arbitrary<T>,
  side = "",
): void {
  Deno.test(`${side}${codec.name}: encodes and decodes to the same`, () => {
    fc.assert(fc.property(values, (value) => {
      const bytes = codec.encode(value);
      assertEquals(bytes.length, codec.size(value));
      assertEquals(codec.decode(bytes), value);
      assertEquals(codec.encode(codec.decode(bytes)), bytes);
    }));
  });

  Deno.test(`${side}${codec.name}: refuses every shorter and every longer payload`, () => {
    fc.assert(fc.property(values, fc.nat(), (value, cut) => {
      const bytes = codec.encode(value);
      // In a list, what ends between two items is a shorter list.
      const isList = codec.shape.kind === "list";
      if (bytes.length > 0 && !isList) {
        const shorter = bytes.subarray(0, cut % bytes.length);
        const error = assertThrows(() => codec.decode(shorter), FormatError);
        assertEquals(error.message.startsWith(codec.name), true);
      }
      const longer = concat([bytes, new Uint8Array([1])]);
      const error = assertThrows(() => codec.decode(longer), FormatError);
      assertEquals(error.message.startsWith(codec.name), true);
    }));
  });

  Deno.test(`${side}${codec.name}: what was decoded doesn't change with the bytes`, () => {
    fc.assert(fc.property(values, (value) => {
      const bytes = codec.encode(value);
      const decoded = codec.decode(bytes);
      bytes.fill(0xaa);
      assertEquals(decoded, value);
    }));
  });
}

roundTrips(
  requestHeader,
  fc.record({ clientId: id, version: u8, code: u16, payloadSize: u32 }, {
    noNullPrototype: true,
  }),
);
roundTrips(
  shortRequestHeader,
  fc.record({ clientId: id, version: u8, code: u8, payloadSize: u32 }, {
    noNullPrototype: true,
  }),
);
roundTrips(
  responseHeader,
  fc.record({ version: u8, code: u16, payloadSize: u32 }, {
    noNullPrototype: true,
  }),
);
const valuesOf = (fields: Fields) =>
  fc.record(
    Object.fromEntries(
      Object.entries(fields).map(([name, type]) => [name, values[type]]),
    ),
    { noNullPrototype: true },
  );
for (const kind of requestKinds) {
  const { request, response, isList } = requestRecord(kind);
  roundTrips(requestCodecs[kind] as Codec<unknown>, valuesOf(request));
  roundTrips(
    responseCodecs[kind] as Codec<unknown>,
    isList ? fc.array(valuesOf(response)) : valuesOf(response),
    "response of ",
  );
}
roundTrips(failureCodec, fc.constant({}));

Deno.test("every decoder takes any bytes or throws a FormatError", () => {
  const codecs: Codec<unknown>[] = [
    ...Object.values(requestCodecs),
    ...Object.values(responseCodecs),
    failureCodec,
  ];
  for (const codec of codecs) {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      try {
        codec.decode(bytes);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
      }
    }));
  }
});

Deno.test("the sizes on the wire are the protocol's", () => {
  assertEquals(requestHeader.fixedSize, 23);
  assertEquals(responseHeader.fixedSize, 7);
  assertEquals(requestCodecs.register.fixedSize, 415);
  assertEquals(requestCodecs.clientsList.fixedSize, 0);
  assertEquals(requestCodecs.publicKey.fixedSize, 16);
  assertEquals(requestCodecs.sendMessage.fixedSize, undefined);
  assertEquals(responseCodecs.register.fixedSize, 16);
  assertEquals(responseCodecs.publicKey.fixedSize, 176);
  assertEquals(responseCodecs.sendMessage.fixedSize, 20);
  assertEquals(failureCodec.fixedSize, 0);
});

Deno.test("whole frames: a header that fits, then the payload", () => {
  const clientId = new Uint8Array(16).fill(0xab) as ClientId;
  const frame = encodeRequest("clientsList", {}, { clientId });
  assertEquals(frame.toHex(), "ab".repeat(16) + "02" + "5902" + "00000000");
  assertEquals(
    encodeResponse({ code: 9000, payload: {} }).toHex(),
    "02" + "2823" + "00000000",
  );
  const sent = encodeRequest("sendMessage", {
    target: clientId,
    type: 3,
    content: new Uint8Array([1, 2, 3]),
  }, { clientId, version: 1, code: 703 });
  assertEquals(
    sent.toHex(),
    "ab".repeat(16) + "01" + "bf02" + "18000000" + "ab".repeat(16) + "03" +
      "03000000" + "010203",
  );
  const { payload } = decodeRequest("sendMessage", sent.subarray(23));
  assertEquals(
    equals(clientId, (payload as { target: ClientId }).target),
    true,
  );
});

Deno.test("errors name the field, what it expected and what it got", () => {
  const target = "11".repeat(16);
  const decode = (kind: RequestKind, hex: string) => () =>
    decodeRequest(kind, Uint8Array.fromHex(hex));
  const cases: [() => unknown, string][] = [
    [
      decode("sendMessage", `${target}03e8030000${"00".repeat(16)}`),
      "sendMessage.content: 1000 bytes claimed, 16 left",
    ],
    [
      decode("sendMessage", `${target}0900000000`),
      "sendMessage.type: expected a type from 1 to 4, got 9",
    ],
    [
      decode("sendMessage", `${target}030100000041ff`),
      "sendMessage: expected the end after 22 bytes, 1 left",
    ],
    [
      decode("publicKey", "1122"),
      "publicKey.target: expected 16 bytes, 2 left",
    ],
    [
      decode("register", `${"41".repeat(255)}${"00".repeat(160)}`),
      "register.name: expected a NUL within 255 bytes, got none",
    ],
    [
      decode("register", `${"00".repeat(255)}${"00".repeat(160)}`),
      "register.name: a name has at least 1 character",
    ],
    [
      decode("register", `4107${"00".repeat(253)}${"00".repeat(160)}`),
      "register.name: a name holds printable ASCII characters only",
    ],
    [
      () =>
        requestCodecs.register.encode({
          name: "a",
          publicKey: new Uint8Array(162),
        }),
      "register.publicKey: expected 160 bytes, got 162",
    ],
    [
      () =>
        requestCodecs.register.encode({
          name: "n".repeat(255),
          publicKey: new Uint8Array(160),
        }),
      "register.name: a name has at most 254 characters, got 255",
    ],
    [
      () => responseHeader.encode({ version: 256, code: 2100, payloadSize: 0 }),
      "responseHeader.version: expected an integer of 1 bytes, got 256",
    ],
    [
      () => responseCodecs[PULL].decode(new Uint8Array(24)),
      "waitingMessages[0].content: no size, 3 left",
    ],
  ];
  for (const [fails, message] of cases) {
    assertEquals(assertThrows(fails, FormatError).message, message);
  }
});

Deno.test("a name ends at its NUL; what stands behind doesn't count", () => {
  const field = new Uint8Array(415);
  field.set(new TextEncoder().encode("p3\0xyz"));
  assertEquals(requestCodecs.register.decode(field).name, "p3");
  const longest = { name: "n".repeat(254), publicKey: new Uint8Array(160) };
  assertEquals(
    requestCodecs.register.decode(requestCodecs.register.encode(longest)),
    longest,
  );
});

Deno.test("a list's names are read whatever they hold", () => {
  const entry = (field: Uint8Array) => {
    const bytes = new Uint8Array(271);
    bytes.set(field, 16);
    return responseCodecs.clientsList.decode(bytes)[0]?.name;
  };
  const utf8 = new TextEncoder();
  assertEquals(entry(new Uint8Array(0)), "");
  assertEquals(entry(utf8.encode("two words")), "two words");
  assertEquals(entry(utf8.encode("דנה")), "דנה");
  assertEquals(entry(utf8.encode("\ufeffnoa")), "\ufeffnoa");
  assertEquals(entry(new Uint8Array(255).fill(0x41)), "A".repeat(255));
  assertEquals(entry(new Uint8Array([0xff, 0x41])), "\ufffdA");
  // Written, a long one is cut between two characters and keeps its NUL.
  const [cut] = responseCodecs.clientsList.decode(
    responseCodecs.clientsList.encode([{
      clientId: new Uint8Array(16) as ClientId,
      name: "ש".repeat(200),
    }]),
  );
  assertEquals(cut?.name, "ש".repeat(127));
});

Deno.test("the whole messages of a damaged inbox can be read", () => {
  const waiting = valuesOf(requests[PULL].response);
  fc.assert(fc.property(fc.array(waiting), fc.nat(), (records, cut) => {
    const messages = records as unknown as WaitingMessage[];
    const bytes = responseCodecs[PULL].encode(messages);
    const left = bytes.subarray(0, cut % (bytes.length + 1));
    const read: unknown[] = [];
    let damaged = false;
    try {
      for (const message of readInbox(left)) read.push(message);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      damaged = true;
    }
    assertEquals(read, messages.slice(0, read.length));
    const used = responseCodecs[PULL].encode(messages.slice(0, read.length))
      .length;
    assertEquals(damaged, used < left.length);
  }));
});
