import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import xterm from "@xterm/headless";
import { runHere } from "../../../lab/harness/client_run.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { ConsoleClient } from "../../support/clients/console.ts";
import {
  longTest,
  LOOPBACK_AND_FILES,
  TERMINALS,
  testWith,
} from "../../support/test_with.ts";
import { VerbUser } from "../../support/clients/verbs.ts";

const COLUMNS = 20;
const TEXT = "hello\n\t153\nben\n/etc/hosts\n";
const paste = (text: string) => `\x1b[200~${text}\x1b[201~`;

/** Two users at a relay; anna is at the menu. */
async function atMenu() {
  const relay = await testRelay();
  const folder = await temporaryFolder();
  const dir = `${folder.path}/anna`;
  const anna = new VerbUser(dir, relay.address);
  await anna.do("register", "anna");
  await new VerbUser(`${folder.path}/ben`, relay.address).do("register", "ben");
  await anna.do("list");
  return {
    dir,
    anna,
    /** Types into the menu, so many bytes at once; returns what the terminal got. */
    type: async (keys: string, atOnce = Infinity, ...flags: string[]) => {
      const modes: boolean[] = [];
      const { code, stdout } = await runHere(
        pieces(keys, atOnce),
        ["menu", "--dir", dir, ...flags],
        {
          keyboard: { setRaw: (isRaw) => modes.push(isRaw), columns: COLUMNS },
        },
      );
      assertEquals([code, modes], [0, [true, false]]);
      assert(stdout.startsWith("\x1b[?2004h"), "pastes are marked");
      assert(stdout.endsWith("\x1b[?2004l"), "and at the end no more");
      return stdout;
    },
    texts: async () =>
      (await anna.do("history", "--json")).data
        .filter(({ kind }) => kind !== "key")
        .map(({ kind, text }) => `${kind} ${text}`),
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function pieces(
  text: string,
  size: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const bytes = new TextEncoder().encode(text);
  return ReadableStream.from((function* () {
    for (let at = 0; at < bytes.length; at += size) {
      yield bytes.slice(at, at + size);
    }
  })());
}

/** What a terminal shows in the end, its empty rows left out. */
async function rowsOf(output: string): Promise<string[]> {
  const terminal = new xterm.Terminal({
    cols: COLUMNS,
    rows: 60,
    convertEol: true,
    allowProposedApi: true,
  });
  await new Promise<void>((resolve) => terminal.write(output, resolve));
  const { active } = terminal.buffer;
  const rows = Array.from(
    { length: active.length },
    (_, row) => active.getLine(row)?.translateToString(true) ?? "",
  );
  terminal.dispose();
  return rows.filter((row) => row !== "");
}

testWith(
  LOOPBACK_AND_FILES,
  "what is pasted into the menu is one text, never choices",
  async (t) => {
    await using menu = await atMenu();
    const keys = `150\r${paste("ben\n")}\r${paste(TEXT)}\r0\r`;
    for (const atOnce of [Infinity, 1, 7]) {
      await t.step(`with ${atOnce} bytes at once`, async () => {
        assertStringIncludes(await menu.type(keys, atOnce), "\nSent\n");
      });
    }
    const text = `text ${TEXT.trimEnd()}`;
    assertEquals(await menu.texts(), [text, text, text]);

    await t.step("in the place of a choice, a name, a path", async () => {
      const refusal = "This takes one line; the text that was pasted has 3\n";
      const three = `${paste("120\n0\n0")}\r`;
      for (const before of ["", "130\r", "153\rben\r"]) {
        const shown = await menu.type(`${before}${three}0\r`);
        assertStringIncludes(shown, refusal);
      }
      assertEquals((await menu.texts()).length, 3);
    });

    await t.step("through a pipe lines are as always", async () => {
      const { stdout } = await runHere("150\nben\nhi\n150\nben\nyou\n0\n", [
        "menu",
        "--dir",
        menu.dir,
      ]);
      assert(!stdout.includes("\x1b"), stdout);
      assertEquals((await menu.texts()).slice(3), ["text hi", "text you"]);
    });
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a line in the menu can be edited, also over several rows",
  async () => {
    await using menu = await atMenu();
    // The wide character doesn't fit on the first row; the last keys do nothing.
    const typed = "123456789012日x\x7f rest of it\x1b[D\x1b[D\x1b[D!\x01>" +
      "\x05 end word\x17\x1b[Z\x1b";
    const shown = await menu.type(
      `150\rbex\x7fn\r${typed}\r150\rben\rgone\x15kept\r0\r`,
    );
    assertEquals(await menu.texts(), [
      "text >123456789012日 rest of! it end ",
      "text kept",
    ]);
    const rows = await rowsOf(shown);
    const at = rows.indexOf("To whom: ben");
    assertEquals(rows.slice(at + 1, at + 4), [
      "Text: >123456789012",
      "日 rest of! it end ",
      "Sending ben a key fi",
    ]);
    assertEquals(rows.includes("Text: kept"), true, rows.join("\n"));
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "what the menu couldn't send says where it is kept",
  async () => {
    await using menu = await atMenu();
    const file = `${menu.dir}/info.me`;
    const away = ["--server", "127.0.0.1:1"];
    const shown = await menu.type(
      `150\rben\rhi\r151\rben\r152\rben\r153\rben\r${file}\r150\rben\r \r0\r`,
      Infinity,
      ...away,
    );
    for (const id of [1, 2, 3, 4]) {
      assertStringIncludes(
        shown,
        `kept as message ${id} to ben: "messageu --dir ${menu.dir} resend ${id}" sends it\n`,
      );
    }
    assertStringIncludes(shown, "The text is empty\n(Nothing was sent)\n");
    assert(!shown.includes("\nSent\n"), shown);
    const hint =
      "resend is a verb: 0 ends the menu, then give it to the client";
    assertStringIncludes(await menu.type("resend 1\r0\r"), hint);
    await menu.anna.do("resend", "1");
  },
);

longTest(
  TERMINALS,
  "a paste at a real terminal is a text, and Ctrl-C restores the terminal",
  async () => {
    await using menu = await atMenu();
    await using client = await ConsoleClient.start("--dir", menu.dir);
    client.type("150");
    await client.see("To whom: ");
    client.type("ben");
    await client.see("Text: ");
    client.paste(TEXT, "\r");
    await client.see("\nSent\n");
    await client.see("? ");
    client.paste("120\n153\n", "\r");
    await client.see("the text that was pasted has 2\n");
    await client.see("? ");
    client.interrupt();
    assertEquals(await client.exitCode(), 130);
    assert(client.raw.endsWith("\x1b[?2004l"), client.raw.slice(-80));
    assertEquals(await menu.texts(), [`text ${TEXT.trimEnd()}`]);
  },
);
