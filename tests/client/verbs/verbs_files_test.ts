/** Where received files go, and how they are saved elsewhere. */

import { basename, join } from "node:path";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";
import { VerbUser } from "../../support/clients/verbs.ts";
import { assertMode } from "../../support/file_mode.ts";

testWith(
  LOOPBACK_AND_FILES,
  "received files go to the folder of the setting, and are saved elsewhere",
  async (t) => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const dir = `${folder.path}/anna`;
    const anna = new VerbUser(dir, relay.address);
    const ben = new VerbUser(`${folder.path}/ben`, relay.address);
    await anna.do("register", "anna");
    await ben.do("register", "ben");
    const bytes = new Uint8Array(3_000_000).map((_, at) => at * 31);
    await Deno.writeFile(`${folder.path}/sent`, bytes);
    let file: { id: number; path: string };

    await t.step("a path in the setting begins at the folder", async () => {
      const { stderr } = await anna.do("config", "files", "got/files");
      assertEquals(stderr, `files is ${join(dir, "got/files")} now\n`);
      await ben.do("send-file", "anna", `${folder.path}/sent`);
      const { data } = await anna.do("pull", "--json");
      file = data.find(({ kind }) => kind === "file");
      const got = join(await Deno.realPath(dir), "got/files");
      const [{ name }, ...more] = [...Deno.readDirSync(got)] as [
        Deno.DirEntry,
        ...Deno.DirEntry[],
      ];
      assertEquals([file.path, more], [join(got, name), []]);
      assertMatch(name, /^messageu-\w+$/);
      assertEquals(await Deno.readFile(file.path), bytes);
      await assertMode(got, 0o700);
      await assertMode(file.path, 0o600);
    });

    const save = (to: string) => anna.run("", "save", String(file.id), to);
    await t.step("save copies to a new file, or into a folder", async () => {
      const path = `${folder.path}/copy`;
      const { data: [saved] } = await anna.do(
        "save",
        String(file.id),
        path,
        "--json",
      );
      assertEquals(saved, { type: "saved", id: file.id, path });
      assertEquals(await Deno.readFile(path), bytes);
      await Deno.mkdir(`${folder.path}/into`);
      const { code, stdout } = await save(`${folder.path}/into`);
      const name = basename(file.path);
      assertEquals([code, stdout], [0, `${join(folder.path, "into", name)}\n`]);
      assertEquals(
        await Deno.readFile(`${folder.path}/into/${name}`),
        bytes,
      );
    });

    await t.step("save overwrites nothing, and leaves no draft", async () => {
      await Deno.writeTextFile(`${folder.path}/taken`, "mine");
      for (const to of ["taken", "missing/copy"]) {
        const { code, stderr } = await save(`${folder.path}/${to}`);
        assertEquals(code, 1);
        assertStringIncludes(stderr, `${to} can't be written`);
      }
      assertEquals(await Deno.readTextFile(`${folder.path}/taken`), "mine");
      const left = [...Deno.readDirSync(folder.path)].map(({ name }) => name);
      assertEquals(left.filter((name) => name.endsWith(".part")), []);
    });

    await t.step(
      "save says that there is no file, or none any more",
      async () => {
        await ben.do("send", "anna", "a text");
        const { data: [text] } = await anna.do("pull", "--json");
        const none = await anna.run("", "save", String(text.id), "x");
        assertEquals(none.code, 1);
        assertStringIncludes(
          none.stderr,
          `Message ${text.id} is no received file`,
        );
        await Deno.remove(file.path);
        const gone = await save(`${folder.path}/late`);
        assertEquals(gone.code, 1);
        assertStringIncludes(gone.stderr, `${file.path} is gone`);
        assertStringIncludes(gone.stderr, "config files FOLDER");
      },
    );

    await t.step("a folder that can't be made keeps the message", async () => {
      await anna.do("config", "files", `${folder.path}/taken/files`);
      await ben.do("send-file", "anna", `${folder.path}/sent`);
      const { code, stderr } = await anna.run("", "pull");
      assertEquals(code, 1);
      assertStringIncludes(stderr, "Can't save a received file");
      assertStringIncludes(stderr, join(folder.path, "taken/files"));
      await anna.do("config", "files", `${folder.path}/other`);
      const { data: [later] } = await anna.do("pull", "--json");
      assertEquals(await Deno.readFile(later.path), bytes);
    });
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a verb stops at a settings file that it can't read",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const anna = new VerbUser(folder.path, relay.address);
    await anna.do("register", "anna");
    const path = `${folder.path}/info.settings`;
    await Deno.writeTextFile(path, '{\n  "files": 7\n}');
    const { code, stderr } = await anna.run("", "pull");
    assertEquals(code, 8);
    assertStringIncludes(stderr, "line 2, column 12: files: expected a folder");
    await Deno.writeTextFile(path, '{"file": "/x"}');
    const warned = await anna.do("pull");
    assertStringIncludes(warned.stderr, "did you mean files?");
  },
);
