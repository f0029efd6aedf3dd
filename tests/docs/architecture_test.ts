/** Whether docs/architecture.md names what there is, and all folders. */

import { assertEquals } from "@std/assert";
import { readPage } from "../../lab/harness/pages.ts";
import { ROOT } from "../../lab/harness/program.ts";
import { FILES, testWith } from "../support/test_with.ts";

const named = async () => {
  const page = await readPage("docs/architecture.md");
  return [...page.matchAll(/`(\w+\/[\w./]*)`/g)].map(([, path = ""]) => path);
};

testWith(FILES, "the page on architecture names paths that exist", async () => {
  const paths = await named();
  const missing: string[] = [];
  for (const path of paths) {
    await Deno.stat(`${ROOT}${path}`).catch(() => missing.push(path));
  }
  assertEquals(missing, []);
});

testWith(FILES, "the page on architecture names each folder", async () => {
  const paths = new Set(await named());
  const unnamed: string[] = [];
  for (const room of ["server", "client", "shared", "kit", "lab"]) {
    for await (const { name, isDirectory } of Deno.readDir(`${ROOT}${room}`)) {
      if (isDirectory && !paths.has(`${room}/${name}/`)) {
        unnamed.push(`${room}/${name}/`);
      }
    }
  }
  assertEquals(unnamed, []);
});
