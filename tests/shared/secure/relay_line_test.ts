import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  formatRelayLine,
  parsePlaceList,
  parseRelayLine,
} from "../../../shared/secure/relay_line.ts";
import { FormatError } from "../../../shared/wire/format_error.ts";
import { keys } from "../../../lab/vectors/secure/fixtures.ts";

const key = "iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w";

Deno.test("a line reads as it is written", () => {
  for (const hostname of ["relay.example", "127.0.0.1", "::1", "a"]) {
    for (const port of [1, 1358, 65535]) {
      const line = { hostname, port, key: keys.relay.publicKey };
      assertEquals(parseRelayLine(formatRelayLine(line)), line);
    }
  }
  assertEquals(
    formatRelayLine({
      hostname: "relay.example",
      port: 1358,
      key: keys.relay.publicKey,
    }),
    `mu://relay.example:1358/${key}`,
  );
});

/** Lines that are none, by what is wrong with them. */
const broken: readonly string[] = [
  "",
  "mu://",
  `mu://relay.example:1358/`,
  `mu://relay.example:1358/${key}/`,
  `mu://relay.example:1358/${key}=`,
  `mu://relay.example:1358/${key}\n`,
  `mu://relay.example:1358/${key} `,
  ` mu://relay.example:1358/${key}`,
  `\ufeffmu://relay.example:1358/${key}`,
  `mu://relay.example:1358/${key}#comment`,
  `mu://relay.example:1358/${key}?a=b`,
  `MU://relay.example:1358/${key}`,
  `mu:relay.example:1358/${key}`,
  `http://relay.example:1358/${key}`,
  `mu://relay.example/${key}`,
  `mu://relay.example:/${key}`,
  `mu://:1358/${key}`,
  `mu://relay.example:0/${key}`,
  `mu://relay.example:01358/${key}`,
  `mu://relay.example:65536/${key}`,
  `mu://relay.example :1358/${key}`,
  `mu://relay\0.example:1358/${key}`,
  `mu://relay\x1b[2J.example:1358/${key}`,
  `mu://r\u00e9lay.example:1358/${key}`,
  `mu://::1:1358/${key}`,
  `mu://relay.example:1358/${key.slice(1)}`,
  `mu://relay.example:1358/A${key}`,
  // The last character has bits that the 32 bytes don't.
  `mu://relay.example:1358/${key.slice(0, -1)}x`,
  `mu://relay.example:1358/${key.slice(0, 20)} ${key.slice(20)}`,
  `mu://relay.example:1358/${key.replace("X", "+")}`,
  `mu://relay.example:1358/${key.replace("X", "%58")}`,
  // A key of small order, and one that isn't canonical.
  `mu://relay.example:1358/${"A".repeat(43)}`,
  `mu://relay.example:1358/7${"_".repeat(40)}38`,
];

Deno.test("a line in any other form is refused", () => {
  for (const text of broken) {
    const error = assertThrows(() => parseRelayLine(text), FormatError);
    assertEquals(/\p{Cc}/u.test(error.message), false, error.message);
  }
});

Deno.test("a mistyped line is told what it lacks", () => {
  const problem = (text: string) =>
    assertThrows(() => parsePlaceList(text), FormatError).message;
  for (
    const text of [
      `http://relay.example:1358/${key}`,
      `MU://relay.example:1358/${key}`,
      `mu:/relay.example:1358/${key}`,
      `mu://relay.example/${key}`,
      "mu://relay.example:1358",
      `relay.example:1358/${key}`,
    ]
  ) {
    assertEquals(
      problem(text),
      `expected mu://HOST:PORT/KEY, got ${JSON.stringify(text)}`,
    );
  }
  const end = ": copy the whole line";
  assertEquals(
    problem(`mu://relay.example:1358/${key.slice(0, -4)}`),
    `the relay's key has 43 characters, got 39${end}`,
  );
  assertEquals(
    problem(`mu://relay.example:1358/${key.slice(0, -1)}x`),
    `the relay's key is mistyped in its last character${end}`,
  );
});

Deno.test("all that is read as a line is written the same", () => {
  const line = `mu://relay.example:1358/${key}`;
  fc.assert(fc.property(
    fc.nat(line.length),
    fc.nat(3),
    fc.string({ unit: "binary-ascii", maxLength: 3 }),
    (at, size, put) => {
      const text = line.slice(0, at) + put + line.slice(at + size);
      try {
        assertEquals(formatRelayLine(parseRelayLine(text)), text);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
      }
    },
  ));
});
