import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { Program, ROOT } from "../../lab/harness/program.ts";
import { temporaryFolder } from "../../lab/harness/resources.ts";
import { PROGRAMS, testWith } from "../support/test_with.ts";

const page = () => Deno.readTextFile(`${ROOT}docs/looking.md`);

/** The first fenced block of a kind. */
const block = (markdown: string, kind: string) =>
  new RegExp(`^\`\`\`${kind}\n(.*?)^\`\`\`$`, "ms").exec(markdown)?.[1] ?? "";

testWith(
  PROGRAMS,
  "looking: the page's example prints what it says",
  async () => {
    const text = await page();
    await using folder = await temporaryFolder();
    const path = `${folder.path}/message.hex`;
    await Deno.writeTextFile(path, block(text, "hex"));
    const { code, stdout } = await Program.deno([
      "run",
      "--no-prompt",
      "--allow-read",
      "kit/decode/main.ts",
      path,
    ]).end();
    assertEquals(code, 0);
    assertEquals(stdout.trimEnd(), block(text, "text").trimEnd());
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
    const fields = [...text.matchAll(/`messageu\.([a-z]+) /g)];
    assertEquals(fields.length, 3);
    for (const [, field = ""] of fields) {
      assert(dissector.includes(`"messageu.${field}"`), field);
    }
  },
);
