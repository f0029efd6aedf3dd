/**
 * What a package under one of the five JSR names owes this project, whether
 * it is the stand-in in `jsr/` or the package itself.
 */

import {
  assert,
  assertEquals,
  AssertionError,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { concat, equals } from "@std/bytes";
import { parseArgs } from "@std/cli";
import {
  decodeBase64,
  decodeHex,
  encodeBase64,
  encodeHex,
} from "@std/encoding";
import { Database } from "@db/sqlite";
import config from "../deno.json" with { type: "json" };
import jsrConfig from "../deno.jsr.json" with { type: "json" };
import { Program } from "../lab/harness/program.ts";
import { temporaryFolder } from "../lab/harness/resources.ts";
import { FILES, PROGRAMS, testWith } from "./support/test_with.ts";

const bytes = (...values: number[]) => new Uint8Array(values);

// The packages' own signatures, as far as they are used: types that don't fit
// fail the type check, under either map.
({
  concat,
  equals,
  encodeHex,
  decodeHex,
  encodeBase64,
  decodeBase64,
}) satisfies {
  concat: (buffers: readonly Uint8Array[]) => Uint8Array<ArrayBuffer>;
  equals: (a: Uint8Array, b: Uint8Array) => boolean;
  encodeHex: (src: Uint8Array) => string;
  decodeHex: (src: string) => Uint8Array<ArrayBuffer>;
  encodeBase64: (data: Uint8Array) => string;
  decodeBase64: (b64: string) => Uint8Array<ArrayBuffer>;
};

Deno.test("both maps bind the same names", () => {
  const five = [
    "@std/assert",
    "@std/bytes",
    "@std/cli",
    "@std/encoding",
    "@db/sqlite",
  ];
  const ours: Record<string, string> = config.imports;
  const jsrs: Record<string, string> = jsrConfig.imports;
  assertEquals(Object.keys(jsrs), Object.keys(ours));
  for (const name of Object.keys(ours)) {
    if (!five.includes(name)) {
      assertEquals(jsrs[name], ours[name]);
      assertMatch(ours[name] ?? "", /^npm:.+@\d+\.\d+\.\d+$/);
      continue;
    }
    assertMatch(ours[name] ?? "", /^\.\/jsr\/\w+\.ts$/);
    const version = name === "@db/sqlite" ? "0.13" : "1";
    assertEquals(jsrs[name], `jsr:${name}@^${version}`);
  }
  assertEquals(jsrConfig.compilerOptions, config.compilerOptions);
});

testWith(
  PROGRAMS,
  "the project type-checks under JSR's own packages",
  async (t) => {
    const program = Program.deno([
      "check",
      "--config",
      "deno.jsr.json",
      "--no-lock",
      "client",
      "server",
      "shared",
      "tools",
    ]);
    const { code, stderr } = await program.end();
    const unreachable = /error sending request|JSR package manifest.*failed/i
      .test(stderr);
    await t.step({
      name: unreachable
        ? "checked (skipped: JSR can't be reached from here)"
        : "checked",
      ignore: unreachable,
      fn: () => assertEquals(code, 0, stderr),
    });
  },
);

Deno.test("@std/bytes joins and compares", () => {
  assertEquals(concat([]), bytes());
  assertEquals(concat([bytes(1), bytes(), bytes(2, 3)]), bytes(1, 2, 3));
  const source = bytes(1, 2);
  const joined = concat([source]);
  source[0] = 9;
  assertEquals(joined, bytes(1, 2));
  assertEquals(joined.buffer.byteLength, 2);
  assert(equals(bytes(1, 2), bytes(1, 2)));
  assert(!equals(bytes(1, 2), bytes(1, 3)));
  assert(!equals(bytes(1, 2), bytes(1)));
});

Deno.test("@std/encoding writes and reads hex and Base64", () => {
  assertEquals(encodeHex(bytes(0, 0xab, 255)), "00abff");
  assertEquals(decodeHex("00aBFf"), bytes(0, 0xab, 255));
  for (const bad of ["0", "0g", "0x00", " 00"]) {
    assertThrows(() => decodeHex(bad));
  }
  assertEquals(encodeBase64(bytes(251, 255)), "+/8=");
  assertEquals(decodeBase64("+/8="), bytes(251, 255));
  assertEquals(decodeBase64("+/8"), bytes(251, 255));
  for (const bad of ["+/8=\n", "-_8=", "A", "!!!!"]) {
    assertThrows(() => decodeBase64(bad));
  }
});

Deno.test("@std/cli parses flags", () => {
  const options = { string: ["port", "dir"], boolean: ["help"] };
  const parse = (...args: string[]): Record<string, unknown> => ({
    ...parseArgs(args, options),
  });
  assertEquals(parse(), { _: [], help: false });
  assertEquals(parse("--port", "1", "--help"), {
    _: [],
    help: true,
    port: "1",
  });
  assertEquals(parse("--port=a=b"), { _: [], help: false, port: "a=b" });
  assertEquals(parse("--port"), { _: [], help: false, port: "" });
  assertEquals(parse("--dir", "--help"), { _: [], help: true, dir: "" });
  assertEquals(parse("--port", "1", "--port", "2").port, "2");
  const unknown: string[] = [];
  parseArgs(["--port", "1", "--what", "word", "-x"], {
    ...options,
    unknown: (arg: string) => {
      unknown.push(arg);
      return false;
    },
  });
  assert(unknown.includes("--what"));
  assert(unknown.includes("-x"));
});

Deno.test("@std/assert fails where it should", async () => {
  assertThrows(() => assert(false), AssertionError);
  assertThrows(() => assertEquals(bytes(1), bytes(2)), AssertionError);
  assertThrows(() => assertEquals<unknown>(1, "1"), AssertionError);
  assertThrows(() => assertNotEquals([1], [1]), AssertionError);
  assertThrows(() => assertStringIncludes("abc", "d"), AssertionError);
  assertThrows(() => assertMatch("abc", /d/), AssertionError);
  assertThrows(() => assertThrows(() => {}), AssertionError);
  const error = assertThrows(
    () => {
      throw new RangeError("too far");
    },
    RangeError,
    "far",
  );
  assertEquals(error.message, "too far");
  assertThrows(
    () => assertThrows(() => decodeHex("0"), SyntaxErrorOfOurs),
    AssertionError,
  );
  await assertRejects(
    () => assertRejects(() => Promise.resolve(1)),
    AssertionError,
  );
  const rejected = await assertRejects(
    () => Promise.reject(new RangeError("too far")),
    RangeError,
    "far",
  );
  assertEquals(rejected.message, "too far");
});

class SyntaxErrorOfOurs extends Error {}

testWith(
  FILES,
  "@db/sqlite keeps what it is given",
  async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/test.db`;
    let database = new Database(path, { int64: true });
    database.exec("CREATE TABLE t (id INTEGER, name TEXT UNIQUE, data BLOB)");
    const insert = database.prepare("INSERT INTO t VALUES (?, ?, ?)");
    assertEquals(insert.run(1, "a", bytes(0, 255)), 1);
    insert.run(0xffffffff, "b", bytes());
    const select = database.prepare<{ id: number; data: Uint8Array }>(
      "SELECT id, data FROM t WHERE name = ?",
    );
    // Copied, since rows have no prototype under one of the two.
    assertEquals({ ...select.get("a") }, { id: 1, data: bytes(0, 255) });
    assertEquals(select.get("b")?.id, 0xffffffff);
    assertEquals(select.get("b")?.data, bytes());
    assertEquals(select.get("c"), undefined);
    assertEquals(select.all("a").length, 1);
    assertThrows(() => insert.run(2, "a", null), Error, "UNIQUE");
    database.exec("BEGIN IMMEDIATE");
    assert(database.inTransaction);
    database.exec("DELETE FROM t");
    database.exec("ROLLBACK");
    assert(!database.inTransaction);
    database.close();
    database.close();

    database = new Database(path, { readonly: true, int64: true });
    assertEquals(
      database.prepare<{ n: number }>("SELECT count(*) AS n FROM t").get()?.n,
      2,
    );
    assertThrows(() => database.exec("DELETE FROM t"), Error, "readonly");
    const copy = new Database(`${folder.path}/copy.db`, { int64: true });
    // One of the two is done at once.
    await database.backup(copy);
    assertEquals(
      copy.prepare<{ n: number }>("SELECT count(*) AS n FROM t").get()?.n,
      2,
    );
    copy.close();
    database.close();
    assertThrows(
      () => new Database(`${folder.path}/missing`, { create: false }),
    );
    await Deno.writeTextFile(path, "no database ".repeat(100));
    assertThrows(
      () => {
        database = new Database(path);
        database.exec("CREATE TABLE t (id)");
      },
      Error,
      "not a database",
    );
    database.close();
  },
);
