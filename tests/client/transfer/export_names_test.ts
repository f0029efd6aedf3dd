import { assertEquals, assertMatch } from "@std/assert";
import {
  namesIn,
  temporaryFolder,
  testRelay,
} from "../../../lab/harness/resources.ts";
import {
  lacking,
  LOOPBACK_AND_FILES,
  testWith,
} from "../../support/test_with.ts";
import { VerbUser } from "../../support/clients/verbs.ts";

/** Names that Windows keeps for devices, or can't tell apart as files. */
const NAMES = ["CON", "anna", "Anna", "con.x"];

testWith(
  LOOPBACK_AND_FILES,
  "each exported conversation has a file of its own on every system",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const user = (dir: string) =>
      new VerbUser(`${folder.path}/${dir}`, relay.address);
    const reader = user("reader");
    await reader.do("register", "reader");
    for (const [index, name] of NAMES.entries()) {
      const sender = user(String(index));
      await sender.do("register", name);
      await sender.do("send", "reader", "שלום");
    }
    await reader.do("pull");
    await Deno.writeTextFile(`${folder.path}/שיר.txt`, "a song");
    await reader.do("send-file", "anna", `${folder.path}/שיר.txt`);
    const to = `${folder.path}/conversations`;
    // An empty folder is filled.
    await Deno.mkdir(to);
    await reader.do("export", to, "--format", "text");
    const all = await namesIn(to);
    const [files = ""] = all.filter((name) => name.endsWith(".files"));
    const [file = ""] = await namesIn(`${to}/${files}`);
    assertMatch(file, /^\d+-___\.txt$/);
    const names = all.filter((name) => name !== files);
    const ignoringCase = new Set(names.map((name) => name.toLowerCase()));
    assertEquals([names.length, ignoringCase.size], [4, 4]);
    for (const name of names) {
      assertMatch(name, /^[A-Za-z0-9_][A-Za-z0-9_-]*-[0-9a-f]{32}\.txt$/);
      assertMatch(await Deno.readTextFile(`${to}/${name}`), /: שלום$/m);
    }
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "an export leaves a link to an empty folder in place",
  async () => {
    await using folder = await temporaryFolder();
    await using relay = await testRelay();
    const anna = new VerbUser(`${folder.path}/anna`, relay.address);
    await anna.do("register", "anna");
    await Deno.mkdir(`${folder.path}/empty`);
    const link = `${folder.path}/link`;
    await Deno.symlink(`${folder.path}/empty`, link);
    const { code, stderr } = await anna.run(
      "",
      "export",
      link,
      "--format",
      "text",
    );
    assertEquals(code, 1, stderr);
    assertMatch(stderr, /it exists, and is no empty folder/);
    assertEquals((await Deno.lstat(link)).isSymlink, true);
  },
  lacking("symbolic links"),
);
