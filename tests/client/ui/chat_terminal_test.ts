import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { pathToFileURL } from "node:url";
import { Program, ROOT } from "../../../lab/harness/program.ts";
import {
  namesIn,
  temporaryFolder,
  testRelay,
} from "../../../lab/harness/resources.ts";
import { bars, Screen } from "../../../lab/harness/screen.ts";
import { until } from "../../../lab/harness/until.ts";
import {
  CHAT_PERMISSIONS,
  FAILING_PROGRAM,
  Stage,
} from "../../../lab/harness/stage.ts";
import {
  longTest,
  PROGRAMS,
  SCREENS,
  testWith,
} from "../../support/test_with.ts";
import { thisPlatform } from "../../../shared/platform/platform.ts";

/** Ways to end, each with the exit code that is owed and what is said. */
const ENDS: {
  name: string;
  end: (screen: Screen) => Promise<void> | void;
  code: number;
  says?: string;
}[] = [
  { name: "/quit", end: (screen) => screen.type("/quit\r"), code: 0 },
  { name: "Ctrl-C", end: (screen) => screen.type("\x03"), code: 0 },
  { name: "Ctrl-D", end: (screen) => screen.type("\x04"), code: 0 },
  { name: "SIGTERM", end: (screen) => screen.signal("TERM"), code: 143 },
  { name: "SIGHUP", end: (screen) => screen.signal("HUP"), code: 129 },
  { name: "SIGINT", end: (screen) => screen.signal("INT"), code: 130 },
  { name: "SIGQUIT", end: (screen) => screen.signal("QUIT"), code: 131 },
  {
    name: "an exception that nobody catches",
    end: (screen) => screen.signal("USR1"),
    code: 1,
    // What draws the screen has read what it needs.
    says: "error: thrown by a listener, env prompt",
  },
  {
    name: "a rejection that nobody handles",
    end: (screen) => screen.signal("USR2"),
    code: 1,
    says: "error: rejected without a reader",
  },
];

longTest(
  SCREENS,
  "the terminal is as it was, whatever ends a chat",
  async (t) => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    for (const { name, end, code, says } of ENDS) {
      await t.step(name, async () => {
        const someone = `after${name.replaceAll(/\W/g, "")}`;
        await stage.register(someone);
        await using screen = await stage.chat(someone, undefined, {
          program: FAILING_PROGRAM,
        });
        await screen.see("connected");
        const { emulator } = screen;
        await screen.until(() => emulator.modes.sendFocusMode, "focus reports");
        assertStringIncludes(screen.raw, "\x1b[22;0t");
        assertStringIncludes(screen.raw, "MessageU\x1b\\");
        assertEquals(emulator.buffer.active.type, "alternate");
        assert(emulator.modes.bracketedPasteMode);
        assert(!emulator.modes.wraparoundMode);
        await end(screen);
        const ended = await screen.end();
        assertEquals(ended, { code, restored: true }, screen.text);
        assertEquals(emulator.buffer.active.type, "normal");
        const { bracketedPasteMode, sendFocusMode, wraparoundMode } =
          emulator.modes;
        assertEquals(
          { bracketedPasteMode, sendFocusMode, wraparoundMode },
          {
            bracketedPasteMode: false,
            sendFocusMode: false,
            wraparoundMode: true,
          },
        );
        const title = screen.raw.slice(screen.raw.lastIndexOf("\x1b]0;"));
        assert(
          title.startsWith("\x1b]0;\x1b\\\x1b[23;0t"),
          "the title is restored",
        );
        const cursor = screen.raw.lastIndexOf("\x1b[?25");
        assertEquals(screen.raw[cursor + 5], "h", "the cursor is shown");
        if (says !== undefined) assertStringIncludes(screen.text, says);
        assert(!/^ +at /m.test(screen.text), "no stack trace");
      });
    }
  },
);

