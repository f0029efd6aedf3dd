/** Whether what the project's pages link to is there. */

import { assert, assertEquals } from "@std/assert";
import {
  projectPages,
  readPage,
  withoutBlocks,
} from "../../lab/harness/pages.ts";
import { ROOT } from "../../lab/harness/program.ts";
import { FILES, testWith } from "../support/test_with.ts";

testWith(
  FILES,
  "each link leads to a file, and to a heading in it",
  async () => {
    const dead: string[] = [];
    let count = 0;
    for (const page of await projectPages()) {
      const folder = page.replace(/[^/]*$/, "");
      for (const [, link = ""] of (await prose(page)).matchAll(LINK)) {
        if (/^https?:/.test(link)) continue;
        const [path = "", anchor] = link.split("#");
        const target = path === "" ? page : `${folder}${path}`;
        if (!(await isThere(target, anchor))) dead.push(`${page}: ${link}`);
        count++;
      }
    }
    assertEquals(dead, []);
    assert(count > 0);
  },
);

/** `[text](link)`, without a title. */
const LINK = /\]\(([^)\s]+)\)/g;

/** A page without its code. */
async function prose(page: string): Promise<string> {
  return withoutBlocks(await readPage(page));
}

async function isThere(
  path: string,
  anchor: string | undefined,
): Promise<boolean> {
  try {
    await Deno.stat(`${ROOT}${path}`);
  } catch {
    return false;
  }
  if (anchor === undefined) return true;
  const headings = (await prose(path)).matchAll(/^#+ (.+)$/gm);
  return [...headings].some(([, heading = ""]) => slug(heading) === anchor);
}

/** What a heading is called in a link. */
const slug = (heading: string) =>
  heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

testWith(FILES, "the near tests are there, and are all tests", async () => {
  const page = await readPage("CONTRIBUTING.md");
  const near = [...page.matchAll(/^\|.*`deno task test(?::all)? (.+)` *\|$/gm)]
    .flatMap(([, paths = ""]) => paths.split(" "));
  for (const path of near) await Deno.stat(`${ROOT}${path}`);
  const rest = (await testsIn("tests")).filter((test) =>
    !near.some((path) => test === path || test.startsWith(`${path}/`))
  );
  assertEquals(rest, []);
});

/** All test files below a folder. */
async function testsIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${ROOT}${folder}`)) {
    const path = `${folder}/${name}`;
    if (isDirectory) found.push(...await testsIn(path));
    else if (name.endsWith("_test.ts")) found.push(path);
  }
  return found;
}
