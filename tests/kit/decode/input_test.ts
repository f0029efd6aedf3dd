import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { encodeHex } from "@std/encoding";
import { isText, parseHexText } from "../../../kit/decode/hex_text.ts";
import { fileBytes } from "../../../kit/decode/main.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { FILES, testWith } from "../../support/test_with.ts";
import fc from "fast-check";

/** A 9000 and a 601 in one. */
const BYTES = "02282300000000" +
  "a1b2c3d4e5f64711a8b9cadbecfd0e1f02590200000000";

for (
  const [name, text] of [
    ["as it is", BYTES],
    ["with blanks and lines", BYTES.replaceAll(/(....)/g, "$1 \n")],
    ["in capitals, CRLF", BYTES.toUpperCase().replaceAll(/(..)/g, "$1\r\n")],
    ["with commas and 0x", BYTES.replaceAll(/(..)/g, "0x$1, ")],
    ["with colons", BYTES.replaceAll(/(..)/g, "$1:")],
    [
      "with comments",
      BYTES.replace(
        "a1",
        "# a failure: 12\n// and a request, §1\n  ; 34\na1",
      ),
    ],
    [
      "as xxd prints it",
      `00000000: 0228 2300 0000 00a1 b2c3 d4e5 f647 11a8  .(#..........G..
00000010: b9ca dbec fd0e 1f02 5902 0000 0000       ........Y.....
`,
    ],
    [
      "as hexdump -C prints it",
      `00000000  02 28 23 00 00 00 00 a1  b2 c3 d4 e5 f6 47 11 a8  |.(#..........G..|
00000010  b9 ca db ec fd 0e 1f 02  59 02 00 00 00 00        |........Y.....|
0000001e
`,
    ],
  ] as const
) {
  Deno.test(`hex: ${name}`, () => {
    assertEquals(isText(new TextEncoder().encode(text)), true);
    assertEquals(encodeHex(parseHexText(text)), BYTES);
  });
}

Deno.test("hex: malformed text is reported with its line", () => {
  for (
    const [text, message] of [
      ["02\n28 zz", 'line 2: Expected hex digits, got "z"'],
      ["022", "Expected two hex digits a byte, got 3 digits"],
      [
        "00000000  02 28 23 00 00 00 00 a1  b2 c3 d4 e5 f6 47 11 a8  |.(#.....|\n*\n",
        "line 2: Lines are left out at *: use hexdump -Cv",
      ],
    ] as const
  ) {
    assertThrows(() => parseHexText(text), Error, message);
  }
});

Deno.test("hex: bytes are read from any layout", () => {
  fc.assert(fc.property(
    fc.uint8Array(),
    fc.array(fc.constantFrom(" ", "\n", "\t", "  ", ",", ":"), {
      minLength: 1,
    }),
    (bytes, gaps) => {
      const text = Array.from(
        bytes,
        (byte, at) =>
          byte.toString(16).padStart(2, "0") + gaps[at % gaps.length],
      ).join("");
      assertEquals(parseHexText(text), bytes);
    },
  ));
});

testWith(FILES, "no file is read beyond what memory is there for", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  const bytes = new Uint8Array(300_000).map((_, index) => index % 251);
  await Deno.writeFile(path, bytes);
  assertEquals(await fileBytes(path, bytes.length), bytes);
  await assertRejects(
    () => fileBytes(path, 2048),
    Error,
    "it has more than 2 KiB",
  );
  await assertRejects(() => fileBytes(folder.path), Error, "Can't read ");
});
