import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type ClientId,
  type DialectName,
  dialectNamed,
  dialectNames,
  dialectOf,
  dialects,
  requestCode,
  requestKind,
  responseCodeIn,
  responseMeant,
} from "../../shared/mod.ts";
import { requestKinds, responseCodes } from "../../shared/wire/requests.ts";
import {
  encodeRequest,
  encodeResponse,
  encodeSendStart,
  requestHeaderAt,
  requestHeaderOf,
  responseHeader,
} from "../../shared/wire/frames.ts";

const ME = new Uint8Array(16).fill(0x11) as Uint8Array as ClientId;

Deno.test("each dialect has a code for each request, and no other code has a kind", () => {
  const asked = new Map<number, string>();
  for (let code = 0; code <= 0xffff; code++) {
    const kind = requestKind(code);
    if (kind !== undefined) asked.set(code, `${kind} ${dialectOf(code).name}`);
    else assertEquals(dialectOf(code).name, "600");
  }
  assertEquals(
    [...asked],
    ["100", "600", "700", "1000", "1100"].flatMap((name) =>
      requestKinds.map((kind, i): [number, string] => [
        Number(name) + i,
        `${kind} ${name}`,
      ])
    ),
  );
});

Deno.test("each dialect answers under its own codes, and 9000", () => {
  const firsts: Record<DialectName, number> = {
    "600": 2100,
    "700": 2100,
    "1100": 2100,
    "1000": 2000,
    "100": 1000,
    blocks: 2100,
  };
  for (const dialect of dialects) {
    const codes = responseCodes.map((code) => responseCodeIn(dialect, code));
    const first = firsts[dialect.name];
    assertEquals(codes, requestKinds.map((_, i) => first + i).concat(9000));
    for (const code of responseCodes) {
      assertEquals(responseMeant(dialect, responseCodeIn(dialect, code)), code);
    }
    assertEquals(
      responseMeant(dialect, first + requestKinds.length),
      undefined,
    );
  }
});

Deno.test("a name finds its dialect", () => {
  assertEquals(dialects.map(({ name }) => name), [...dialectNames]);
  for (const name of dialectNames) assertEquals(dialectNamed(name).name, name);
});

Deno.test("a list's request in each dialect, byte by byte", () => {
  const frames: Record<DialectName, string> = {
    "600": "025902" + "00000000",
    "700": "02bd02" + "00000000",
    "1100": "024d04" + "00000000",
    "1000": "02e903" + "00000000",
    "100": "0265" + "00000000",
    blocks: "025902" + "00000000" + "00".repeat(1001),
  };
  for (const dialect of dialects) {
    const frame = encodeRequest("clientsList", {}, { clientId: ME, dialect });
    assertEquals(frame.toHex(), "11".repeat(16) + frames[dialect.name]);
  }
});

Deno.test("an answer in each dialect, byte by byte", () => {
  const codes: Record<DialectName, string> = {
    "600": "3408",
    "700": "3408",
    "1100": "3408",
    "1000": "d007",
    "100": "e803",
    blocks: "3408",
  };
  for (const dialect of dialects) {
    const padding = dialect.name === "blocks" ? 1024 - 23 : 0;
    assertEquals(
      encodeResponse({ code: 2100, payload: { clientId: ME } }, { dialect })
        .toHex(),
      `02${codes[dialect.name]}10000000` + "11".repeat(16) +
        "00".repeat(padding),
    );
    const failure = encodeResponse({ code: 9000, payload: {} }, { dialect });
    assertEquals(failure.subarray(0, 7).toHex(), "02282300000000");
    assertEquals(failure.length, dialect.name === "blocks" ? 1024 : 7);
  }
});

Deno.test("whatever is asked is told by the bytes alone, in any dialect", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...dialects),
      fc.constantFrom(...requestKinds),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: 0, max: 0xffffffff }),
      (dialect, kind, id, version, payloadSize) => {
        const header = {
          clientId: id as Uint8Array as ClientId,
          version,
          code: requestCode(kind, dialect),
          payloadSize,
        };
        const bytes = requestHeaderOf(dialect).encode(header);
        assertEquals(bytes.length, dialect.name === "100" ? 22 : 23);
        const codec = requestHeaderAt(bytes.subarray(0, 18));
        assertEquals(codec.decode(bytes), header);
        assertEquals(requestKind(header.code), kind);
        const { firstRequest, firstResponse } = dialectOf(header.code);
        assertEquals(firstRequest, dialect.firstRequest);
        assertEquals(firstResponse, dialect.firstResponse);
      },
    ),
  );
});

Deno.test("in blocks everything is padded to the next 1024 bytes with zeros", () => {
  const dialect = dialectNamed("blocks");
  const options = { clientId: ME, dialect };
  for (const size of [0, 1, 979, 980, 981, 1010, 1017, 2004, 5000]) {
    const content = new Uint8Array(size).fill(0xff);
    const plain = encodeRequest(
      "sendMessage",
      { target: ME, type: 4, content },
      { clientId: ME },
    );
    const padded = encodeRequest(
      "sendMessage",
      { target: ME, type: 4, content },
      options,
    );
    assertEquals(padded.length % 1024, 0);
    assertEquals(padded.length - plain.length < 1024, true);
    assertEquals(padded.subarray(0, plain.length), plain);
    assertEquals(padded.subarray(plain.length).some((byte) => byte > 0), false);
    const message = { sender: ME, messageId: 1, type: 4, content } as never;
    const answer = encodeResponse(
      { code: 2104, payload: [message] },
      { dialect },
    );
    assertEquals(answer.length % 1024, 0);
    const { payloadSize } = responseHeader.decode(answer.subarray(0, 7));
    assertEquals(payloadSize, 25 + size);
    assertEquals(answer.length - 7 - payloadSize < 1024, true);
  }
});

Deno.test("a message that is written piece by piece begins as a whole one", () => {
  const content = new Uint8Array(100).fill(5);
  const message = { target: ME, type: 4, content } as const;
  for (const dialect of dialects) {
    const options = { clientId: ME, dialect };
    const start = encodeSendStart({ ...message, contentSize: 100 }, options);
    const whole = encodeRequest("sendMessage", message, options);
    assertEquals(start, whole.subarray(0, start.length));
    assertEquals(start.length, dialect.name === "100" ? 43 : 44);
  }
});
