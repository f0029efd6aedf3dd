import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { readFolderLayout } from "../../client/keys/identity.ts";
import { RelayAddresses } from "../../client/link/relay_addresses.ts";
import { readServerOptions } from "../../server/options.ts";
import { readStore } from "../../server/store/store_flags.ts";
import { FormatError } from "../../shared/wire/format_error.ts";
import { parseInfoMe } from "../../shared/identity/parse_identity.ts";
import {
  formatAddress,
  formatInfoMe,
  parseAddress,
  parseAddressLines,
  parseAddressList,
  parsePort,
} from "../../shared/folder/info_files.ts";
import type { ClientId } from "../../shared/wire/protocol.ts";
import { temporaryFolder } from "../../lab/harness/resources.ts";
import { FILES, testWith } from "../support/test_with.ts";
import cryptopp from "../../lab/recordings/cryptopp.json" with { type: "json" };

const ID = "0123456789abcdef0123456789abcdef";
const KEY = cryptopp.rsa.private_base64_no_breaks;
const me = {
  name: "anna",
  clientId: Uint8Array.fromHex(ID) as Uint8Array as ClientId,
  privateKey: Uint8Array.fromHex(cryptopp.rsa.private_der_hex),
};

/** As programs write a text: PowerShell's `>`, and those that know no other mark. */
const ENCODINGS: Record<string, (text: string) => number[]> = {
  "UTF-8": (text) => [...new TextEncoder().encode(text)],
  "UTF-8 with a mark": (text) => [...new TextEncoder().encode(`\ufeff${text}`)],
  "UTF-16, the low byte first": (text) => [0xff, 0xfe, ...utf16(text)],
  "UTF-16, the high byte first": (
    text,
  ) => [0xfe, 0xff, ...utf16(text).map((_, at, all) => all[at ^ 1] ?? 0)],
  "UTF-16 without a mark": utf16,
};

function utf16(text: string): number[] {
  return [...text].flatMap((letter) => {
    const code = letter.charCodeAt(0);
    return [code & 0xff, code >> 8];
  });
}

testWith(
  FILES,
  "all info files are read in whatever encoding they come",
  async () => {
    await using folder = await temporaryFolder();
    const { path: dir } = folder;
    for (const [how, encode] of Object.entries(ENCODINGS)) {
      const write = (name: string, text: string) =>
        Deno.writeFile(`${dir}/${name}`, Uint8Array.from(encode(text)));
      await write("info.server", "127.0.0.1:1400\r\n127.0.0.1:1401\r\n");
      const addresses = await new RelayAddresses(dir, undefined).find();
      const ports = addresses.map(({ port }) => port);
      assertEquals(ports, [1400, 1401], how);
      await write("info.myport", "1402\r\n");
      const { port, warnings } = await readServerOptions(["--dir", dir]);
      assertEquals([port, warnings], [1402, []], how);
      await write("info.me", `anna\r\n${ID}\r\n${KEY}\r\n`);
      const layout = await readFolderLayout(dir);
      assertEquals(
        [layout?.name, layout?.clientId],
        ["anna", me.clientId],
        how,
      );
      await write("url", "postgres://u@127.0.0.1/db\r\n");
      const { scheme, rest } = await readStore({
        dir,
        db: undefined,
        store: undefined,
        storeFile: `${dir}/url`,
      }, { flags: [], sentence: "" });
      assertEquals(`${scheme}:${rest}`, "postgres://u@127.0.0.1/db", how);
    }
  },
);

Deno.test("info.me is written with the key on one line and read again", async () => {
  const text = formatInfoMe(me);
  assertEquals(text, `anna\n${ID}\n${KEY}\n`);
  assertEquals(await parseInfoMe(text), me);
});

Deno.test("info.me is read however other programs write it", async () => {
  const wrapped = KEY.replaceAll(/.{72}/g, "$&\n");
  const texts = {
    "CRLF": `anna\r\n${ID}\r\n${KEY}\r\n`,
    "no newline at the end": `anna\n${ID}\n${KEY}`,
    "wrapped at 72 as Crypto++ does": `anna\n${ID}\n${wrapped}\n`,
    "wrapped, with CRLF": `anna\n${ID}\n${wrapped}\n`.replaceAll("\n", "\r\n"),
    "an empty line within the key": `anna\n${ID}\n${KEY}\n\n`,
    "an upper-case id": `anna\n${ID.toUpperCase()}\n${KEY}\n`,
    "an id with blanks": `anna\n${ID.replaceAll(/../g, "$& ")}\n${KEY}\n`,
    "an id with dashes": `anna\n01234567-89ab-cdef-0123-456789abcdef\n${KEY}\n`,
    "NULs after the name": `anna${"\0".repeat(251)}\n${ID}\n${KEY}\n`,
    "a byte order mark": `\ufeffanna\n${ID}\n${KEY}\n`,
  };
  for (const [how, text] of Object.entries(texts)) {
    assertEquals(await parseInfoMe(text), me, how);
  }
});

