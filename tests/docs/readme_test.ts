import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { ConsoleClient } from "../support/clients/console.ts";
import { fencedBlocks, readPage } from "../../lab/harness/pages.ts";
import { Program, ROOT } from "../../lab/harness/program.ts";
import { temporaryFolder, testRelay } from "../../lab/harness/resources.ts";
import { until } from "../../lab/harness/until.ts";
import { VerbUser } from "../support/clients/verbs.ts";
import {
  FILES,
  longTest,
  PROGRAMS,
  TERMINALS,
  testWith,
} from "../support/test_with.ts";

const readme = () => readPage("README.md");

testWith(
  FILES,
  "the README's first screen gives the two commands",
  async () => {
    const firstScreen = (await readme()).split("\n").slice(0, 25).join("\n");
    assertStringIncludes(firstScreen, "npx -y deno@2.9.6 task demo");
    assertStringIncludes(firstScreen, "npx -y deno@2.9.6 task test");
    assertEquals(
      (await readme()).match(/@[A-Z]+@/),
      null,
      "nothing is left open",
    );
  },
);

testWith(FILES, "the README's tasks are there", async () => {
  for (
    const [, name = ""] of (await readme()).matchAll(/deno task ([a-z:]+)/g)
  ) {
    assertEquals(name in config.tasks, true, `there is a task ${name}`);
  }
});

testWith(
  PROGRAMS,
  "the README's three commands bring a first message",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const [commands = ""] = fencedBlocks(await readme())
      .map(({ text }) => text)
      .filter((text) => text.includes("client --dir alice send bob"));
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
  const match = /^deno task client --dir (\w+) (\w+) (.+)$/.exec(line);
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
      "--listen 1358": "--listen 0",
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

testWith(
  TERMINALS,
  "the README's session is what the programs print",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const { port } = relay.address;
    const start = (name: string) =>
      ConsoleClient.start(
        "--dir",
        `${folder.path}/${name}`,
        "--server",
        `127.0.0.1:${port}`,
      );
    await using anna = await start("anna");
    await using ben = await start("ben");
    await anna.choose("110", "anna");
    await ben.choose("110", "ben");
    await ben.choose("120");
    await ben.choose("152", "anna");
    await ben.choose("150", "anna", "Hello Anna! שלום 🎉");
    await ben.choose("153", "anna", `${ROOT}LICENSE`);
    const received = await anna.choose("140");
    const saved = /Content:\n(.+messageu-.+)\n/.exec(received)?.[1] ?? "";
    await Deno.remove(saved);
    await anna.choose("150", "ben", "Got it, thank you.");
    await ben.choose("140");
    for (const client of [anna, ben]) {
      client.type("0");
      await client.exitCode();
    }
    const printed = (client: ConsoleClient) =>
      withoutRepeatedMenus(client.output)
        .replaceAll(saved, "/tmp/messageu-5f0c3a9e1b7d2486")
        .replaceAll(`${ROOT}LICENSE`, "LICENSE");
    const [annas, bens] = fencedBlocks(await readme())
      .map(({ text }) => text)
      .filter((text) => text.includes("at your service"))
      // Started without --server, a client says first which relay it takes.
      .map((text) => text.replace(/^\$ .*\nTask .*\nNo info\.server .*\n/, ""));
    assertEquals(printed(anna), annas);
    assertEquals(printed(ben), bens);
  },
);

/** The menu comes back after each choice; the README shows it once. */
function withoutRepeatedMenus(output: string): string {
  const menu = /MessageU client at your service\.\n.*?0\) Exit client\n/gs;
  let count = 0;
  return output.replace(menu, (text) => count++ === 0 ? text : "");
}
