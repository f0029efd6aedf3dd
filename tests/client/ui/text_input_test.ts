/** Texts as shells and editors of Windows write them. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import process from "node:process";
import { editText } from "../../../client/ui/chat/input/external_editor.ts";
import { UserError } from "../../../client/errors.ts";
import { textOf } from "../../../client/ui/text_file.ts";
import { inputLines, readInput } from "../../../client/ui/terminal.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { SHELL, testWith } from "../../support/test_with.ts";

const TEXT = "שלום ä 🎉\r\nzweite\r\n";

function utf16(text: string, isLittle: boolean): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(2 * text.length));
  for (let at = 0; at < text.length; at++) {
    view.setUint16(2 * at, text.charCodeAt(at), isLittle);
  }
  return new Uint8Array(view.buffer);
}

const forms = [
  new TextEncoder().encode(TEXT),
  new TextEncoder().encode(`\ufeff${TEXT}`),
  utf16(`\ufeff${TEXT}`, true),
  utf16(`\ufeff${TEXT}`, false),
];

/** The bytes, so many at once. */
const input = (bytes: Uint8Array<ArrayBuffer>, size: number) =>
  ReadableStream.from((function* () {
    for (let at = 0; at < bytes.length; at += size) {
      yield bytes.slice(at, at + size);
    }
  })());

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("standard input may be UTF-16 with a byte order mark", async () => {
  for (const form of forms) {
    assertEquals(textOf(form), TEXT);
    for (const size of [1, 3, Infinity]) {
      assertEquals(
        await readInput(input(form, size)),
        TEXT.replace(/\r\n$/, ""),
      );
      assertEquals(
        await Array.fromAsync(inputLines(input(form, size), decode)),
        ["שלום ä 🎉", "zweite"],
      );
    }
  }
  const broken = utf16("\ufeffa", true).slice(0, 3);
  await assertRejects(() => readInput(input(broken, 1)), UserError, "UTF-8");
  assertThrows(() => textOf(broken), TypeError);
});

testWith(
  SHELL,
  "an edited text comes back as typed, from an editor with a space in its path",
  async () => {
    await using folder = await temporaryFolder();
    const form = `${folder.path}/form`;
    const editor = `${folder.path}/my editor`;
    const { VISUAL } = process.env;
    try {
      const commands = { [editor]: "$1", [`'${editor}' --wait`]: "$2" };
      for (const [command, path] of Object.entries(commands)) {
        process.env["VISUAL"] = command;
        const script = `#!/bin/sh\ncat '${form}' > "${path}"\n`;
        await Deno.writeTextFile(editor, script);
        await Deno.chmod(editor, 0o700);
        for (const bytes of forms) {
          await Deno.writeFile(form, bytes);
          assertEquals(
            await editText("", new AbortController().signal),
            "שלום ä 🎉\nzweite",
          );
        }
      }
    } finally {
      if (VISUAL === undefined) delete process.env["VISUAL"];
      else process.env["VISUAL"] = VISUAL;
    }
  },
);