longTest(SCREENS, "a chat can be stopped and goes on", async () => {
  await using relay = await testRelay();
  await using stage = await Stage.at(relay.address);
  await stage.register("anna");
  const ben = await stage.someone("ben");
  await ben.outbox.sendText("anna", "hi");
  const command = stage.chatCommand("anna").map((arg) => `'${arg}'`).join(" ");
  const script = `${stage.path}/chat`;
  await Deno.writeTextFile(
    script,
    `#!/bin/sh\necho $$ > '${script}.pid'\nexec ${command}\n`,
    { mode: 0o700 },
  );
  const size = { columns: 80, rows: 24 };
  await using screen = await Screen.run(size, ["sh", "-i"], {
    PS1: "shell> ",
    TMPDIR: stage.path,
  });
  const { emulator } = screen;
  const onScreen = () => ({
    buffer: emulator.buffer.active.type,
    paste: emulator.modes.bracketedPasteMode,
    focus: emulator.modes.sendFocusMode,
    wrap: emulator.modes.wraparoundMode,
  });
  // The screen from before the chat shows the last prompt, with what was typed.
  const isPrompted = () =>
    screen.rows.findLast((row) => row !== "")?.trim() === "shell>";
  const taken = { buffer: "alternate", paste: true, focus: true, wrap: false };
  const given = { buffer: "normal", paste: false, focus: false, wrap: true };
  await screen.see("shell> ");
  screen.type(`${script}\n`);
  await screen.see("connected");
  screen.type("draft");
  await screen.see("> draft");
  screen.type("\x1a");
  await screen.see("Stopped");
  assertEquals(onScreen(), given);
  screen.type("stty -a | grep -o -- '-*icanon'\n");
  await screen.see("\nicanon");
  screen.resize({ columns: 60, rows: 20 });
  screen.type("fg\n");
  await screen.see("> draft");
  await screen.until(() => screen.rows[19] === "> draft", "the new size");
  assertEquals(onScreen(), taken);

  // Who is stopped so can't give the terminal back, but takes it anew.
  const stop = `kill -STOP $(cat '${script}.pid')`;
  assertEquals((await Program.run("sh", ["-c", stop]).end()).code, 0);
  await screen.see("Stopped");
  screen.type("fg\n");
  await screen.unsee("Stopped");
  screen.type(" goes on");
  await screen.see("> draft goes on");
  assertEquals(onScreen(), taken);

  screen.type("\x15/quit\r");
  await screen.until(isPrompted, "the next prompt");

  // The task runner handles SIGTSTP: it must stop too, or the shell gets no turn.
  const chat = stage.chatCommand("anna", { flags: ["--allow-run"] })
    .map((arg) => `'${arg}'`).join(" ");
  await Deno.writeTextFile(
    `${stage.path}/deno.json`,
    JSON.stringify({ tasks: { chat } }),
  );
  screen.type("printf '\\033[2J\\033[H'\n");
  await screen.unsee("Stopped");
  screen.type(
    `'${Deno.execPath()}' task --cwd '${stage.path}' chat\n`,
  );
  await screen.see("connected");
  screen.type("\x1a");
  await screen.see("Stopped");
  assertEquals(onScreen(), given);
  screen.type("fg\n");
  await screen.see("connected");
  assertEquals(onScreen(), taken);
  screen.type("/quit\r");
  await screen.until(isPrompted, "the next prompt");
  screen.type("exit\n");
  assertEquals(await screen.end(), { code: 0, restored: true });
});

longTest(SCREENS, "what is typed while a chat starts is entered", async () => {
  await using relay = await testRelay();
  await using stage = await Stage.at(relay.address);
  await stage.register("anna");
  await stage.register("ben");
  await using screen = await stage.chat("anna", undefined, { partner: "ben" });
  screen.type("one\rtwo\r");
  await screen.see("✓ one");
  await screen.see("✓ two");
});