Deno.test("a damaged info.me is refused with the line that is wrong", async () => {
  const id = "line 2: expected the client id as 32 hex digits, got";
  const cases: [string, string][] = [
    ["", "it is empty: expected the user's name"],
    [`\0anna\n${ID}\n${KEY}\n`, "line 1: expected the user's name, got none"],
    ["anna\n", `${id} none`],
    [`anna\n${ID}0\n${KEY}`, `${id} 33: it is too long`],
    [`anna\nxyz\n${KEY}`, `${id} other characters`],
    [`anna\n${ID}\n`, "line 3: there is no private key"],
    [
      `anna\n${ID}\n!!\n`,
      "line 3: the private key has characters that are no Base64",
    ],
    [
      `anna\n${ID}\n${KEY.slice(0, 400)}\n`,
      "line 3: the private key is cut off: it has 300 of its 631 bytes",
    ],
    [
      `anna\n${ID}\n${
        Uint8Array.fromHex(cryptopp.rsa.public_der_hex).toBase64()
      }\n`,
      "line 3: the private key is really a public key",
    ],
  ];
  for (const [text, message] of cases) {
    const error = await assertRejects(() => parseInfoMe(text), FormatError);
    assertEquals(error.message, message);
  }
});

Deno.test("a relay's address is read and written", () => {
  const cases: [string, string, number, string][] = [
    ["127.0.0.1:1357\n", "127.0.0.1", 1357, "127.0.0.1:1357"],
    ["localhost:1\r\n", "localhost", 1, "localhost:1"],
    ["  relay.example:65535", "relay.example", 65535, "relay.example:65535"],
    ["[::1]:1234", "::1", 1234, "[::1]:1234"],
    ["127.0.0.1:1234\0\0", "127.0.0.1", 1234, "127.0.0.1:1234"],
  ];
  for (const [text, hostname, port, written] of cases) {
    assertEquals(parseAddress(text), { hostname, port });
    assertEquals(formatAddress({ hostname, port }), written);
  }
  for (
    const bad of ["", "localhost", ":1357", "a:b", "a:0", "a:65536", "::1:5"]
  ) {
    assertThrows(() => parseAddress(bad), FormatError, "expected");
  }
});

Deno.test("several relays' addresses are read, one a line", () => {
  const cases: [string, string[]][] = [
    ["127.0.0.1:1357", ["127.0.0.1:1357"]],
    ["a:1\nb:2\nc:3\n", ["a:1", "b:2", "c:3"]],
    ["\ufeffa:1\r\n\r\n  [::1]:2 \r\n", ["a:1", "[::1]:2"]],
    ["\n\na:1\0\0\n\0", ["a:1"]],
    ["A:1\nb:2\n a:1", ["a:1", "b:2"]],
    [numbered(16) + numbered(16), numbered(16).trimEnd().split("\n")],
  ];
  for (const [text, expected] of cases) {
    assertEquals(parseAddressLines(text).map(formatAddress), expected);
  }
  assertEquals(
    parseAddressList("a:1, [::1]:2,a:1").map(formatAddress),
    ["a:1", "[::1]:2"],
  );
});

Deno.test("a bad line among addresses is named", () => {
  const cases: [string, string][] = [
    ["", "line 1: expected ADDRESS:PORT"],
    ["\r\n\r\n", "line 1: expected ADDRESS:PORT"],
    ["a:1\n\nb\n", "line 3: expected ADDRESS:PORT"],
    ["a:1\nb:0", "line 2: expected a port"],
    ["a:1 b:2", "line 1: expected ADDRESS:PORT"],
    ["a:1,b:2", "line 1: expected ADDRESS:PORT"],
    [numbered(17), "expected 16 addresses at most, got 17"],
  ];
  for (const [text, message] of cases) {
    assertThrows(() => parseAddressLines(text), FormatError, message);
  }
  for (const bad of ["", "a:1,", "a:1,,b:2", "a:1 b:2", "a:1\nb:2"]) {
    assertThrows(() => parseAddressList(bad), FormatError, "expected");
  }
});

const numbered = (count: number) =>
  Array.from({ length: count }, (_, i) => `relay${i}:1357\n`).join("");

Deno.test("a port is read in decimal", () => {
  for (
    const [text, port] of [["1357", 1357], [" 8080\r\n", 8080], [
      "65535",
      65535,
    ]]
  ) {
    assertEquals(parsePort(String(text)), port);
  }
  assertEquals(parsePort("0", 0), 0);
  for (const bad of ["", "0", "65536", "-1", "12.5", "1e3", "port", "0x10"]) {
    assertThrows(() => parsePort(bad), FormatError, "expected a port");
  }
});
