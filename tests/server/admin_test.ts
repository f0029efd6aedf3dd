import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { adminPermissions } from "../../server/admin/launch.ts";
import { HELP } from "../../server/admin/options.ts";
import { openSqliteStore } from "../../server/mod.ts";
import { admin, adminPrints } from "../support/admin.ts";
import {
  changeDatabase,
  idOf,
  LARGE,
  makeStore,
  someInboxes,
} from "../support/made_store.ts";
import { Program, ROOT } from "../support/program.ts";
import { namesIn, temporaryFolder } from "../support/resources.ts";
import { FILES, PROGRAMS, TERMINALS, testWith } from "../support/test_with.ts";

testWith(PROGRAMS, "stats and users tell what is there", async () => {
  await using folder = await temporaryFolder();
  const { path: dir } = folder;
  await makeStore(dir, someInboxes);
  const database = `${dir}/db.defensive`;
  const lately = new Date(Date.now() - 2 * 86_400_000).toISOString();
  const arrived = Date.now() - 3.5 * 86_400_000;
  changeDatabase(
    database,
    `UPDATE activity SET LastSeen = '${lately}' WHERE Position = 2;
    UPDATE activity SET LastSeen = 'zzz' WHERE Position = 3;
    UPDATE messages SET Arrived = ${arrived} WHERE rowid = 1`,
  );
  const lines = (await adminPrints(dir, "stats")).split("\n");
  assertMatch(
    lines[4] ?? "",
    /^files {12}db\.defensive 2\.\d MiB, db\.defensive-wal \d+ bytes$/,
  );
  assertEquals(lines.toSpliced(4, 1), [
    "users            3; seen within a day 0, a week 1, 30 days 1",
    "waiting          4 messages, 2.5 MiB",
    "oldest           arrived 3 days ago",
    "largest inboxes  3; 1 messages",
    "",
  ]);
  const { files, ...stats } = JSON.parse(
    await adminPrints(dir, "stats", "--json"),
  );
  assertEquals(stats, {
    type: "stats",
    users: 3,
    seenLastDay: 0,
    seenLastWeek: 1,
    seenLastMonth: 1,
    messages: 4,
    bytes: LARGE + 60,
    oldest: new Date(arrived).toISOString(),
    largestInboxes: [3, 1],
  });
  assert(files[0].bytes > LARGE);
  assertEquals(
    await adminPrints(dir, "users"),
    `NAME  LAST SEEN                 WAITING      SIZE  ID
anna  2026-01-02T03:04:05.678Z        0   0 bytes  ${idOf(1).toHex()}
ben   ${lately}        3  60 bytes  ${idOf(2).toHex()}
cora  zzz                             1   2.5 MiB  ${idOf(3).toHex()}
`,
  );
  const users = (await adminPrints(dir, "users", "--json")).trim().split("\n")
    .map((line) => JSON.parse(line));
  assertEquals(users[1], {
    type: "user",
    name: "ben",
    id: idOf(2).toHex(),
    lastSeen: lately,
    messages: 3,
    bytes: 60,
  });
  assertEquals(users.length, 3);
  // Neither of them leaves a log behind.
  assertEquals(await namesIn(dir), ["db.defensive"]);
});

testWith(
  PROGRAMS,
  "a user is removed with what waits, and nobody else",
  async () => {
    await using folder = await temporaryFolder();
    const { path: dir } = folder;
    await makeStore(dir, someInboxes);
    const asked = await admin(dir, "remove", "cora");
    assertEquals(asked, {
      code: 2,
      stdout: "",
      stderr:
        "error: Remove cora and 1 waiting message (2.5 MiB): nobody can be asked here, so say that you mean it with --yes\n",
    });
    assertEquals(
      await adminPrints(dir, "remove", "cora", "--yes"),
      "removed cora: 1 waiting message went along\n",
    );
    assertEquals(
      await adminPrints(dir, "remove", "--yes", "anna"),
      "removed anna: nothing was waiting\n",
    );
    assertEquals(await admin(dir, "remove", "anna", "--yes"), {
      code: 1,
      stdout: "",
      stderr: "error: Nobody is called anna\n",
    });
    assertEquals(await adminPrints(dir, "check"), "all is well\n");
    const { users, messages, bytes } = JSON.parse(
      await adminPrints(dir, "stats", "--json"),
    );
    assertEquals([users, messages, bytes], [1, 3, 60]);
  },
);

testWith(
  PROGRAMS,
  "purge deletes what arrived before, and no id comes back",
  async () => {
    await using folder = await temporaryFolder();
    const { path: dir } = folder;
    const sizes = Array.from({ length: 1234 }, () => 3);
    await makeStore(dir, { anna: sizes, ben: [LARGE, 5, 6] });
    const path = `${dir}/db.defensive`;
    const old = Date.now() - 2 * 3_600_000;
    // One that came in while the clock was ahead stands in nobody's way.
    changeDatabase(
      path,
      `UPDATE messages SET Arrived = ${old} WHERE ToClient = x'${
        idOf(1).toHex()
      }' OR ID = 1;
      UPDATE messages SET Arrived = ${Date.now() + 1e9} WHERE rowid = 2`,
    );
    const purge = (...args: string[]) => adminPrints(dir, "purge", ...args);
    assertMatch(
      await purge("--older-than", "3h"),
      /^deleted 0 messages that arrived before 20\S+Z\n$/,
    );
    assertMatch(
      await purge("--older-than", "90m", "--dry-run"),
      /^would delete 1,234 messages that/,
    );
    assertMatch(
      await purge("--older-than", "90m"),
      /^deleted 1,234 messages that/,
    );
    assertMatch(await purge("--older-than", "1w"), /^deleted 0 messages that/);
    assertEquals(await adminPrints(dir, "check"), "all is well\n");
    const store = await openSqliteStore(path);
    try {
      const all = { bytes: 9e9, perMessage: 0 };
      const ids = async (byte: number) =>
        (await store.waiting(idOf(byte), all)).map(({ id }) => Number(id));
      assertEquals(await ids(1), [2]);
      assertEquals(await ids(2), [2, 3]);
      await store.purge(new Date(Date.now() + 2e9), 10);
      assertEquals(await ids(1), []);
      const id = await store.send({
        recipient: idOf(1),
        sender: idOf(1),
        type: 3,
        content: new Uint8Array(1),
      }, { messages: 0, bytes: 0 });
      assertEquals(Number(id), 1235);
    } finally {
      await store.close();
    }
  },
);

testWith(
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
      [[], 2, /Expected what to do, one of stats, users, .*: see --help/],
      [["frob"], 2, /Expected one of stats, .*, got "frob": see --help/],
      [["remove"], 2, /remove needs its USER: see --help/],
      [["stats", "more"], 2, /Unexpected word "more": see --help/],
      [["stats", "a", "b"], 2, /Unexpected word "b": see --help/],
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
        /--store goes with neither --dir nor --db/,
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
      allowing(folder.path, other.path),
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

testWith(TERMINALS, "at a terminal it asks first", async () => {
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

testWith(FILES, "docs/admin.md has the help as it is", async () => {
  assertStringIncludes(await Deno.readTextFile(`${ROOT}docs/admin.md`), HELP);
});
