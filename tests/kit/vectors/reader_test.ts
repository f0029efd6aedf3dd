/** The reader that docs/vectors.md has, in Python. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fencedBlocks, readPage } from "../../../lab/harness/pages.ts";
import { ROOT } from "../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { FILES, testWith } from "../../support/test_with.ts";
import { PYTHON, toolTest } from "../../support/tool_test.ts";
import { readVectorFile, readVectors } from "../../support/wire/vectors.ts";
import { vectorKinds } from "../../../lab/vectors/vector_files.ts";

/** The most lines that it has. */
const MOST_LINES = 30;

async function reader(): Promise<string> {
  const blocks = fencedBlocks(await readPage("docs/vectors.md"))
    .filter(({ info }) => info === "python");
  assertEquals(blocks.length, 1);
  return blocks[0]?.text ?? "";
}

/** What the reader says of the vectors in a folder. */
async function read(
  folder: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", 'exec python3 -I -c "$1" "$2"', "sh", await reader(), folder],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

testWith(
  FILES,
  "the reader has 30 lines, and Python's own library",
  async () => {
    const lines = (await reader()).trimEnd().split("\n");
    assert(lines.length <= MOST_LINES, `${lines.length} lines`);
    assertEquals(
      lines.filter((line) => /\bimport\b/.test(line)),
      ["import contextlib, json, pathlib, struct, sys"],
    );
  },
);

toolTest(
  PYTHON,
  "the reader agrees with each frame, and counts them",
  async () => {
    const counts = await Promise.all(
      vectorKinds.map(async (kind) => (await readVectors(kind)).length),
    );
    const all = counts.reduce((sum, count) => sum + count);
    const frames = (await readVectors("frames")).length;
    assertEquals(await read(`${ROOT}kit/vectors`), {
      code: 0,
      stdout: `${all} cases, ${frames} frames agree`,
      stderr: "",
    });
  },
);

/** One byte of a frame turned, by its name and where it is. */
const turned: readonly [name: string, at: number][] = [
  // Each field of a header.
  ...[0, 15, 16, 17, 18, 21].map((at) =>
    ["request-clients-list-100", at] as [string, number]
  ),
  // A name, its padding to the last byte, and both ends of a key.
  ...[23, 26, 28, 277, 278, 437].map((at) =>
    ["request-register-600", at] as [string, number]
  ),
  // Type, size and content of a message.
  ...[39, 40, 43, 44, 59].map((at) =>
    ["request-send-text-1000", at] as [string, number]
  ),
  // A block's padding.
  ...[23, 1023].map((at) =>
    ["request-clients-list-blocks", at] as [string, number]
  ),
  ["answer-failure-600", 1],
  ["answer-waiting-messages-all-types", 200],
  // What is broken has a meaning too.
  ["request-name-hebrew", 24],
  ["answer-version-1", 0],
];

toolTest(PYTHON, "the reader finds each byte that is turned", async () => {
  await Promise.all(turned.map(async ([name, at]) => {
    await using folder = await temporaryFolder();
    const file = await readVectorFile("frames");
    const found = file.cases.filter((vector) => vector.name === name);
    assertEquals(found.length, 1, name);
    const cases = found.map((vector) => {
      const bytes = Uint8Array.fromHex(vector.bytes);
      assert(at < bytes.length, name);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      return { ...vector, bytes: bytes.toHex() };
    });
    const path = `${folder.path}/frames.json`;
    // Without the change it agrees.
    await Deno.writeTextFile(path, JSON.stringify({ ...file, cases: found }));
    assertEquals((await read(folder.path)).stdout, "1 cases, 1 frames agree");
    await Deno.writeTextFile(path, JSON.stringify({ ...file, cases }));
    const { code, stdout, stderr } = await read(folder.path);
    assertEquals([code, stdout], [1, ""], `${name}, byte ${at}`);
    assertStringIncludes(stderr, name);
  }));
});

toolTest(
  PYTHON,
  "the reader finds a meaning that is changed, and a folder without frames",
  async () => {
    await using folder = await temporaryFolder();
    assertEquals(await read(folder.path), {
      code: 1,
      stdout: "",
      stderr: "no frames",
    });
    const text = await readPage("kit/vectors/frames.json");
    const changed = text.replace('"code": 1003', '"code": 1002');
    assert(changed !== text);
    await Deno.writeTextFile(`${folder.path}/frames.json`, changed);
    assertEquals((await read(folder.path)).code, 1);
  },
);
