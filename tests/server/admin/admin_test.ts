import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import config from "../../../deno.json" with { type: "json" };
import { adminPermissions } from "../../../server/admin/launch.ts";
import { HELP } from "../../../server/admin/options.ts";
import { adminPrints } from "../../support/stores/admin.ts";
import {
  changeDatabase,
  makeStore,
  someInboxes,
} from "../../support/stores/made_store.ts";
import { Program, ROOT } from "../../../lab/harness/program.ts";
import { namesIn, temporaryFolder } from "../../../lab/harness/resources.ts";
import {
  longTest,
  PROGRAMS,
  TERMINALS,
  testWith,
} from "../../support/test_with.ts";

longTest(
  PROGRAMS,
  "what can't be done is said in a sentence, without a stack trace",
  async () => {
    await using folder = await temporaryFolder();
    const { path: dir } = folder;
    changeDatabase(
      `${dir}/older`,
      "CREATE TABLE clients (x); PRAGMA user_version = 2",
    );
    changeDatabase(`${dir}/newer`, "PRAGMA user_version = 99");
    const cases: [string[], number, RegExp][] = [
      [[], 2, /Expected a verb, one of stats, users, .*: see --help/],
      [["frob"], 2, /Expected one of stats, .*, got "frob": see --help/],
      [["remove"], 2, /remove needs its USER: see --help/],
      [["stats", "more"], 2, /Unexpected word "more": see --help/],
      [["stats", "a", "b"], 2, /Unexpected word "a": see --help/],
      [["backup", "a", "b"], 2, /Unexpected word "b": see --help/],
      [["remove", "a", ""], 2, /remove needs its USER: see --help/],
      [["stats", "--yes"], 2, /--yes isn't for stats: see --help/],
      [["purge"], 2, /purge needs --older-than, such as --older-than 30d/],
      [
        ["purge", "--older-than", "30"],
        2,
        /--older-than: expected a span of time such as .*, got "30"/,
      ],
      [
        ["stats", "--store", "postgres://h/d"],
        2,
        /--dir and --db name a file, but --store, .* names a database: give one/,
      ],
      [
        ["stats", "--store", "http://u:secret@h/d"],
        2,
        /^error: --store: expected postgres:\/\/USER:PASSWORD@HOST:PORT\/DATABASE, where %2F/m,
      ],
      [["stats"], 1, /db\.defensive: it isn't there: name it with --db/],
      [
        ["stats", "--db", `${dir}/older`],
        1,
        /it has schema version 2, this program knows \d+: start the relay on it once/,
      ],
      [
        ["stats", "--db", `${dir}/newer`],
        1,
        /schema version 99, this relay knows \d+: use the newer relay/,
      ],
    ];
    const names = await namesIn(dir);
    for (const [args, code, sentence] of cases) {
      // A command line that can't be obeyed gets no permissions to begin with.
      await using program = Program.deno([
        "run",
        "--no-prompt",
        "--allow-read",
        "--allow-write",
        `${ROOT}server/admin/main.ts`,
        "--dir",
        dir,
        ...args,
      ]);
      const ended = await program.end();
      assertEquals([ended.code, ended.stdout], [code, ""], args.join(" "));
      assertMatch(ended.stderr, /^error: [^\n]+\n$/);
      assertMatch(ended.stderr, sentence);
    }
    assertEquals(await namesIn(dir), names);
  },
);

testWith(
  PROGRAMS,
  "the launcher gives it the folders of store and backup, no more",
  async () => {
    await using folder = await temporaryFolder();
    await using other = await temporaryFolder();
    const dir = ["--dir", folder.path];
    const allowing = (...folders: string[]) => [
      `--allow-read=${folders}`,
      `--allow-write=${folders}`,
      "--allow-sys=statfs",
    ];
    assertEquals(
      await adminPermissions([...dir, "stats"]),
      allowing(folder.path),
    );
    assertEquals(
      await adminPermissions([...dir, "backup", `${other.path}/b`]),
      allowing(other.path, folder.path),
    );
    const run = async (...args: string[]) =>
      await Program.deno([
        "run",
        "--no-prompt",
        "--allow-read",
        `--allow-run=${Deno.execPath()}`,
        `${ROOT}server/admin/launch.ts`,
        ...args,
      ]).end();
    assertEquals(await run("--help"), { code: 0, stdout: HELP, stderr: "" });
    assertEquals((await run("--version")).stdout, `${config.version}\n`);
    await makeStore(folder.path, someInboxes);
    const { code, stdout } = await run(...dir, "check");
    assertEquals([code, stdout], [0, "all is well\n"]);
  },
);

/** An admin program at a terminal. */
async function atTerminal(
  answer: string,
  ...args: string[]
): Promise<{ code: number; shown: string }> {
  // The library is native: only tests that may load it do.
  const { spawn } = await import("@lydell/node-pty");
  const terminal = spawn(Deno.execPath(), [
    "run",
    "--quiet",
    "--no-prompt",
    ...await adminPermissions(args),
    `${ROOT}server/admin/main.ts`,
    ...args,
  ], { cols: 200, rows: 50, name: "xterm", env: Deno.env.toObject() });
  let shown = "";
  terminal.onData((text) => {
    if (!shown.includes("[y/N]") && `${shown}${text}`.includes("[y/N]")) {
      terminal.write(`${answer}\r`);
    }
    shown += text.replaceAll("\r\n", "\n");
  });
  const code = await new Promise<number>((resolve) =>
    terminal.onExit(({ exitCode }) => resolve(exitCode))
  );
  return { code, shown };
}

longTest(TERMINALS, "at a terminal it asks first", async () => {
  await using folder = await temporaryFolder();
  const { path: dir } = folder;
  await makeStore(dir, someInboxes);
  await adminPrints(dir, "backup", `${dir}/b`);
  const remove = ["--dir", dir, "remove", "ben"];
  const refused = await atTerminal("n", ...remove);
  assertEquals(refused.code, 1);
  assertStringIncludes(
    refused.shown,
    "Remove ben and 3 waiting messages (60 bytes)? [y/N]",
  );
  assertStringIncludes(refused.shown, "nothing was changed");
  const removed = await atTerminal("y", ...remove);
  assertEquals(removed.code, 0);
  assertStringIncludes(
    removed.shown,
    "removed ben: 3 waiting messages went along",
  );
  const restored = await atTerminal("y", "--dir", dir, "restore", `${dir}/b`);
  assertEquals(restored.code, 0);
  assertStringIncludes(
    restored.shown,
    `Put ${dir}/b (3 users, 4 waiting messages) in the place of ${dir}/db.defensive, which is kept under another name? [y/N]`,
  );
});
