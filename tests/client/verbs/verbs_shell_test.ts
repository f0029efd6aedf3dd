import { assert, assertEquals } from "@std/assert";
import { commandScript } from "../../../deploy/install/command.ts";
import { cacheFolder, Program, ROOT } from "../../../lab/harness/program.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { longTest, SHELL, testWith } from "../../support/test_with.ts";
import { until } from "../../../lab/harness/until.ts";
import { installClient, VerbUser } from "../../support/clients/verbs.ts";

/** Installs a client that tells the process of what goes on, so that it can be ended. */
async function installTelling(bin: string) {
  const [first, ...rest] = commandScript("messageu").split("\n");
  const tell =
    `case " $* " in *" pull "*|*" listen "*) echo $$ > '${bin}/pid' ;; esac`;
  await Deno.writeTextFile(
    `${bin}/messageu`,
    [first, tell, ...rest].join("\n"),
    { mode: 0o755 },
  );
}

/** Whether the machine has a program. */
async function has(program: string): Promise<boolean> {
  const { code } = await Program.run("sh", ["-c", `command -v ${program}`])
    .end();
  return code === 0;
}

longTest(SHELL, "the bots of docs/scripting.md answer", async (t) => {
  const page = await Deno.readTextFile(`${ROOT}docs/scripting.md`);
  const bots = [
    ...page.matchAll(/^```sh\n(messageu (?:pull|listen).*?)^```$/gms),
  ]
    .map(([, script = ""]) => script);
  assertEquals(bots.length, 2);
  await using relay = await testRelay();
  await using folder = await temporaryFolder();
  const { hostname, port } = relay.address;
  const anna = new VerbUser(`${folder.path}/anna`, relay.address);
  await anna.do("register", "anna");
  const cache = await cacheFolder();
  for (const [i, script] of bots.entries()) {
    const needsJq = script.includes("jq ");
    const missing = needsJq && !await has("jq");
    const name = `bot${i}`;
    await t.step({
      name: missing ? "the first bot (skipped: needs jq)" : name,
      ignore: missing,
      async fn() {
        const bin = `${folder.path}/bin${i}`;
        await Deno.mkdir(bin);
        const dir = `${folder.path}/${name}`;
        await installTelling(bin);
        const user = new VerbUser(dir, relay.address);
        await user.do("register", name);
        const path = `${bin}:${Deno.env.get("PATH")}`;
        await Deno.writeTextFile(`${dir}/info.server`, `${hostname}:${port}`);
        await using bot = Program.run("sh", ["-c", script], dir, {
          PATH: path,
          HOME: folder.path,
          DENO_DIR: cache,
        });
        try {
          await anna.do("send", name, 'quotes " $(id) and\nlines');
          await until("an answer", async () => {
            const { stdout } = await anna.do("pull");
            return stdout.includes('You said: quotes " $(id) and');
          });
        } finally {
          // The end of the first program in a pipe ends the others.
          const pid = `$(cat '${bin}/pid')`;
          await Program.run("sh", ["-c", `kill "${pid}"`]).end();
          await bot.end();
        }
      },
    });
  }
});

testWith(SHELL, "who stops reading ends a verb quietly", async () => {
  await using relay = await testRelay();
  await using folder = await temporaryFolder();
  const anna = new VerbUser(`${folder.path}/anna`, relay.address);
  const ben = new VerbUser(`${folder.path}/ben`, relay.address);
  await anna.do("register", "anna");
  await ben.do("register", "ben");
  const long = "long ".repeat(20_000);
  await anna.run(`${long}\n`.repeat(4), "send", "ben", "-", "--lines");
  await installClient(folder.path, "client", "--dir", `${folder.path}/ben`);
  const server = `${relay.address.hostname}:${relay.address.port}`;
  const { stdout, stderr } = await Program.run("sh", [
    "-c",
    `{ '${folder.path}/client' pull --json --server ${server}; echo "code $?" >&2; } | head -c 20`,
  ]).end();
  assertEquals(stdout, '{"type":"message","i');
  assertEquals(stderr, "code 0\n");
  // What wasn't read wasn't shown.
  const { data } = await ben.do("pull", "--json");
  assert(data.length > 0, "the rest comes again");
});

for (const shell of ["bash", "zsh", "fish"]) {
  longTest(SHELL, `completion works in ${shell}`, async (t) => {
    if (!await has(shell)) {
      await t.step({
        name: `skipped: needs ${shell}`,
        ignore: true,
        fn: () => {},
      });
      return;
    }
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const dir = `${folder.path}/anna`;
    const anna = new VerbUser(dir, relay.address);
    await anna.do("register", "anna");
    for (const name of ["ben", "a b", "$(touch hacked)"]) {
      const other = new VerbUser(`${folder.path}/${name}`, relay.address);
      await other.do("register", name);
    }
    await anna.do("list");
    await installClient(folder.path, "messageu");
    const path = `${folder.path}:${Deno.env.get("PATH")}`;
    const complete = async (...words: string[]): Promise<string[]> => {
      const script = shell === "bash" ? BASH : shell === "zsh" ? ZSH : FISH;
      const { stdout, stderr } = await Program.run(
        "sh",
        ["-c", `exec ${shell} -c "$SCRIPT" ${shell} "$@"`, "sh", ...words],
        folder.path,
        { PATH: path, SCRIPT: script },
      ).end();
      assertEquals(stderr, "");
      return stdout.split("\n").filter((line) => line !== "").sort();
    };
    assertEquals(await complete("messageu", "se"), [
      "search",
      "send",
      "send-file",
      "send-key",
      "server",
    ]);
    assertEquals(await complete("messageu", "send", "--on"), [
      "--on-key-change",
    ]);
    assertEquals(
      await complete("messageu", "--dir", dir, "send", "b"),
      ["ben"],
    );
    const all = await complete("messageu", "key", "--dir", dir, "");
    assert(!all.some((word) => word.startsWith("-")), all.join());
    const folders = await complete("messageu", "--dir", "");
    // Bash adds the folders itself; in zsh "/" stands for them.
    if (shell !== "fish") assertEquals(folders, shell === "zsh" ? ["/"] : []);
    else assert(folders.includes("anna/"), folders.join());
    // Bash would put it on the command line unquoted.
    assertEquals(
      all.some((name) => name.includes("touch")),
      shell !== "bash",
      all.join(),
    );
    const names = Array.from(Deno.readDirSync(folder.path), ({ name }) => name);
    assert(!names.includes("hacked"), "a name was run");
  });
}

/** Prints what bash would propose for its arguments, the last one unfinished. */
const BASH = `
source <(messageu completion bash)
COMP_WORDS=("$@"); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
COMP_LINE="\${COMP_WORDS[*]}"; COMP_POINT=\${#COMP_LINE}
_messageu messageu "\${COMP_WORDS[COMP_CWORD]}" ""
printf '%s\\n' "\${COMPREPLY[@]}"
`;
/** The same for zsh, as far as that goes without its line editor. */
const ZSH = `
compdef() { :; }; source <(messageu completion zsh) >/dev/null 2>&1
messageu complete zsh "\${@:2}" | cut -f1
`;
/** The same for fish, whose own arguments begin with what stands for its name elsewhere. */
const FISH = `
set -e argv[1]
messageu completion fish | source
complete -C "$argv" | string split -f1 \\t
`;
