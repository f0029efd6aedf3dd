import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { fencedBlocks } from "../../lab/harness/pages.ts";
import { Program, ROOT } from "../../lab/harness/program.ts";
import { temporaryFolder } from "../../lab/harness/resources.ts";
import { PROGRAMS, testWith } from "../support/test_with.ts";

const page = () => Deno.readTextFile(`${ROOT}docs/looking.md`);

/** The page's blocks of a kind, behind a heading. */
const blocks = (markdown: string, kind: string, heading: string) =>
  fencedBlocks(markdown.slice(markdown.indexOf(`## ${heading}\n`)))
    .filter(({ info }) => info === kind).map(({ text }) => text.trimEnd());

testWith(
  PROGRAMS,
  "looking: the page's example prints what it says, in full and brief",
  async () => {
    const text = await page();
    await using folder = await temporaryFolder();
    const path = `${folder.path}/message.hex`;
    const [hex = ""] = blocks(text, "hex", "From a file");
    await Deno.writeTextFile(path, hex);
    const printed: string[] = [];
    for (const flags of [[], ["--brief"]]) {
      const { code, stdout } = await Program.deno([
        "run",
        "--no-prompt",
        "--allow-read",
        "kit/decode/main.ts",
        path,
        ...flags,
      ]).end();
      assertEquals(code, 0);
      printed.push(stdout.trimEnd());
    }
    assertEquals(printed, blocks(text, "text", "From a file"));
  },
);

testWith(
  PROGRAMS,
  "looking: the page's tasks and filters are there",
  async () => {
    const text = await page();
    for (const [, name = ""] of text.matchAll(/deno task ([a-z:]+)/g)) {
      assert(name in config.tasks, name);
    }
    const dissector = await Deno.readTextFile(
      `${ROOT}kit/dissector/messageu.lua`,
    );
    const fields = [...text.matchAll(/`messageu\.([a-z_]+)[ `]/g)];
    assertEquals(fields.length, 6);
    for (const [, field = ""] of fields) {
      assert(dissector.includes(`"messageu.${field}"`), field);
    }
  },
);
