import { assertEquals, assertThrows } from "@std/assert";
import { concat, equals } from "@std/bytes";
import fc from "fast-check";
import {
  type ClientId,
  type Codec,
  decodeRequest,
  encodeRequest,
  encodeResponse,
  FormatError,
  inbox,
  listedClients,
  type MessageId,
  messageSent,
  type MessageType,
  publicKey,
  publicKeyAnswer,
  readInbox,
  register,
  registered,
  requestCodecs,
  requestHeader,
  type requestKinds,
  responseCodecs,
  responseHeader,
  sendMessage,
  shortRequestHeader,
} from "../../shared/mod.ts";

const exactly = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length });
const id = exactly(16) as fc.Arbitrary<ClientId>;
const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const messageId = u32 as fc.Arbitrary<MessageId>;
const type = fc.constantFrom<MessageType>(1, 2, 3, 4);
const name = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)),
  minLength: 1,
  maxLength: 254,
});
const content = fc.uint8Array({ maxLength: 300 });

function roundTrips<T>(codec: Codec<T>, values: fc.Arbitrary<T>): void {
  Deno.test(`${codec.name}: encodes and decodes to the same`, () => {
    fc.assert(fc.property(values, (value) => {
      const bytes = codec.encode(value);
      assertEquals(bytes.length, codec.size(value));
      assertEquals(codec.decode(bytes), value);
      assertEquals(codec.encode(codec.decode(bytes)), bytes);
    }));
  });

  Deno.test(`${codec.name}: refuses every shorter and every longer payload`, () => {
    fc.assert(fc.property(values, fc.nat(), (value, cut) => {
      const bytes = codec.encode(value);
      // In a list, what ends between two items is a shorter list.
      const isList = codec.name === "listedClients" || codec.name === "inbox";
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

  Deno.test(`${codec.name}: what was decoded doesn't change with the bytes`, () => {
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
roundTrips(
  register,
  fc.record({ name, publicKey: exactly(160) }, { noNullPrototype: true }),
);
roundTrips(publicKey, fc.record({ target: id }, { noNullPrototype: true }));
roundTrips(
  sendMessage,
  fc.record({ target: id, type, content }, { noNullPrototype: true }),
);
roundTrips(registered, fc.record({ clientId: id }, { noNullPrototype: true }));
roundTrips(
  listedClients,
  fc.array(fc.record({ clientId: id, name }, { noNullPrototype: true })),
);
roundTrips(
  publicKeyAnswer,
  fc.record({ clientId: id, publicKey: exactly(160) }, {
    noNullPrototype: true,
  }),
);
roundTrips(
  messageSent,
  fc.record({ target: id, messageId }, { noNullPrototype: true }),
);
const waiting = fc.array(
  fc.record({ sender: id, messageId, type: u8, content }, {
    noNullPrototype: true,
  }),
);
roundTrips(inbox, waiting);
roundTrips(requestCodecs.clientsList, fc.constant({}));
roundTrips(requestCodecs.waitingMessages, fc.constant({}));
roundTrips(responseCodecs[9000], fc.constant({}));

Deno.test("every decoder takes any bytes or throws a FormatError", () => {
  const codecs: Codec<unknown>[] = [
    ...Object.values(requestCodecs),
    ...Object.values(responseCodecs),
  ];
  assertEquals(codecs.length, 11);
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
  assertEquals(register.fixedSize, 415);
  assertEquals(requestCodecs.clientsList.fixedSize, 0);
  assertEquals(publicKey.fixedSize, 16);
  assertEquals(sendMessage.fixedSize, undefined);
  assertEquals(registered.fixedSize, 16);
  assertEquals(publicKeyAnswer.fixedSize, 176);
  assertEquals(messageSent.fixedSize, 20);
  assertEquals(responseCodecs[9000].fixedSize, 0);
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
  const decode = (kind: typeof requestKinds[number], hex: string) => () =>
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
      () => register.encode({ name: "a", publicKey: new Uint8Array(162) }),
      "register.publicKey: expected 160 bytes, got 162",
    ],
    [
      () =>
        register.encode({
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
      () => inbox.decode(new Uint8Array(24)),
      "inbox[0].content: no size, 3 left",
    ],
  ];
  for (const [fails, message] of cases) {
    assertEquals(assertThrows(fails, FormatError).message, message);
  }
});

Deno.test("a name ends at its NUL; what stands behind doesn't count", () => {
  const field = new Uint8Array(415);
  field.set(new TextEncoder().encode("p3\0xyz"));
  assertEquals(register.decode(field).name, "p3");
  const longest = { name: "n".repeat(254), publicKey: new Uint8Array(160) };
  assertEquals(register.decode(register.encode(longest)), longest);
});

Deno.test("a list's names are read whatever they hold", () => {
  const entry = (field: Uint8Array) => {
    const bytes = new Uint8Array(271);
    bytes.set(field, 16);
    return listedClients.decode(bytes)[0]?.name;
  };
  const utf8 = new TextEncoder();
  assertEquals(entry(new Uint8Array(0)), "");
  assertEquals(entry(utf8.encode("two words")), "two words");
  assertEquals(entry(utf8.encode("דנה")), "דנה");
  assertEquals(entry(utf8.encode("\ufeffnoa")), "\ufeffnoa");
  assertEquals(entry(new Uint8Array(255).fill(0x41)), "A".repeat(255));
  assertEquals(entry(new Uint8Array([0xff, 0x41])), "\ufffdA");
  // Written, a long one is cut between two characters and keeps its NUL.
  const [cut] = listedClients.decode(
    listedClients.encode([{
      clientId: new Uint8Array(16) as ClientId,
      name: "ש".repeat(200),
    }]),
  );
  assertEquals(cut?.name, "ש".repeat(127));
});

Deno.test("the whole messages of a damaged inbox can be read", () => {
  fc.assert(fc.property(waiting, fc.nat(), (messages, cut) => {
    const bytes = inbox.encode(messages);
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
    const used = inbox.encode(messages.slice(0, read.length)).length;
    assertEquals(damaged, used < left.length);
  }));
});
