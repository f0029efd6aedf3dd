/** The reader that docs/vectors.md has, in Python. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fencedBlocks, readPage } from "../../../lab/harness/pages.ts";
import { ROOT } from "../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { FILES, testWith } from "../../support/test_with.ts";
import { PYTHON, toolTest } from "../../support/test_with_tool.ts";
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

/** Runs the reader, argument 1, on each further folder, and prints how it ended. */
const DRIVER = `import contextlib, io, json, sys
reader, folders = compile(sys.argv[1], "reader", "exec"), sys.argv[2:]
def run(folder):
    sys.argv[1:], printed, end = [folder], io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        try: exec(reader, {"__name__": "__main__"})
        except SystemExit as error: end = error.code
    return {"code": 0 if end is None else 1, "stdout": printed.getvalue().strip(), "stderr": end or ""}
print(json.dumps([run(folder) for folder in folders]))`;

/** How the reader ends on a folder of vectors. */
interface Read {
  code: number;
  stdout: string;
  stderr: string;
}

/** Reads the vectors in folders. */
async function readAll(folders: readonly string[]): Promise<Read[]> {
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: [
      ...["-c", 'exec python3 -I -c "$@"', "sh"],
      ...[DRIVER, await reader(), ...folders],
    ],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals(code, 0, text(stderr));
  return JSON.parse(text(stdout));
}

/** Reads the vectors in a folder. */
async function read(folder: string): Promise<Read | undefined> {
  return (await readAll([folder]))[0];
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
    ["request-send-a-message-1000", at] as [string, number]
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
  await using folder = await temporaryFolder();
  const file = await readVectorFile("frames");
  const write = async (name: string, cases: unknown) => {
    await Deno.mkdir(`${folder.path}/${name}`);
    const path = `${folder.path}/${name}/frames.json`;
    await Deno.writeTextFile(path, JSON.stringify({ ...file, cases }));
    return `${folder.path}/${name}`;
  };
  const folders: string[] = [];
  for (const [index, [name, at]] of turned.entries()) {
    const found = file.cases.filter((vector) => vector.name === name);
    assertEquals(found.length, 1, name);
    const cases = found.map((vector) => {
      const bytes = Uint8Array.fromHex(vector.bytes);
      assert(at < bytes.length, name);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      return { ...vector, bytes: bytes.toHex() };
    });
    folders.push(await write(`${index}`, found));
    folders.push(await write(`${index}-turned`, cases));
  }
  const results = await readAll(folders);
  for (const [index, [name, at]] of turned.entries()) {
    // Without the change it agrees.
    assertEquals(results[2 * index]?.stdout, "1 cases, 1 frames agree");
    const { code, stdout, stderr = "" } = results[2 * index + 1] ?? {};
    assertEquals([code, stdout], [1, ""], `${name}, byte ${at}`);
    assertStringIncludes(stderr, name);
  }
});

toolTest(
  PYTHON,
  "the reader reports a changed meaning, and a folder without frames",
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
    assertEquals((await read(folder.path))?.code, 1);
  },
);
