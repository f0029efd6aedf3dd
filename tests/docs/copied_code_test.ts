/** Whether commands can be copied from the pages as they stand there. */

import { assert, assertEquals } from "@std/assert";
import {
  fencedBlocks,
  projectPages,
  readPage,
  withoutBlocks,
} from "../../lab/harness/pages.ts";
import { FILES, SHELL, testWith } from "../support/test_with.ts";

/** The languages of blocks that are commands. */
const SHELLS = ["sh", "bash", "zsh", "fish"];
/** Text between equal runs of backticks, within a paragraph. */
const SPAN = /(?<!`)(`+)(?!`)((?:(?!\n\n)[^])*?[^`])\1(?!`)/g;

testWith(FILES, "no code within a text runs over a line's end", async () => {
  const broken: string[] = [];
  let count = 0;
  for (const page of await projectPages()) {
    for (
      const [, , span = ""] of withoutBlocks(await readPage(page))
        .matchAll(SPAN)
    ) {
      if (span.includes("\n")) broken.push(`${page}: ${span}`);
      count++;
    }
  }
  assertEquals(broken, []);
  assert(count > 0);
});

testWith(FILES, "no block has a prompt before its commands", async () => {
  const prompts: string[] = [];
  for (const page of await projectPages()) {
    for (const { text } of fencedBlocks(await readPage(page))) {
      const [prompt] = /^[$%>] .*/m.exec(text) ?? [];
      if (prompt !== undefined) prompts.push(`${page}: ${prompt}`);
    }
  }
  assertEquals(prompts, []);
});

/** What breaks a line of commands where it is copied to a shell. */
const BREAKS: readonly { what: string; found: RegExp }[] = [
  // zsh passes an interactive line's comment to the command.
  { what: "a comment behind a command", found: /\S\s+#(\s|$)/ },
  { what: "a comment", found: /^\s*#(?!!)/ },
  { what: "a character that shells don't know", found: /[‘’“”–—…\u00a0]/ },
  { what: "a blank behind a backslash", found: /\\\s+$/ },
];

testWith(FILES, "blocks of commands have nothing but commands", async () => {
  const broken: string[] = [];
  let count = 0;
  for (const page of await projectPages()) {
    for (const line of await commandLines(page)) {
      for (const { what, found } of BREAKS) {
        if (found.test(line)) broken.push(`${page}: ${what}: ${line}`);
      }
      count++;
    }
  }
  assertEquals(broken, []);
  assert(count > 0);
});

async function commandLines(page: string): Promise<string[]> {
  return fencedBlocks(await readPage(page))
    .filter(({ info }) => SHELLS.includes(info))
    .flatMap(({ text }) => text.trimEnd().split("\n"));
}

testWith(SHELL, "the shell understands each block", async () => {
  const broken: string[] = [];
  for (const page of await projectPages()) {
    for (const { info, text } of fencedBlocks(await readPage(page))) {
      if (info !== "sh") continue;
      const { stderr } = await new Deno.Command("sh", {
        args: ["-n", "-c", text],
      }).output();
      const mistake = new TextDecoder().decode(stderr);
      if (mistake !== "") broken.push(`${page}: ${text}${mistake}`);
    }
  }
  assertEquals(broken, []);
});
