/**
 * Whether docs/protocol.md and docs/secure.md say what the code does: their
 * clauses are those that tools cite, and the examples of docs/protocol.md are what
 * the codec reads and writes.
 */

import { assert, assertEquals } from "@std/assert";
import { decodeBase64, decodeHex, encodeHex } from "@std/encoding";
import { type Clause, clauses } from "../../kit/clauses.ts";
import { secureClauses } from "../../kit/secure_clauses.ts";
import {
  decryptKey,
  exportSymmetricKey,
  importPrivateKey,
  legacyDecrypt,
} from "../../shared/crypto/crypto.ts";
import { decodeResponse } from "../../lab/harness/responses.ts";
import {
  defaultDialect,
  type DialectName,
  dialectNamed,
  dialectOf,
  requestCode,
  requestKind,
  responseCodeIn,
  responseMeant,
} from "../../shared/wire/dialects.ts";
import {
  type RequestKind,
  requestKinds,
  type ResponseCode,
  responseCodes,
} from "../../shared/wire/requests.ts";
import {
  decodeRequest,
  encodeRequest,
  encodeResponse,
  requestHeaderAt,
  responseHeader,
} from "../../shared/wire/frames.ts";
import { parseInfoMe } from "../../shared/identity/parse_identity.ts";
import { formatInfoMe } from "../../shared/folder/info_files.ts";
import { fencedBlocks, readPage } from "../../lab/harness/pages.ts";
import { ROOT } from "../../lab/harness/program.ts";
import { assertContains, exampleBytes } from "../support/page_examples.ts";
import { FILES, testWith } from "../support/test_with.ts";
import { inHex } from "../support/wire/vectors.ts";

/** What an example says that a frame is, as far as it says it. */
interface Meaning {
  dialect?: DialectName;
  kind?: RequestKind;
  code?: ResponseCode;
  payload: unknown;
}

const page = () => readPage("docs/protocol.md");

const KEYWORDS = /\b(MUST|SHOULD|MAY)\b/g;

const pages: readonly (readonly [string, Readonly<Record<string, Clause>>])[] =
  [["docs/protocol.md", clauses], ["docs/secure.md", secureClauses]];

for (const [path, table] of pages) {
  testWith(
    FILES,
    `${path} has each clause once, as strict as the table`,
    async () => {
      const found = [...(await readPage(path)).matchAll(
        /^- \*\*([A-Z]{3}-\d+)\*\* (.*?)(?=\n\n|\n- )/gms,
      )];
      assertEquals(
        found.map(([, id]) => id),
        Object.keys(table),
        "the page and the table have the same clauses in one order",
      );
      for (const [, id = "", text = ""] of found) {
        const words = text.matchAll(KEYWORDS);
        const levels = new Set([...words].map(([word]) => word));
        assertEquals([...levels], [table[id]?.level], `${id}'s level`);
      }
    },
  );
}

testWith(FILES, "all that code and pages cite as a clause is one", async () => {
  const all = [...Object.keys(clauses), ...Object.keys(secureClauses)];
  assertEquals(new Set(all).size, all.length, "no clause is in both pages");
  const groups = new Set(all.map((id) => id.slice(0, 4)));
  const algorithm = /^(AES|RSA)-\d{3,}$/;
  const cited = new Set<string>();
  for await (const path of sources()) {
    const text = await Deno.readTextFile(path);
    for (const [id] of text.matchAll(/\b[A-Z]{3}-\d+\b/g)) {
      if (!groups.has(id.slice(0, 4)) || algorithm.test(id)) continue;
      assert(all.includes(id), `${path} cites ${id}`);
      cited.add(id);
    }
  }
  assert(cited.size > 0);
});

