import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { encodeHex } from "@std/encoding";
import { encodeResponse } from "../../../shared/wire/frames.ts";
import {
  anna,
  join,
  listed,
  registration,
  sent,
} from "../../support/wire/frames.ts";
import { Program } from "../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { Screen } from "../../../lab/harness/screen.ts";
import {
  longTest,
  PROGRAMS,
  TERMINALS,
  testWith,
} from "../../support/test_with.ts";

const ARGS = ["run", "--no-prompt", "--allow-read", "kit/decode/main.ts"];

/** Decodes these bytes as a file. */
async function decode(bytes: Uint8Array, ...args: string[]) {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  await Deno.writeFile(path, bytes);
  return await Program.deno([...ARGS, path, ...args]).end();
}

/** The lines that sum a frame up. */
const titles = (stdout: string) =>
  stdout.split("\n").filter((line) => /^[→←]/.test(line));

testWith(
  PROGRAMS,
  "decode: frames are recognised raw and in hex",
  async () => {
    const frames = [registration(), listed(), sent(3, 48)];
    const expected = [
      '→ 600 register: "anna" (438 bytes)',
      "← 2101 clients list: 2 clients (549 bytes)",
      "→ 603 send a message: text, 48 bytes, to 0b0b0b0b… (bob) (92 bytes)",
    ];
    const raw = join(...frames);
    const hex = new TextEncoder().encode(`# three\n${encodeHex(raw)}\n`);
    for (const bytes of [raw, hex]) {
      const { code, stdout, stderr } = await decode(bytes);
      assertEquals({ code, stderr }, { code: 0, stderr: "" });
      assertEquals(titles(stdout), expected);
      assertMatch(stdout, /^ {4}23 {2}61 6e 6e 61 .* payload\.name +"anna"$/m);
    }
    const { stdout } = await decode(raw, "--json");
    assertEquals(
      stdout.trim().split("\n").map((line) => JSON.parse(line))
        .map(({ direction, code, offset }) => [direction, code, offset]),
      [["request", 600, 0], ["answer", 2101, 438], ["request", 603, 987]],
    );
  },
);

testWith(
  PROGRAMS,
  "decode: a brief line has the sender's name once it is known",
  async () => {
    const registered = encodeResponse({
      code: 2100,
      payload: { clientId: anna },
    });
    const bytes = join(registration(), registered, sent(3, 15), listed());
    const { code, stdout } = await decode(bytes, "--brief");
    assertEquals(code, 0);
    assertEquals(stdout.split("\n"), [
      '→     438 B  anna       600 register: "anna"',
      "←      23 B  anna       2100 registered: a1b2c3d4… (anna)",
      "→      59 B  anna       603 send a message: text, 15 bytes, to 0b0b0b0b… ! AES-1",
      "←     549 B  anna       2101 clients list: 2 clients",
      "",
    ]);
    const { stdout: json } = await decode(bytes, "--json");
    assertEquals(
      json.trim().split("\n").map((line) => JSON.parse(line).requester),
      ["anna", "anna", "anna", "anna"],
    );
    const both = await decode(bytes, "--brief", "--json");
    assertEquals([both.code, both.stderr], [
      2,
      "error: --brief and --json are two forms: give one\n",
    ]);
  },
);

longTest(
  TERMINALS,
  "decode: a terminal shows colours, unless NO_COLOR is set",
  async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/file`;
    await Deno.writeFile(path, sent(3, 15));
    const command = [Deno.execPath(), ...ARGS, path, "--brief"];
    const size = { columns: 100, rows: 12 };
    for (const env of [{}, { NO_COLOR: "1" }]) {
      await using screen = await Screen.run(size, command, env);
      assertEquals((await screen.end()).code, 0);
      assertStringIncludes(screen.raw, "603 send a message");
      assertEquals(
        screen.raw.includes("\x1b[31m! AES-1\x1b[0m"),
        !("NO_COLOR" in env),
      );
    }
  },
);

testWith(PROGRAMS, "decode: standard input is read for -", async () => {
  await using program = Program.withInput(Deno.execPath(), [...ARGS, "-"]);
  await program.type("02 2823 00000000");
  await program.endInput();
  const { code, stdout } = await program.end();
  assertEquals(code, 0);
  assertEquals(titles(stdout), ["← 9000 failure (7 bytes)"]);
});

testWith(PROGRAMS, "decode: which way frames went can be said", async () => {
  const odd = sent(3, 16).slice();
  odd.set([0x9a, 0x02], 17);
  const { code, stderr } = await decode(odd);
  assertEquals(code, 2);
  assertStringIncludes(stderr, "say --direction request or --direction answer");
  const { stdout } = await decode(odd, "--direction", "request");
  assertEquals(titles(stdout), [
    "→ 666 unknown request: 37 bytes (60 bytes) ! REQ-5",
  ]);
});

longTest(
  PROGRAMS,
  "decode: malformed input is reported in a sentence",
  async () => {
    const text = (text: string) => new TextEncoder().encode(text);
    const cases: [Uint8Array, string[], number, RegExp][] = [
      [text(""), [], 1, /^error: There are no bytes to decode\n$/],
      [text("hello"), [], 1, /^error: line 1: Expected hex digits, got "h"\n$/],
      [text("# nothing"), [], 1, /^error: Expected bytes in hex, got none\n$/],
      [sent(1, 0), ["--as", "pcap"], 2, /^error: --as: expected raw or hex, /],
      ...["d4c3b2a1 02000400", "a1b23c4d 00020004", "0a0d0d0a 6c000000"].map((
        start,
      ): typeof cases[number] => [
        Uint8Array.fromHex(start.replace(" ", "") + "00".repeat(16)),
        [],
        1,
        /^error: This is a capture, which tshark reads with kit\/dissector\//,
      ]),
    ];
    for (const [bytes, args, expected, message] of cases) {
      const { code, stdout, stderr } = await decode(bytes, ...args);
      assertMatch(stderr, message);
      assertEquals({ code, stdout }, { code: expected, stdout: "" });
    }
    const missing = await Program.deno([...ARGS, "/nowhere/file"]).end();
    assertEquals(missing.code, 1);
    assertMatch(missing.stderr, /^error: Can't read \/nowhere\/file: /);
    const bytes = await Program.deno([...ARGS, "02 28 23"]).end();
    assertMatch(
      bytes.stderr,
      /; for the bytes themselves: echo 02 28 23 \| deno task decode -\n$/,
    );
    const nothing = await Program.deno(ARGS).end();
    assertEquals(nothing.code, 2);
    assertMatch(nothing.stderr, /^error: Expected a file, or - for standard/);
  },
);

testWith(
  PROGRAMS,
  "decode: a claim of 4 GiB allocates no memory",
  async () => {
    const claim = sent(3, 16).slice();
    claim.fill(0xff, 19, 23);
    claim.fill(0xff, 40, 44);
    const { code, stdout } = await decode(claim, "--direction", "request");
    assertEquals(code, 0);
    assertStringIncludes(stdout, "4294967295 bytes");
    assertStringIncludes(stdout, "! FRM-2: 4294967258 of them aren't there");
  },
);

testWith(
  PROGRAMS,
  "decode: an error that quotes the file contains no controls",
  async () => {
    const text = new TextEncoder().encode("02 \u009b31m");
    const { code, stderr } = await decode(text);
    assertEquals(code, 1);
    assertEquals(stderr, 'error: line 1: Expected hex digits, got ""\n');
  },
);
