/** Whether docs/architecture.md names what there is, and all folders. */

import { assert, assertEquals } from "@std/assert";
import { posix } from "node:path";
import { readPage } from "../../lab/harness/pages.ts";
import { ROOT } from "../../lab/harness/program.ts";
import { sourcesIn } from "../support/sources.ts";
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

/** Beginnings of paths, and of those that their files must not import. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  "client/": ["server/", "kit/", "lab/", "tests/"],
  "kit/": ["lab/", "tests/"],
  "lab/": ["tests/"],
  "server/": ["client/", "kit/", "lab/", "tests/"],
  "server/relay/": ["server/secure/"],
  "shared/": ["client/", "server/", "kit/", "lab/", "tests/"],
};

testWith(FILES, "imports point the way that the page tells", async () => {
  const wrong: string[] = [];
  let count = 0;
  for (const room of ["client", "kit", "lab", "server", "shared"]) {
    for await (const [path, source] of sourcesIn(room)) {
      const foreign = Object.entries(FOREIGN)
        .flatMap(([folder, others]) => path.startsWith(folder) ? others : []);
      for (
        const [, to = ""] of source.matchAll(/(?:from|import\() ?"(\..*?)"/g)
      ) {
        const target = posix.join(posix.dirname(path), to);
        if (foreign.some((folder) => target.startsWith(folder))) {
          wrong.push(`${path} imports ${target}`);
        }
        count++;
      }
    }
  }
  assertEquals(wrong, []);
  assert(count > 0);
});
