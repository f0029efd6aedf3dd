import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { adminPermissions } from "../../../server/admin/launch.ts";
import { openSqliteStore } from "../../../server/mod.ts";
import { fillStore } from "../../support/stores/made_store.ts";
import { Program, ROOT } from "../../../lab/harness/program.ts";
import {
  namesIn,
  temporaryFolder,
  testRelay,
} from "../../../lab/harness/resources.ts";
import { Stage } from "../../../lab/harness/stage.ts";
import { longTest, SHELL, testWith } from "../../support/test_with.ts";
import { clientArguments } from "../../support/clients/verbs.ts";
import { pull, receive } from "../../support/clients/receiving.ts";

/**
 * Makes standard output not block, and reads it slowly at first, so that it is
 * full: GNU's dd leaves the flag set for who comes behind it.
 */
const SLOWLY = `
{ dd oflag=nonblock if=/dev/null status=none; "$@"; echo "code $?" >&2; } |
  { dd bs=1 count=30000 status=none; cat; }`;
async function shell(script: string, command: readonly string[]) {
  return await Program.run("sh", ["-c", script, "sh", ...command], ROOT).end();
}

longTest(
  SHELL,
  "an output that doesn't block gets all there is",
  async () => {
    await using relay = await testRelay();
    await using stage = await Stage.at(relay.address);
    const anna = await stage.someone("anna");
    const ben = await stage.someone("ben");
    // Lines that fit into a pipe at once, that don't, and texts of many lines.
    const texts = [3, 900, 1024, 5000, 90_000, 70_000].map((size) =>
      "x".repeat(size)
    );
    texts.push(`${"many lines\n".repeat(9000)}end`);
    for (const text of texts) await anna.outbox.sendText("ben", text);
    await receive(ben, { problem: (error) => assertEquals(error, undefined) });
    const client = (verb: string, ...args: string[]) => [
      Deno.execPath(),
      ...clientArguments(verb, "--dir", stage.dirOf("ben"), ...args),
    ];
    for (const verb of [["history"], ["pull", "--json"]]) {
      const [name = "", ...args] = verb;
      const slowly = await shell(SLOWLY, client(name, ...args));
      assertEquals(slowly.stderr, "code 0\n");
      const again = name === "pull" ? ["history", "--json"] : verb;
      const [first = "", ...rest] = again;
      const { stdout } = await shell('exec "$@"', client(first, ...rest));
      assertEquals(slowly.stdout === stdout, true, name);
    }
  },
);

longTest(
  SHELL,
  "an output that doesn't block gets all that admin prints",
  async () => {
    await using folder = await temporaryFolder();
    const store = await openSqliteStore(`${folder.path}/db.defensive`);
    const names = Array.from(
      { length: 250 },
      (_, i) => `${i}-${"n".repeat(240)}`,
    );
    await fillStore(store, Object.fromEntries(names.map((name) => [name, []])));
    const admin = ["--dir", folder.path, "users", "--json"];
    const command = [
      Deno.execPath(),
      "run",
      "--no-prompt",
      ...await adminPermissions(admin),
      `${ROOT}server/admin/main.ts`,
      ...admin,
    ];
    const { stdout, stderr } = await shell(SLOWLY, command);
    assertEquals(stderr, "code 0\n");
    const found = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(found.map(({ name }) => name).sort(), names.sort());
  },
);

longTest(SHELL, "files and archives go through pipes", async () => {
  await using relay = await testRelay();
  await using stage = await Stage.at(relay.address);
  const known = await stage.someone("anna");
  const ben = await stage.someone("ben");
  await known.contacts.fetch();
  const dir = stage.dirOf("anna");
  const piped = `${dir}/info.store/piped`;
  const anna = (verb: string, ...args: string[]) => [
    Deno.execPath(),
    ...clientArguments(verb, ...args),
  ];
  const content = "bytes\0and lines\n".repeat(1000);
  await Deno.writeTextFile(`${stage.path}/content`, content);
  const from = `"$@" < '${stage.path}/content'`;
  const send = ["send-file", "ben", "-", "--dir", dir] as const;

  const lost = await shell(from, anna(...send, "--server", "127.0.0.1:1"));
  assertEquals(lost.code, 3, lost.stderr);
  assertEquals((await namesIn(piped)).length, 1);
  assertEquals(
    (await shell('"$@"', anna("resend", "1", "--dir", dir))).code,
    0,
  );
  assertEquals((await shell(from, anna(...send, "--json"))).code, 0);
  assertEquals(await namesIn(piped), []);
  const got: string[] = [];
  await pull(ben, {
    message: async ({ path }) => {
      if (path === undefined) return;
      got.push(await Deno.readTextFile(path));
      await Deno.remove(path);
    },
    problem: (error) => assertEquals(error, undefined),
  });
  assertEquals(got, [content, content]);

  const other = `${stage.path}/other`;
  await Deno.mkdir(other);
  const importing = anna("import", "-", "--dir", other, "--json");
  const { code, stdout, stderr } = await shell(
    `"$@" | ${importing.map((arg) => `'${arg}'`).join(" ")}`,
    anna("export", "--unencrypted", "-", "--dir", dir),
  );
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, "Exported 3 messages");
  assertStringIncludes(stdout, '"name":"anna"');
  assertStringIncludes(stdout, '"messages":3');
});

longTest(SHELL, "what is closed to programs is told in our words", async () => {
  await using relay = await testRelay();
  await using stage = await Stage.at(relay.address);
  await stage.register("anna");
  await stage.register("ben");
  const dir = stage.dirOf("anna");
  const closed = [
    ["send-file", "ben", "/dev/stdin", "--dir", dir],
    ["export", "--unencrypted", "/dev/shm/archive", "--dir", dir],
    ["import", "/proc/self/environ", "--dir", stage.path],
    ["history", "--dir", "/dev/shm/nobody"],
  ] as const;
  for (const [verb, ...args] of closed) {
    const { code, stderr } = await Program.deno(clientArguments(verb, ...args))
      .end();
    assert(code === 1 || code === 8, stderr);
    assertMatch(stderr, /closed to this program/);
    assert(!stderr.includes("--allow"), stderr);
  }
  await using started = Program.relay("/dev/shm");
  const refused = await started.end();
  assertMatch(refused.stderr, /^error: --dir: .* is closed to this program/);
  const { stderr } = await Program.deno(["run", "client/main.ts", "whoami"])
    .end();
  assertMatch(stderr, /this program has no read access/);
  assert(!stderr.includes("run again"), stderr);
});

testWith(SHELL, "what is no text is refused, not changed", async () => {
  await using relay = await testRelay();
  await using stage = await Stage.at(relay.address);
  const anna = await stage.someone("anna");
  await stage.register("ben");
  const client = (...args: string[]) => [
    Deno.execPath(),
    ...clientArguments(...args, "--dir", stage.dirOf("anna")),
  ];
  const argument = await shell(
    `"$@" "$(printf 'a\\377')"`,
    client("send", "ben"),
  );
  assertEquals([argument.code, argument.stdout], [2, ""]);
  assertMatch(argument.stderr, /^error: The argument "a\ufffd" isn't UTF-8/);
  const menu = await shell(
    `printf '\\376\\n150\\nben\\na\\377\\n150\\nben\\ntext\\n0\\n' | "$@"`,
    client("menu"),
  );
  assertEquals(
    menu.stdout.match(/Standard input isn't UTF-8 text/g)?.length,
    2,
  );
  const texts = anna.messages.list({ name: "ben" }).flatMap(({ text }) =>
    text ?? []
  );
  assertEquals(texts, ["text"]);
});
