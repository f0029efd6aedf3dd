import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ANNA, answers, idOf, ok } from "../../support/relays/misbehaviour.ts";
import { Program } from "../../../lab/harness/program.ts";
import { runHere } from "../../../lab/harness/client_run.ts";
import {
  namesIn,
  temporaryFolder,
  testRelay,
} from "../../../lab/harness/resources.ts";
import { Screen } from "../../../lab/harness/screen.ts";
import { ScriptedServer } from "../../../lab/harness/scripted_server.ts";
import {
  FILES,
  longTest,
  LOOPBACK_AND_FILES,
  SCREENS,
  testWith,
} from "../../support/test_with.ts";
import { clientArguments, VerbUser } from "../../support/clients/verbs.ts";

/** Names that a relay lists; each begins with another letter. */
const NAMES = [
  "ben",
  "k`touch hacked`",
  "l$(touch hacked)",
  "m;touch hacked",
  "p!!*{a,b}#'\"\\:>hacked",
  "n\x1b]0;evil\x07",
  "o\u202eevil",
  "--debug",
];

/** Each interactive shell, and what makes it complete. */
const SHELLS: Record<string, { command: string[]; begin: string }> = {
  bash: {
    command: ["bash", "--norc", "--noprofile", "-i"],
    begin: "source <(messageu completion bash)",
  },
  zsh: {
    command: ["zsh", "-f", "-i"],
    begin:
      "autoload -Uz compinit; compinit -D -u; source <(messageu completion zsh)",
  },
  fish: {
    command: ["fish", "--no-config", "--private", "-i"],
    begin: "messageu completion fish | source",
  },
};

/** Whether the machine has a program. */
async function has(program: string): Promise<boolean> {
  const { code } = await Program.run("sh", ["-c", `command -v ${program}`])
    .end();
  return code === 0;
}

testWith(
  LOOPBACK_AND_FILES,
  "flags are proposed behind a dash, and folders for --dir",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const dir = `${folder.path}/anna`;
    const anna = new VerbUser(dir, relay.address);
    await anna.do("register", "anna");
    await new VerbUser(`${folder.path}/ben`, relay.address)
      .do("register", "ben");
    await anna.do("list", "--all");
    const proposed = async (...words: string[]) => {
      const { stdout } = await runHere("", ["complete", "bash", ...words]);
      return stdout.split("\n").slice(0, -1).map((line) =>
        line.split("\t")[0] ?? ""
      );
    };
    assertEquals(await proposed("send", "--dir", dir, ""), ["ben"]);
    assertEquals(await proposed("send", "--li"), ["--lines"]);
    assertEquals(await proposed("--dir", ""), ["/"]);
    assertEquals(await proposed("send", "--dir", ""), ["/"]);
    assertEquals(await proposed("--di"), ["--dir", "--dialect"]);
    assertEquals(await proposed("--dir", dir, "whoa"), ["whoami"]);
    assertEquals(await proposed("send-file", "--dir", dir, "ben", ""), [""]);
  },
);

for (const [shell, { command, begin }] of Object.entries(SHELLS)) {
  longTest(
    SCREENS,
    `a name is never run by completion in ${shell}`,
    async (t) => {
      if (!await has(shell)) {
        const name = `skipped: needs ${shell}`;
        await t.step({ name, ignore: true, fn: () => {} });
        return;
      }
      await using server = new ScriptedServer();
      server.script = answers({
        601: ok({
          code: 2101,
          payload: [
            { clientId: ANNA, name: "anna" },
            ...NAMES.map((name, i) => ({ clientId: idOf(i + 1), name })),
          ],
        }),
      });
      await using folder = await temporaryFolder();
      const dir = `${folder.path}/anna`;
      const anna = new VerbUser(dir, server.address);
      await anna.do("register", "anna");
      const { data } = await anna.do("list", "--all", "--json");
      assertEquals(data.length, NAMES.length);
      // It tells which words it was given.
      const words = `${folder.path}/words`;
      const client = [Deno.execPath(), ...clientArguments()]
        .map((arg) => `'${arg}'`).join(" ");
      await Deno.writeTextFile(
        `${folder.path}/messageu`,
        `#!/bin/sh
case "$1" in
  comp*) exec ${client} "$@" ;;
  *) printf '%s\\n' "$@" > '${words}' ;;
esac
`,
        { mode: 0o755 },
      );
      await using screen = await Screen.run(
        { columns: 200, rows: 50 },
        ["sh", "-c", 'cd "$0" && exec "$@"', folder.path, ...command],
        {
          PATH: `${folder.path}:${Deno.env.get("PATH")}`,
          HISTFILE: "",
          XDG_DATA_HOME: folder.path,
          XDG_CONFIG_HOME: folder.path,
          XDG_CACHE_HOME: folder.path,
        },
      );
      let lines = 0;
      // What is typed behind a tab waits until the completion is done.
      const enter = async (line: string) => {
        screen.type(`${line}; echo li''ne ${++lines}.\r`);
        await screen.see(`line ${lines}.`);
      };
      await enter(begin);
      const complete = async (...before: string[]) => {
        await enter(`messageu ${before.join(" ")}\t`);
        return (await Deno.readTextFile(words)).trimEnd().split("\n").at(-1);
      };
      assertEquals(await complete("key", "--dir", dir, "b"), "ben");
      assertEquals(await complete("key", `--dir=${dir}`, "b"), "ben");
      for (const name of NAMES.slice(1, 5)) {
        const [letter = ""] = name;
        // Bash would put it on the line unquoted.
        const wanted = shell === "bash" ? letter : name;
        assertEquals(await complete("key", "--dir", dir, letter), wanted);
      }
      for (const name of NAMES.slice(5, 7)) {
        const [letter = ""] = name;
        assertEquals(await complete("key", "--dir", dir, letter), letter);
      }
      await enter(`messageu key --dir ${dir} -- --\t`);
      assert(!screen.text.includes("--debug"), "a name that is like a flag");
      assert(!screen.raw.includes("evil"), "a name with what doesn't show");
      assertStringIncludes((await namesIn(folder.path)).join(), "words");
      assert(
        !(await namesIn(folder.path)).includes("hacked"),
        "a name was run",
      );
      screen.type("exit\r");
      await screen.end();
    },
  );
}

testWith(
  FILES,
  "PowerShell's script marks the last word of a request",
  async () => {
    const { stdout: script } = await runHere("", ["completion", "powershell"]);
    assertStringIncludes(script, 'complete powershell @before "=$word"');
    assertStringIncludes(script, "-split '\\t', 2");
    const propose = async (...words: string[]) => {
      const { stdout } = await runHere("", [
        "complete",
        "powershell",
        ...words,
      ]);
      return stdout.split("\n").map((line) => line.split("\t")[0]);
    };
    assertEquals(await propose("=send-f"), ["send-file", ""]);
    assert((await propose("=")).includes("whoami"));
    assertEquals(await propose("completion", "=pow"), ["powershell", ""]);
  },
);
