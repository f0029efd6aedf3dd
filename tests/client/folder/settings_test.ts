/** The settings of a folder, by the verb that prints and changes them. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { settingNames } from "../../../client/settings/settings.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { runHere } from "../../../lab/harness/client_run.ts";
import { assertMode } from "../../support/file_mode.ts";
import { FILES, lacking, testWith } from "../../support/test_with.ts";
import { jsonLines } from "../../support/clients/verbs.ts";

const config = (dir: string, ...args: string[]) =>
  runHere("", ["config", "--dir", dir, ...args]);

testWith(FILES, "config lists each setting with its default", async () => {
  await using folder = await temporaryFolder();
  const { code, stdout } = await config(folder.path, "--json");
  assertEquals(code, 0);
  const listed = jsonLines(stdout);
  assertEquals(listed.map(({ name }) => name), [...settingNames]);
  assertEquals(
    new Set(listed.map(({ source }) => source)),
    new Set(["default"]),
  );
  const { stdout: text } = await config(folder.path);
  assertMatch(text, /^notify +bell +default +How chat notifies/);
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

testWith(FILES, "config changes a setting, and keeps comments", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/info.settings`;
  assertEquals((await config(folder.path, "notify", "osc9")).code, 0);
  assertEquals(await Deno.readTextFile(path), '{\n  "notify": "osc9"\n}\n');
  await assertMode(path, 0o600);
  const own =
    '{\n  // loud\n  "notify": "osc9", // here\n\n  "extra": [1],\n}\n';
  await Deno.writeTextFile(path, own);
  const changed = await config(folder.path, "notify", "off");
  assertEquals([changed.code, changed.stderr], [0, "notify is off now\n"]);
  assertEquals(await Deno.readTextFile(path), own.replace("osc9", "off"));
  assertEquals((await config(folder.path, "notify")).stdout, "off\n");
  const { stdout, stderr } = await config(folder.path);
  assertMatch(stdout, /^notify +off +file /);
  assertMatch(
    stderr,
    /^Ignored in .*info\.settings, line 5, column 3: .*"extra"/,
  );
  assertEquals((await config(folder.path, "notify", "default")).code, 0);
  assertEquals((await config(folder.path, "notify")).stdout, "bell\n");
  assertEquals(
    await Deno.readTextFile(path),
    '{\n  // loud\n   // here\n\n  "extra": [1],\n}\n',
  );
});

testWith(FILES, "config removes a setting wherever it is", async (t) => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/info.settings`;
  const cases = [
    ['{"notify": "off"}', "{}"],
    [
      '{"notify": "off" /* a, b */, "colours": "auto"}',
      '{ /* a, b */ "colours": "auto"}',
    ],
    [
      '{\n  "colours": "auto",\n  "notify": "off"\n}\n',
      '{\n  "colours": "auto",\n}\n',
    ],
    [
      '{\n  "notify": "off",\n  "colours": "auto"\n}\n',
      '{\n  "colours": "auto"\n}\n',
    ],
  ] as const;
  for (const [text, left] of cases) {
    await t.step(text, async () => {
      await Deno.writeTextFile(path, text);
      assertEquals((await config(folder.path, "notify", "default")).code, 0);
      assertEquals((await Deno.readTextFile(path)).trim(), left.trim());
      assertEquals((await config(folder.path)).code, 0);
    });
  }
});

testWith(
  FILES,
  "config refuses what isn't a setting or its value",
  async () => {
    await using folder = await temporaryFolder();
    const name = await config(folder.path, "notfy", "off");
    assertEquals([name.code, name.stdout], [2, ""]);
    assertStringIncludes(
      name.stderr,
      'no setting "notfy", did you mean notify?',
    );
    const value = await config(folder.path, "notify", "ding");
    assertEquals(value.code, 2);
    assertStringIncludes(
      value.stderr,
      'notify: expected bell, osc9 or off, got "ding"',
    );
    for (const span of ["0d", "soon", "", "90"]) {
      assertEquals(
        (await config(folder.path, "keep-history", span)).code,
        2,
        span,
      );
    }
    assertEquals([...Deno.readDirSync(folder.path)], []);
  },
);