longTest(SCREENS, "a file can be dropped on a chat", async () => {
  await using relay = await testRelay();
  await using stage = await Stage.at(relay.address);
  await stage.register("anna");
  const ben = await stage.someone("ben");
  await ben.outbox.sendText("anna", "hi");
  await using screen = await stage.chat("anna", undefined, { partner: "ben" });
  await screen.see("connected");
  for (const [index, size] of [111, 222, 333].entries()) {
    const path = `${stage.path}/it's ${index} %25.txt`;
    await Deno.writeTextFile(path, "x".repeat(size));
    const dropped = [
      `'${path.replace("'", "'\\''")}'`,
      path.replaceAll(/[' ]/g, "\\$&"),
      String(pathToFileURL(path)),
    ];
    screen.paste(`/file ${dropped[index]} `);
    screen.type("\r");
    await screen.see(`(${size} bytes)`);
  }
  screen.type("/file 'not here'\r");
  await screen.see("There is no not here");
});

longTest(SCREENS, "a search that takes years can be ended", async () => {
  await using relay = await testRelay();
  await using stage = await Stage.at(relay.address);
  await stage.register("anna");
  const ben = await stage.someone("ben");
  await ben.outbox.sendText("anna", `${"a".repeat(60)}!`);
  await using screen = await stage.chat("anna", undefined, { partner: "ben" });
  await screen.see("aaa!");
  for (const key of ["\x1b", "\x03"]) {
    screen.type("/search (a+)+$\r");
    await screen.see("searching, Esc ends it");
    screen.type("meanwhile");
    await screen.see("> meanwhile");
    screen.type(key);
    await screen.unsee("searching,");
    await screen.see("The search for (a+)+$ was ended");
    screen.type("\x15");
  }
  screen.type("/quit\r");
  assertEquals(await screen.end(), { code: 0, restored: true });
});

longTest(SCREENS, "long texts are written in the user's editor", async () => {
  await using relay = await testRelay();
  await using stage = await Stage.at(relay.address);
  await stage.register("anna");
  const ben = await stage.someone("ben");
  await ben.outbox.sendText("anna", "hi");
  const editor = `${stage.path}/editor.sh`;
  const script = `#!/bin/sh
stty -a | grep -o -- '-\\?icanon'
ls -l "$2"
if [ -s "$2" ]; then printf '%s: ' "$1"; else printf 'anew: '; fi
read -r first
read -r second
printf '%s\\n%s\\n' "$first" "$second" >> "$2"
[ "$first" != fail ]
`;
  await Deno.writeTextFile(editor, script, { mode: 0o700 });
  const temp = `${stage.path}/temp`;
  await Deno.mkdir(temp);
  await using screen = await stage.chat("anna", undefined, {
    partner: "ben",
    env: { VISUAL: `${editor} ask`, TMPDIR: temp },
    flags: ["--allow-run=sh"],
  });
  await screen.see("connected");
  screen.type("begun: \x1be");
  await screen.see("ask: ");
  assertEquals(screen.emulator.buffer.active.type, "normal");
  assert(!screen.emulator.modes.bracketedPasteMode);
  assert(screen.emulator.modes.wraparoundMode);
  assertStringIncludes(screen.text, "\nicanon\n-rw------- ");
  screen.type("one line\r");
  screen.type("another one\r");
  await screen.see("> begun: one line\n  another one");
  assertEquals(screen.emulator.buffer.active.type, "alternate");
  assertEquals(await namesIn(temp), []);
  screen.type("\r");
  await screen.see(/✓ begun: one line\n.*another one/);

  screen.type("/editor\r");
  await screen.see("anew: ");
  screen.type("fail\rnow\r");
  await screen.see("ended with 1");
  assertEquals(await namesIn(temp), []);

  // Who is ended meanwhile leaves nothing of the text behind.
  const asked = () => screen.raw.split("ask: ").length;
  const before = asked();
  screen.type("unfinished\x1be");
  await screen.until(() => asked() > before, "the editor");
  await screen.signal("TERM");
  assertEquals(await screen.end(), { code: 143, restored: true });
  assertEquals(await namesIn(temp), []);
});

longTest(SCREENS, "no editor costs the draft, or ends the chat", async () => {
  await using relay = await testRelay();
  await using stage = await Stage.at(relay.address);
  await stage.register("anna");
  const ben = await stage.someone("ben");
  await ben.outbox.sendText("anna", "hi");
  const temp = `${stage.path}/temp`;
  await Deno.mkdir(temp);
  const script = `#!/bin/sh
echo ready
read -r first
case "$first" in
  remove) rm "$2" ;;
  folder) rm -r "$(dirname "$2")" ;;
  replace) rm "$2"; mkdir "$2" ;;
  absent) exit 127 ;;
  latin) printf '\\374' >> "$2" ;;
  *) printf '%s %s' "$1" "$first" >> "$2" ;;
esac
`;
  await Deno.mkdir(`${stage.path}/my editors`);
  const editor = `${stage.path}/my editors/ed`;
  await Deno.writeTextFile(editor, script, { mode: 0o700 });
  await using screen = await stage.chat("anna", undefined, {
    partner: "ben",
    env: { VISUAL: `'${editor}' 'two words'`, TMPDIR: temp },
    flags: ["--allow-run=sh"],
  });
  await screen.see("connected");
  screen.type("my draft");
  await screen.see("> my draft");
  let edits = 0;
  const edit = async (answer: string) => {
    edits++;
    screen.type("\x1be");
    await screen.until(
      () => screen.raw.split("ready").length > edits,
      "the editor",
    );
    screen.type(`${answer}\r`);
    await screen.until(
      () => screen.emulator.buffer.active.type === "alternate",
      "the chat",
    );
  };
  for (
    const [answer, said] of [
      ["remove", "left no text"],
      ["folder", "left no text"],
      ["replace", "can't be edited"],
      ["absent", "can't be run"],
      ["latin", "text isn't UTF-8"],
    ] as const
  ) {
    await edit(answer);
    await screen.see(said);
    await screen.see("> my draft");
    assertEquals(await namesIn(temp), []);
  }
  await edit("more");
  await screen.see("> my drafttwo words more");
  // A terminal's byte that is no text comes as this.
  screen.type(" \ufffd\r");
  await screen.see("couldn't be read as UTF-8");
  await screen.see("> my drafttwo words more \ufffd");
  screen.type("\x7f\x7f\r");
  await screen.see("✓ my drafttwo words more");
  screen.type("\x03");
  assertEquals(await screen.end(), { code: 0, restored: true });
});

longTest(
  SCREENS,
  "links are whole on all rows, and the wheel scrolls",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    await stage.register("anna");
    const ben = await stage.someone("ben");
    const url = `https://example.org/${"path/".repeat(14)}end?a=b;c#d`;
    for (let number = 1; number <= 30; number++) {
      await ben.outbox.sendText("anna", `line ${number}.`);
    }
    await ben.outbox.sendText(
      "anna",
      `漢字 ${url} \x1b]8;;evil:x\x07!`,
    );
    await using screen = await stage.chat("anna", undefined, {
      partner: "ben",
    });
    const { emulator } = screen;
    await screen.see("new, Esc ends");
    screen.type("\x1b");
    await screen.see("https://example.org/path/");
    await screen.unsee("new, Esc ends");
    // deno-lint-ignore no-control-regex -- styles
    const unstyled = screen.raw.replaceAll(/\x1b\[[\d;]*m/g, "");
    const links = [
      ...unstyled.matchAll(
        // deno-lint-ignore no-control-regex -- what begins and ends a link
        /\x1b\]8;id=([\d.]+);([^\x1b]+)\x1b\\([^\x1b]*)/g,
      ),
    ];
    const rows = links.slice(-3);
    assertEquals(rows.map(([, , , text]) => text).join(""), url);
    assertEquals(rows.map(([, , href]) => href), [url, url, url]);
    assertEquals(new Set(rows.map(([, id]) => id)).size, 1);
    assert(!screen.raw.includes("\x1b]8;;evil"), "none of the text's own");
    assertEquals([...bars(screen.rows)], [16]);

    screen.type("draft");
    await screen.see("> draft");
    screen.type("\x1bm");
    await screen.see("The wheel scrolls");
    assertEquals(emulator.modes.mouseTrackingMode, "vt200");
    screen.type("\x1b[<64;30;5M\x1b[<64;30;5M");
    await screen.see("scrolled back");
    screen.type("\x1b[<0;30;5M\x1b[<0;30;5m\x1b[<65;30;5M\x1b[<65;30;5M");
    await screen.unsee("scrolled back");
    await screen.see("> draft");
    screen.type("\x03\x03");
    assertEquals(await screen.end(), { code: 0, restored: true });
    assertEquals(emulator.modes.mouseTrackingMode, "none");
  },
);

longTest(SCREENS, "colours are left out where NO_COLOR is set", async () => {
  await using relay = await testRelay();
  await using stage = await Stage.at(relay.address);
  await stage.register("anna");
  const ben = await stage.someone("ben");
  await ben.outbox.sendText("anna", "hi");
  // deno-lint-ignore no-control-regex -- what sets a colour
  const colour = /\x1b\[(?:\d+;)*(?:[349][0-7]|10[0-7]|[34]8)[;m]/;
  await using plain = await stage.chat("anna", undefined, {
    partner: "ben",
    env: { NO_COLOR: "1" },
  });
  await plain.see("hi");
  assert(!colour.test(plain.raw));
  await using coloured = await stage.chat("anna", undefined, {
    partner: "ben",
  });
  await coloured.see("hi");
  assert(colour.test(coloured.raw));
  // The setting precedes the variable.
  const settings = `${stage.dirOf("anna")}/info.settings`;
  await Deno.writeTextFile(settings, '{"colours": "always"}');
  await using always = await stage.chat("anna", undefined, {
    partner: "ben",
    env: { NO_COLOR: "1", TERM: "unknown" },
  });
  await always.see("hi");
  assert(colour.test(always.raw));
  await Deno.writeTextFile(settings, '{"colours": "never"}');
  await using never = await stage.chat("anna", undefined, { partner: "ben" });
  await never.see("hi");
  assert(!colour.test(never.raw));
});

longTest(SCREENS, "a received file is opened by the desktop", async () => {
  await using relay = await testRelay();
  await using stage = await Stage.at(relay.address);
  await stage.register("anna");
  const ben = await stage.someone("ben");
  for (const text of ["first", "second"]) {
    await Deno.writeTextFile(`${stage.path}/${text}`, text);
    await ben.outbox.sendFile("anna", `${stage.path}/${text}`);
  }
  const bin = `${stage.path}/bin`;
  await Deno.mkdir(bin);
  const { opener } = thisPlatform;
  const script = `#!/bin/sh\necho noise\ncat "$1" >> '${stage.path}/opened'\n`;
  const installed = `${bin}/${opener}`;
  await Deno.writeTextFile(installed, script, { mode: 0o700 });
  await using screen = await stage.chat("anna", undefined, {
    partner: "ben",
    env: { PATH: `${bin}:/usr/bin:/bin` },
    flags: [`--allow-run=${installed}`],
  });
  await screen.see("file (6 bytes)");
  const opened = async () =>
    await Deno.readTextFile(`${stage.path}/opened`).catch(() => "");
  screen.type("/open 2\r");
  await screen.see("Opened");
  await until("the opened file", async () => await opened() === "first");
  screen.type("/open\r");
  await until("the opened file", async () => await opened() === "firstsecond");
  assert(!screen.raw.includes("noise"));
  await Deno.writeTextFile(installed, "#!/bin/sh\nexit 9\n");
  screen.type("/open\r");
  await screen.see(/ended with\s+(│\s+)?9/);
  screen.type("/open last\r");
  await screen.see('Expected a number, got "last"');
});

testWith(SCREENS, "a dumb terminal gets no full screen", async () => {
  await using relay = await testRelay();
  await using stage = await Stage.at(relay.address);
  await stage.register("anna");
  await using screen = await Screen.run({ columns: 80, rows: 24 }, [
    ...["env", "TERM=dumb"],
    ...stage.chatCommand("anna"),
  ]);
  assertEquals(await screen.end(), { code: 2, restored: true });
  assertStringIncludes(screen.raw, "(TERM is dumb)");
  assert(!screen.raw.includes("\x1b"), screen.raw);
});

testWith(PROGRAMS, "a chat without a terminal says what it needs", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/info.server`, "127.0.0.1:1");
  const { code, stdout, stderr } = await Program.deno([
    "run",
    ...CHAT_PERMISSIONS,
    `${ROOT}client/main.ts`,
    "chat",
    "--dir",
    folder.path,
  ]).end();
  assertEquals({ code, stdout }, { code: 2, stdout: "" });
  assertEquals(
    stderr,
    "error: chat needs a terminal; the other verbs work in pipes too\n",
  );
});
