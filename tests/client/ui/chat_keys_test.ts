import { assert, assertEquals } from "@std/assert";
import {
  complete,
  helpLines,
  readEntry,
} from "../../../client/ui/chat/model/commands.ts";
import {
  EMPTY,
  erase,
  insert,
  move,
  written,
} from "../../../client/ui/chat/input/editor.ts";
import { edit, NO_INPUT } from "../../../client/ui/chat/input/input_line.ts";
import {
  type ActionName,
  actionNames,
  actions,
  bindKeys,
  keyHelp,
} from "../../../client/settings/chat_actions.ts";
import {
  type Press,
  presses,
  wheelPresses,
} from "../../../client/ui/chat/input/presses.ts";
import { TypeAhead } from "../../../client/ui/chat/input/type_ahead.ts";
import { platforms } from "../../../shared/platform/platform.ts";

/** Of a key that Ink reads. */
const NO_MODIFIERS = {} as Parameters<typeof presses>[1];

Deno.test("keys edit the line", () => {
  const typed = insert(EMPTY, "one two\r\nthre\u0301e\x1b[31m\x07");
  assertEquals(typed.text, "one two\nthre\u0301e[31m");
  assertEquals(erase(written("e\u0301"), "left").text, "");
  assertEquals(erase(written("a 👩‍👩‍👧"), "left").text, "a ");
  assertEquals(erase(written("one two "), "wordLeft").text, "one ");
  assertEquals(move(written("ab\ncdef"), "up").cursor, 2);
  assertEquals(move({ text: "ab\ncd", cursor: 1 }, "down").cursor, 4);

  const key = NO_MODIFIERS;
  assertEquals(presses("hi\rthere\x0e", key), [
    { kind: "text", text: "hi" },
    { kind: "key", name: "enter" },
    { kind: "text", text: "there" },
    { kind: "key", name: "ctrl-n" },
  ]);
  assertEquals(presses("", { ...key, upArrow: true, meta: true }), [
    { kind: "key", name: "alt-up" },
  ]);
  assertEquals(
    wheelPresses("\x1b[<64;10;5M\x1b[<0;10;5M\x1b[<0;10;5m\x1b[<69;1;1M"),
    [
      { kind: "key", name: "wheel-up" },
      { kind: "key", name: "wheel-down" },
    ],
  );
});

Deno.test("Enter is Enter, also if it was pressed before the chat read it", async () => {
  const ahead = new TypeAhead();
  const typed = (text: string) =>
    presses(text, NO_MODIFIERS).map((press) => ahead.read(press));
  const enter: Press = { kind: "key", name: "enter" };
  assertEquals(typed("hi\n/quit\n"), [
    { kind: "text", text: "hi" },
    enter,
    { kind: "text", text: "/quit" },
    enter,
  ]);
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(typed("\n"), [{ kind: "key", name: "ctrl-j" }]);
});

Deno.test("Tab completes as far as it is clear", async () => {
  const sources = {
    names: () => ["anna", "annabel", "ben"],
    list: (folder: string) =>
      Promise.resolve(
        folder === "/home/a/" ? ["one.txt", "one.pdf", ".hidden", "two/"] : [],
      ),
    home: "/home/a",
    platform: platforms.linux,
  };
  const lines: [string, string, number][] = [
    ["/fi", "/fi", 2],
    ["/fil", "/file ", 0],
    ["/chat a", "/chat anna", 2],
    ["/chat b", "/chat ben", 0],
    ["/file ~", "/file ~/", 0],
    ["/file ~/o", "/file ~/one.", 2],
    ["/file ~/tw", "/file ~/two/", 0],
    ["/file ~/.h", "/file ~/.hidden", 0],
    ["/notify o", "/notify o", 2],
    ["/save ~/tw", "/save ~/two/", 0],
    ["/save 2 ~/tw", "/save 2 ~/two/", 0],
    ["/save 2", "/save 2", 0],
    ["a text", "a text", 0],
  ];
  for (const [typed, line, candidates] of lines) {
    const found = await complete(typed, sources);
    assertEquals([found.line, found.candidates.length], [line, candidates]);
  }
  const { line } = await complete("/file ~\\tw", {
    ...sources,
    home: "C:\\a",
    list: (folder) => Promise.resolve(folder === "C:\\a\\" ? ["two/"] : []),
    platform: platforms.windows,
  });
  assertEquals(line, "/file ~\\two/");
  assertEquals(readEntry("/file  a b "), {
    kind: "command",
    name: "file",
    rest: "a b",
  });
  assertEquals(readEntry("//x"), { kind: "text", text: "/x" });
  for (const line of [" /who", "\t /who", "/who \n", "\n/who", "\u00a0/who"]) {
    assertEquals(readEntry(line), { kind: "command", name: "who", rest: "" });
  }
  for (const line of ["/delete bob\nnext", " /delete bob\nnext"]) {
    assertEquals(readEntry(line).kind, "lines");
  }
  for (const text of ["  // a comment", "see\n/who", " and/or"]) {
    assertEquals(readEntry(text), { kind: "text", text });
  }
  assertEquals(readEntry("//a\nb"), { kind: "text", text: "/a\nb" });
});

Deno.test("what was erased last comes back, together where erasing went on", () => {
  const line = (text: string, ...names: ActionName[]) =>
    names.reduce(edit, { ...NO_INPUT, editor: written(text) }).editor;
  const text = (...args: Parameters<typeof line>) => line(...args).text;
  assertEquals(text("a b c", "erase-word-left", "yank"), "a b c");
  assertEquals(
    text("a b c", "erase-word-left", "erase-word-left", "yank", "yank"),
    "a b cb c",
  );
  assertEquals(
    text("a b c", "erase-word-left", "left", "erase-line-start", "yank"),
    "a b ",
  );
  assertEquals(
    text("a b", "line-start", "erase-word-right", "erase-line-end", "yank"),
    "a b",
  );
  assertEquals(text("a b", "erase-left", "yank"), "a ");
  assertEquals(text("a b", "erase-line-start", "erase-left", "yank"), "a b");
});

Deno.test("every key has one action, and users may bind others", () => {
  const keys = actionNames.flatMap((name) => [...actions[name].keys]);
  assertEquals(new Set(keys).size, keys.length);
  const bindings = bindKeys({ recall: ["ctrl-n"], yank: [] });
  assertEquals(bindings.get("ctrl-n"), "recall");
  assertEquals(bindings.get("ctrl-r"), undefined);
  assertEquals(bindings.get("ctrl-y"), undefined);
  assertEquals(bindings.get("alt-down"), "next-contact");
  const help = new Map(keyHelp(bindings).map(([keys, does]) => [does, keys]));
  assertEquals(help.get(actions.newline.does), "Alt-Enter, Ctrl-J, Alt-Ctrl-J");
  assertEquals(help.get(actions["page-up"].does), "PageUp");
});

Deno.test("no key stops the chat where no shell continues it", () => {
  const own = { stop: ["ctrl-t"] };
  assert([...bindKeys(own, platforms.darwin).values()].includes("stop"));
  const bound = bindKeys(own, platforms.windows);
  assert(![...bound.values()].includes("stop"));
  assert(!helpLines(bound).join().includes("as with fg"));
});
