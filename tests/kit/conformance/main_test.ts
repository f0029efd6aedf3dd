/** `deno task conformance` as a user meets it. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import config from "../../../deno.json" with { type: "json" };
import { allChecks } from "../../../kit/conformance/server/checks.ts";
import { AnyServer } from "../../../kit/any_server.ts";
import { Program } from "../../../lab/harness/program.ts";
import { testRelay } from "../../../lab/harness/resources.ts";
import {
  lacking,
  longTest,
  PROGRAMS,
  testWith,
} from "../../support/test_with.ts";
import { startWrongRelay } from "../../../lab/wrong_relay/wrong_relay.ts";

/** Runs the task's own command. */
function conformance(...flags: string[]): Program {
  const [deno, ...args] = config.tasks.conformance.command.split(" ");
  assertEquals(deno, "deno");
  return Program.deno([...args, ...flags]);
}

const addressOf = ({ hostname, port }: { hostname: string; port: number }) =>
  `${hostname}:${port}`;

testWith(
  PROGRAMS,
  "a sound relay has exit code 0 and no failures",
  async () => {
    await using relay = await testRelay();
    const target = addressOf(relay.address);
    const { code, stdout, stderr } = await conformance(
      target,
      "--only",
      "keys,PUL-4,name-e*",
    ).end();
    assertEquals([code, stderr], [0, ""]);
    assert(stdout.startsWith(`Conformance of ${target}\n\nKeys\n`), stdout);
    assertMatch(stdout, /\n\d+ checks in \d+\.\d s: \d+ passed\n$/);
    assertEquals(
      stdout.match(/✓/g)?.length,
      stdout.match(/ MUST| SHOULD/g)?.length,
    );
  },
);

longTest(
  PROGRAMS,
  "JSON and JUnit's XML go to standard output alone",
  async () => {
    await using relay = await testRelay();
    const target = addressOf(relay.address);
    const json = await conformance(target, "--only", "failures", "--json")
      .end();
    const { outcomes, summary } = JSON.parse(json.stdout);
    assertEquals([json.code, json.stderr, summary.passed], [
      0,
      "",
      outcomes.length,
    ]);
    const junit = await conformance(target, "--only", "failures", "--junit")
      .end();
    assertEquals([junit.code, junit.stderr], [0, ""]);
    assertStringIncludes(
      junit.stdout,
      `tests="${outcomes.length}" failures="0"`,
    );
  },
);

longTest(
  PROGRAMS,
  "a report says the server's dialect unless it is the first",
  async () => {
    await using relay = await testRelay();
    const flags = [addressOf(relay.address), "--only", "KEY-1"];
    const table = await conformance(...flags, "--dialect", "100").end();
    assertEquals(table.code, 0);
    assertStringIncludes(
      table.stdout,
      "\nIt speaks dialect 100; codes are ",
    );
    for (const name of ["600", "1000"]) {
      const json = await conformance(...flags, "--json", "--dialect", name)
        .end();
      assertEquals(JSON.parse(json.stdout).generation, name);
    }
    const found = await conformance(...flags, "--json").end();
    assertEquals(JSON.parse(found.stdout).generation, "600", "it is found out");
  },
);

testWith(
  PROGRAMS,
  "a missing server is reported, with exit code 2",
  async () => {
    const server = new AnyServer(() => Promise.resolve());
    const target = addressOf(server.address);
    await server[Symbol.asyncDispose]();
    const said =
      `error: nothing listens at ${target}: start the server first\n`;
    // A port alone is one of this machine's.
    for (const word of [target, `${server.address.port}`]) {
      const { code, stdout, stderr } = await conformance(word).end();
      assertEquals([code, stdout, stderr], [2, "", said]);
    }
  },
);

testWith(
  PROGRAMS,
  "a brief report has no bytes, and its end names what failed",
  async () => {
    await using relay = await startWrongRelay(["list-has-asker"]);
    const { code, stdout } = await conformance(
      ...[addressOf(relay.address), "--only", "list", "--brief"],
    ).end();
    assertEquals(code, 1);
    assertMatch(
      stdout,
      /\n +Got: +one with the requester, \w+ \(entry \d+ of \d+\)\n\n/,
    );
    assertMatch(stdout, /1 MUST failed\nMUST: {3}list-without-requester\n$/);
  },
);

testWith(PROGRAMS, "an interruption prints what is known", async () => {
  await using relay = await testRelay();
  const target = addressOf(relay.address);
  await using program = conformance(target);
  await program.prints(/register-gives-id/);
  program.kill("SIGINT");
  const { code, stdout, stderr } = await program.end();
  assertEquals([code, stderr], [130, ""]);
  assertMatch(
    stdout,
    /\n\d+ checks? in .* passed\nInterrupted: there are \d+ checks in all\.\n$/,
  );
}, lacking("signals between programs"));

testWith(
  PROGRAMS,
  "--list prints all or the chosen checks",
  async () => {
    const { code, stdout } = await conformance("--list").end();
    assertEquals(code, 0);
    for (const { name } of allChecks) {
      assertStringIncludes(
        stdout,
        `  ${name} `,
      );
    }
    assertEquals(stdout.split("\n").filter((line) => line.length > 80), []);
    const some = await conformance("--list", "--only", "SND-14").end();
    assertMatch(
      some.stdout,
      /^Sending\n {2}send-ids-rise {2}SND-14 {2}SHOULD\n {4}The ids of twelve/,
    );
  },
);

longTest(
  PROGRAMS,
  "an invalid command line is reported in a sentence",
  async () => {
    const cases: [string[], string][] = [
      [
        [],
        "Which server? Give its address, as in 127.0.0.1:1357, or its line, as in mu://127.0.0.1:1358/KEY; see --help",
      ],
      [["--port", "1"], "--port is for checks of a client: add --client"],
      [
        ["a:1", "--client", "--port", "1"],
        "--client takes no address: your client connects to this program, at --port N",
      ],
      [
        ["localhost"],
        'HOST:PORT: expected ADDRESS:PORT, such as 127.0.0.1:1357, got "localhost"',
      ],
      [["a:1", "b:2"], 'Unexpected word "b:2": see --help'],
      [
        ["a:1", "--only", "nix"],
        "--only nix: no check has such a name, clause or subject; --list shows all",
      ],
      [
        ["a:1", "--timeout", "soon"],
        '--timeout: expected milliseconds from 10 to 600000, got "soon"',
      ],
      [
        ["a:1", "--dialect", "blocks"],
        '--dialect: expected 600, 700, 1100, 1000 or 100, got "blocks"',
      ],
      [
        ["a:1", "--json", "--junit"],
        "--json and --junit are two reports: give one",
      ],
      [
        ["a:1", "--brief", "--verbose"],
        "--brief is for the table without --verbose",
      ],
      [
        ["a:1", "--json", "--verbose"],
        "--verbose is for the table: JSON has all bytes",
      ],
      [
        ["a:1", "--fast"],
        "Unknown flag --fast (did you mean --list?): see --help",
      ],
    ];
    for (const [flags, message] of cases) {
      const { code, stdout, stderr } = await conformance(...flags).end();
      assertEquals([code, stdout, stderr], [2, "", `error: ${message}\n`]);
    }
    const help = await conformance("--help").end();
    assertEquals(help.code, 0);
    assertStringIncludes(help.stdout, "Usage: deno task conformance HOST:PORT");
  },
);