testWith(
  FILES,
  "a malformed settings file is told with its place",
  async (t) => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/info.settings`;
    const cases: readonly (readonly [text: string, told: string])[] = [
      [
        '{"notify": "ding"}',
        "line 1, column 12: notify: expected bell, osc9 or off",
      ],
      [
        '{\n  "keep-history": 90}',
        "line 2, column 19: keep-history: expected a span",
      ],
      [
        String.raw`{"files": "C:\new"}`,
        "column 11: files: expected a folder's path, with each backslash twice",
      ],
      [
        '{"notify": "off"\n "files": "/x"}',
        "line 2, column 2: expected a comma",
      ],
      ['{"notify": off}', "line 1, column 12: expected a value"],
      ["{'notify': 1}", "line 1, column 2: "],
      ['{"notify": "off', "line 1, column 12: a text isn't closed"],
      ['{"notify": "off"', "expected a closing brace"],
      ['{"keys": ["enter"]}', "column 10: keys: expected a key or a list"],
      [
        '{"keys": {"sned": "alt-s"}}',
        'there is no action "sned", expected send,',
      ],
      ['{"keys": {"send": "n"}}', "send: expected a key such as ctrl-n"],
      ['{"keys": {"send": "ctrl-m"}}', "send: expected a key such as ctrl-n"],
      ['{"keys": {"up": [7]}}', "up: expected a key such as ctrl-n"],
      ['{"keys": {"newline": "enter"}}', "no key is left for send"],
      [
        '{"keys": {"yank": "alt-y", "up": ["Alt-Y"]}}',
        "alt-y is given to yank and to up",
      ],
      ["[]", "line 1, column 1: expected an object"],
      [
        '{"notify": "off", "notify": "off"}',
        "column 19: notify is there twice",
      ],
    ];
    for (const [text, told] of cases) {
      await t.step(text, async () => {
        await Deno.writeTextFile(path, text);
        const { code, stdout, stderr } = await config(folder.path);
        assertEquals([code, stdout], [8, ""]);
        assertStringIncludes(stderr, told);
      });
    }
    await t.step("and a value is corrected by the verb", async () => {
      await Deno.writeTextFile(path, '{"notify": "ding"}');
      assertEquals((await config(folder.path, "notify", "bell")).code, 0);
      assertEquals(await Deno.readTextFile(path), '{"notify": "bell"}\n');
    });
  },
);

testWith(FILES, "config changes the file that a link points to", async () => {
  await using folder = await temporaryFolder();
  const dir = `${folder.path}/client`;
  await Deno.mkdir(dir);
  await Deno.writeTextFile(`${folder.path}/dotfile`, "\ufeff{}");
  await Deno.symlink("../dotfile", `${dir}/info.settings`);
  assertEquals((await config(dir, "colours", "never")).code, 0);
  assert((await Deno.lstat(`${dir}/info.settings`)).isSymlink);
  const text = await Deno.readTextFile(`${folder.path}/dotfile`);
  assertEquals(JSON.parse(text), { colours: "never" });
}, lacking("symbolic links"));

testWith(FILES, "config takes keys as JSON", async () => {
  await using folder = await temporaryFolder();
  const keys = {
    send: "Alt-Enter",
    newline: ["enter", "CTRL-J"],
    close: "Esc",
  };
  const text = JSON.stringify(keys);
  const { code, stderr } = await config(folder.path, "keys", text);
  assertEquals([code, stderr], [0, `keys is ${text} now\n`]);
  const { stdout } = await config(folder.path, "keys", "--json");
  assertEquals(jsonLines(stdout)[0].value, keys);
  const bad = await config(folder.path, "keys", "alt-s");
  assertEquals(bad.code, 2);
  assertStringIncludes(bad.stderr, "keys: expected a key or a list of keys");
});
