import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parseVerb } from "../../../client/ui/cli/command_line.ts";
import { programHelp } from "../../../client/ui/cli/help.ts";
import { Output } from "../../../client/ui/cli/verb/output.ts";
import { processIo } from "../../../client/ui/cli/verb/process_io.ts";
import { loadVerb, verbNames } from "../../../client/ui/cli/verbs.ts";
import config from "../../../deno.json" with { type: "json" };
import { type Platform, platforms } from "../../../shared/platform/platform.ts";
import { runHere } from "../../../lab/harness/client_run.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { Program } from "../../../lab/harness/program.ts";
import { FILES, PROGRAMS, testWith } from "../../support/test_with.ts";
import { CLIENT } from "../../support/clients/verbs.ts";

testWith(
  FILES,
  "a verb's help has its arguments with their values",
  async () => {
    const { stdout } = await runHere("", ["history", "--help"]);
    const [usage, ...lines] = stdout.split("\n");
    assertEquals(
      usage,
      "Usage: messageu history [NAME] [--limit N] [--since WHEN]",
    );
    for (
      const line of [
        "  NAME                  Only with this contact",
        "  --limit N             Only the latest N messages",
        "  messageu history bob --limit 20",
      ]
    ) assertEquals(lines.includes(line), true, line);
    assertEquals(lines.filter((line) => line.length > 80), []);
    for (const args of [["help", "history"], ["--dir", ".", "history", "-h"]]) {
      assertEquals(await runHere("", args), { code: 0, stdout, stderr: "" });
    }
  },
);

testWith(FILES, "the program's help lists the verbs", async () => {
  const { stdout } = await runHere("", ["--help"]);
  for (const name of verbNames) {
    assertMatch(stdout, RegExp(`^  ${name}\\b`, "m"));
  }
  assertEquals((await runHere("", ["help"])).stdout, stdout);
  assertEquals((await runHere("", ["--json", "--help"])).stdout, stdout);
});

testWith(
  PROGRAMS,
  "the program prints its help and its version without the parser",
  async () => {
    const printed = async (word: string) =>
      (await Program.deno(["run", "--no-prompt", CLIENT, word]).end()).stdout;
    assertEquals(await printed("--help"), `${await programHelp()}\n`);
    assertEquals(await printed("--version"), `${config.version}\n`);
  },
);

testWith(
  FILES,
  "each verb has examples, which are command lines of it",
  async () => {
    for (const name of verbNames) {
      const verb = await loadVerb(name);
      const inert = { ...verb, task: () => Promise.resolve() };
      const calls = verb.examples.flatMap(callsIn);
      assertEquals(verb.examples.length >= 2, true, name);
      let own = 0;
      for (const [word, ...rest] of calls.map(verbFirst)) {
        if (word !== name) continue;
        own++;
        const exit = await parseVerb(
          { ...processIo, revoke: () => {} },
          name,
          inert,
          rest,
          new Output(false, processIo),
        );
        assertEquals(exit, 0, `${name} ${rest.join(" ")}`);
      }
      assertEquals(own > 0, true, name);
    }
  },
);

/** The words behind each "messageu" of a command line of the shell. */
function callsIn(line: string): string[][] {
  return [
    ...line.matchAll(
      /(?:^|[\s('])messageu(?:-client)?(?=[ ')]|$)((?:(?!\d?<)[^|>)])*)/g,
    ),
  ]
    .map(([, rest = ""]) =>
      [...rest.matchAll(/"([^"]*)"|'([^']*)'|([^\s']+)/g)]
        .map(([, double, single, plain]) => double ?? single ?? plain ?? "")
    );
}

/** A command line without `--dir DIR` in front; a menu's needs no verb. */
function verbFirst(words: string[]): string[] {
  if (words.length === 0) return ["menu"];
  return words[0] === "--dir" ? words.slice(2) : words;
}

testWith(FILES, "a wrong command line is explained in a sentence", async () => {
  const sentences: [line: string, message: string, hint: string][] = [
    ["send", "NAME is missing", "Usage: messageu send NAME TEXT "],
    ["send bob", "TEXT is missing", "Usage: messageu send NAME TEXT "],
    ["list bob", 'Unexpected word "bob"', "Usage: messageu list "],
    ["resend x", 'ID: expected a number from 1, got "x"', "Usage: "],
    ["history --limit", "--limit needs a value", "Usage: messageu history "],
    [
      "history --limit 0",
      '--limit: expected a number from 1, got "0"',
      "Usage: ",
    ],
    ["history --limit 1 --limit 2", "--limit is given twice: give it once", ""],
    ["list --offline=x", "--offline takes no value", "Usage: "],
    [
      "send bob hi --on-key-change ask",
      '--on-key-change: expected stop, accept or skip, got "ask"',
      "Usage: ",
    ],
    [
      "list --ofline",
      "Unknown flag --ofline (did you mean --offline?)",
      'A word that begins with a dash and isn\'t a flag goes behind "--". See: messageu list --help',
    ],
    [
      "send bob hi --on-key-chang stop",
      "Unknown flag --on-key-chang (did you mean --on-key-change?)",
      "",
    ],
    ["list --frob", "Unknown flag --frob\n", ""],
    [
      "sned bob hi",
      'There is no verb "sned": did you mean send? "messageu help" lists all',
      "",
    ],
    ["kye bob", 'There is no verb "kye": did you mean key?', ""],
    [
      "--dri alice send bob hi",
      "Unknown flag --dri (did you mean --dir?)",
      "See: messageu --help",
    ],
    ["--dri=alice sned bob", "Unknown flag --dri (did you mean --dir?)", ""],
    [
      "send bob hello there",
      'Unexpected word "there"',
      "Put what has blanks in quotes. Usage: messageu send NAME TEXT ",
    ],
    ["help sned", 'There is no verb "sned": did you mean send?', ""],
  ];
  for (const [line, message, hint] of sentences) {
    const { code, stdout, stderr } = await runHere("", line.split(" "));
    assertEquals([code, stdout], [2, ""], line);
    assertStringIncludes(stderr, `error: ${message}`);
    assertStringIncludes(stderr, hint);
  }
});

testWith(
  FILES,
  "hints name commands that work as they are printed",
  async () => {
    await using folder = await temporaryFolder();
    const dir = `${folder.path}/anna's own`;
    const { linux, windows } = platforms;
    const commands: [dir: string, platform: Platform, command: string][] = [
      [
        dir,
        linux,
        `messageu --dir '${dir.replace("'", "'\\''")}' register NAME`,
      ],
      [dir, windows, `messageu --dir "${dir}" register NAME`],
      ["a\\b", linux, "messageu --dir 'a\\b' register NAME"],
      ["a\\b", windows, '"messageu --dir a\\b register NAME"'],
    ];
    for (const [dir, platform, command] of commands) {
      const words = ["whoami", "--dir", dir];
      const { code, stderr } = await runHere("", words, { platform });
      assertEquals(code, 7);
      assertStringIncludes(stderr, `(Register first: ${command})`);
    }
    const here = await runHere("", ["whoami"]);
    assertStringIncludes(here.stderr, '"messageu register NAME"');
  },
);