/** The project's own code and pages. */
async function* sources(folder = ROOT): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}${name}`;
    if (isDirectory && !/^(\.|node_modules|recordings)/.test(name)) {
      yield* sources(`${path}/`);
    } else if (/\.(ts|tsx|lua|md)$/.test(name)) yield path;
  }
}

testWith(FILES, "the examples of frames are what they say", async () => {
  const blocks = fencedBlocks(await page());
  const readers = { request: readRequest, answer: readAnswer };
  const shown = new Set<unknown>();
  for (const [index, { info, text }] of blocks.entries()) {
    const [language, direction] = info.split(" ");
    if (language !== "hex") continue;
    const said = blocks[index + 1];
    assertEquals(said?.info, "json", "an example's meaning follows it");
    const bytes = exampleBytes(text);
    const meaning = JSON.parse(said?.text ?? "") as Meaning;
    const { payload, again } = readers[direction as keyof typeof readers](
      bytes,
      meaning,
    );
    assertContains(inHex(payload), meaning.payload);
    assertEquals(encodeHex(again), encodeHex(bytes), "it is encoded likewise");
    shown.add(meaning.kind ?? meaning.code);
  }
  assertEquals(shown, new Set([...requestKinds, ...responseCodes]));
});

/** Decodes and encodes the example of a request. */
function readRequest(
  bytes: Uint8Array,
  { kind, dialect = defaultDialect.name }: Meaning,
) {
  const codec = requestHeaderAt(bytes);
  const size = codec.fixedSize ?? 0;
  const header = codec.decode(bytes.subarray(0, size));
  assertEquals(requestKind(header.code), kind);
  assertEquals(dialectOf(header.code).name, dialect);
  assertEquals(header.code, requestCode(kind!, dialectNamed(dialect)));
  assertEquals(header.payloadSize, bytes.length - size);
  const { payload } = decodeRequest(kind!, bytes.subarray(size));
  const again = encodeRequest(kind!, payload as never, {
    ...header,
    dialect: dialectNamed(dialect),
  });
  return { payload, again };
}

/** Decodes and encodes the example of an answer. */
function readAnswer(
  bytes: Uint8Array,
  { code, dialect: name = defaultDialect.name }: Meaning,
) {
  const dialect = dialectNamed(name);
  const size = responseHeader.fixedSize ?? 0;
  const header = responseHeader.decode(bytes.subarray(0, size));
  assertEquals(responseMeant(dialect, header.code), code);
  assertEquals(header.code, responseCodeIn(dialect, code!));
  assertEquals(header.payloadSize, bytes.length - size);
  const response = decodeResponse(code!, bytes.subarray(size));
  return {
    payload: response.payload,
    again: encodeResponse(response, { dialect }),
  };
}

testWith(FILES, "the example of contents decrypts", async () => {
  const example = await contentsExample();
  const privateKey = await importPrivateKey(decodeBase64(example.privateKey));
  const key = await decryptKey(privateKey, decodeHex(example.encryptedKey));
  assertEquals(encodeHex(await exportSymmetricKey(key)), example.key);
  const text = await legacyDecrypt(key, decodeHex(example.ciphertext));
  assertEquals(new TextDecoder().decode(text), example.text);
  assert((await page()).includes(spaced(example.ciphertext)), "it was sent");
});

testWith(FILES, "the example of an identity is one", async () => {
  const { privateKey } = await contentsExample();
  const text = fencedBlocks(await page())
    .find(({ text }) => text.includes(privateKey) && !text.startsWith("{"))
    ?.text ?? "";
  const me = await parseInfoMe(text);
  assertEquals([me.name, formatInfoMe(me)], ["ben", text]);
});

/** What the example of contents says. */
interface ContentsExample {
  privateKey: string;
  encryptedKey: string;
  key: string;
  ciphertext: string;
  text: string;
}

async function contentsExample(): Promise<ContentsExample> {
  const block = fencedBlocks(await page())
    .find(({ info, text }) => info === "json" && text.includes("privateKey"));
  return JSON.parse(block?.text ?? "");
}

function spaced(hex: string): string {
  return hex.replaceAll(/..(?=.)/g, "$& ");
}
