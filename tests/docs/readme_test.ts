import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import {
  fencedBlocks,
  projectPages,
  readPage,
} from "../../lab/harness/pages.ts";
import { Program } from "../../lab/harness/program.ts";
import { temporaryFolder, testRelay } from "../../lab/harness/resources.ts";
import { until } from "../../lab/harness/until.ts";
import { VerbUser } from "../support/clients/verbs.ts";
import { FILES, longTest, PROGRAMS, testWith } from "../support/test_with.ts";

const readme = () => readPage("README.md");

testWith(
  FILES,
  "the README's first screen gives the first commands",
  async () => {
    const firstScreen = (await readme()).split("\n").slice(0, 36).join("\n");
    assertStringIncludes(firstScreen, "npx -y deno@2.9.6 task demo");
    assertStringIncludes(firstScreen, "npx -y deno@2.9.6 task test");
    assertStringIncludes(firstScreen, "\ndeno task install\n");
    assertEquals(
      (await readme()).match(/@[A-Z]+@/),
      null,
      "nothing is left open",
    );
  },
);

testWith(FILES, "the README is read in a few minutes", async () => {
  const lines = (await readme()).split("\n").length;
  assert(lines <= 200, `${lines} lines`);
});

testWith(FILES, "the README's table leads to all pages", async () => {
  const rows = (await readme()).split("\n")
    .filter((line) => line.startsWith("|"));
  const linked = rows.flatMap((row) =>
    [...row.matchAll(/\]\(([^)#]+\.md)\)/g)].map(([, path]) => path)
  );
  const pages = (await projectPages()).filter((page) => page !== "README.md");
  assertEquals(linked.toSorted(), pages.toSorted());
});

testWith(FILES, "the tasks that pages name are there", async () => {
  const missing: string[] = [];
  for (const page of await projectPages()) {
    const named = (await readPage(page)).matchAll(/deno task ([a-z:]+[a-z])/g);
    for (const [, name = ""] of named) {
      if (!(name in config.tasks)) missing.push(`${page}: ${name}`);
    }
  }
  assertEquals(missing, []);
});

testWith(
  PROGRAMS,
  "the README's three commands bring a first message",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const [commands = ""] = fencedBlocks(await readme())
      .map(({ text }) => text)
      .filter((text) => text.includes("--dir alice send bob"));
    const lines = commands.trimEnd().split("\n");
    assertEquals(lines.length, 3);
    for (const line of lines) {
      const { dir, verb, words } = readCommand(line);
      const user = new VerbUser(`${folder.path}/${dir}`, relay.address);
      await user.do(verb, ...words);
    }
    const bob = new VerbUser(`${folder.path}/bob`, relay.address);
    assertStringIncludes((await bob.do("pull")).stdout, "Hello Bob!");
  },
);

/** The parts of a command line as the README writes it. */
function readCommand(line: string) {
  const match = /^messageu --dir (\w+) (\w+) (.+)$/.exec(line);
  const [, dir = "", verb = "", rest = ""] = match ?? [];
  const words = [...rest.matchAll(/"([^"]*)"|(\S+)/g)]
    .map(([, quoted, plain]) => quoted ?? plain ?? "");
  return { dir, verb, words };
}

longTest(
  PROGRAMS,
  "the README's commands for students check a server, a client, and what passes",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const [commands = ""] = fencedBlocks(await readme())
      .map(({ text }) => text)
      .filter((text) => text.includes("task conformance 127.0.0.1"));
    const [server = "", client = "", between = "", ...more] = commands
      .trimEnd().split("\n");
    assertEquals(more, []);
    const relayPort = `127.0.0.1:${relay.address.port}`;

    const checked = await task(server, { "127.0.0.1:1357": relayPort }).end();
    assertEquals(checked.code, 0, checked.stdout);
    assertMatch(checked.stdout, / checks in .* s: \d+ passed\n$/);

    await using played = task(client, { "--port 1357": "--port 0" });
    await until("its address", () => played.complained.includes("Register as"));
    const [, port] = /^listening on .*:(\d+)$/m.exec(played.complained) ?? [];
    const address = { hostname: "127.0.0.1", port: Number(port) };
    await new VerbUser(`${folder.path}/anna`, address).do("register", "anna");
    await played.prints(/✓ registers /);

    await using proxy = task(between, {
      "--listen 1360": "--listen 0",
      "127.0.0.1:1357": relayPort,
    });
    await new VerbUser(`${folder.path}/bob`, await proxy.address())
      .do("register", "bob");
    await proxy.prints(/→ 600 register: "bob"/);
  },
);

/** Starts a task as the README writes it, on other ports. */
function task(line: string, ports: Readonly<Record<string, string>>): Program {
  const [, name = "", rest = ""] = /^deno task (\w+) (.+)$/.exec(line) ?? [];
  const [, ...command] = config.tasks[name as keyof typeof config.tasks]
    .command.split(" ");
  let flags = rest;
  for (const [written, here] of Object.entries(ports)) {
    assertStringIncludes(flags, written);
    flags = flags.replace(written, here);
  }
  return Program.deno([...command, ...flags.split(" ")]);
}
