/**
 * Whether the client on docs/own_client.md passes the checks of its steps, and
 * not before.
 */

import { assert, assertEquals } from "@std/assert";
import {
  checksOf,
  endCheck,
  stepsOf,
} from "../../kit/conformance/client/script.ts";
import { requestChecks } from "../../kit/conformance/client/request_checks.ts";
import { fencedBlocks, readPage } from "../../lab/harness/pages.ts";
import { Program, taskArguments } from "../../lab/harness/program.ts";
import { temporaryFolder } from "../../lab/harness/resources.ts";
import { checkDriven } from "../support/clients/checked_client.ts";
import { extent, FILES, testWith } from "../support/test_with.ts";
import {
  PYTHON_WITH_CRYPTOGRAPHY,
  toolTest,
} from "../support/test_with_tool.ts";

/** A step of the page. */
interface Step {
  /** Its heading. */
  readonly title: string;
  /** The program so far. */
  readonly program: string;
  /** The flags of its commands that check the client. */
  readonly commands: readonly string[];
}

const COMMAND = "deno task conformance --client ";

async function steps(): Promise<Step[]> {
  const [, ...sections] = (await readPage("docs/own_client.md"))
    .split(/^## (?=\d+\. )/m);
  const written: string[] = [];
  let end = "";
  return sections.map((section) => {
    const blocks = fencedBlocks(section);
    for (const { info, text } of blocks) {
      if (info !== "python") continue;
      if (text.startsWith("if __name__")) end = text;
      else written.push(text);
    }
    return {
      title: section.split("\n")[0] ?? "",
      program: [...written, end].join("\n\n"),
      commands: blocks
        .filter(({ text }) => text.startsWith(COMMAND))
        .map(({ text }) => text.trim().slice(COMMAND.length)),
    };
  });
}

/** The checks that a command names; none where it makes all. */
const namedIn = (command: string) =>
  /--only (\S+)/.exec(command)?.[1]?.split(",") ?? [];

testWith(
  FILES,
  "the page's steps name each check of a friendly server once",
  async () => {
    const named = (await steps()).flatMap(({ commands }) =>
      commands.flatMap(namedIn)
    );
    const judgedAtTheEnd = [...requestChecks, endCheck].map(({ name }) => name);
    const wanted = checksOf(stepsOf(false)).map(({ name }) => name)
      .filter((name) => !judgedAtTheEnd.includes(name));
    assertEquals(named.toSorted(), wanted.toSorted());
  },
);

testWith(FILES, "each step adds code and a check of it", async () => {
  const found = await steps();
  assertEquals(found.length, 8);
  let size = 0;
  for (const { title, program, commands } of found) {
    assert(program.length > size, title);
    assert(commands.length > 0, title);
    size = program.length;
  }
});

toolTest(
  PYTHON_WITH_CRYPTOGRAPHY,
  `the page's client passes each step's checks${
    extent === "slow" ? ", and not before" : ""
  }`,
  async (t) => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/client.py`;
    const client = `python3 -B ${path}`;
    await Deno.writeTextFile(path, "");
    for (const { title, program, commands } of await steps()) {
      await t.step(title, async () => {
        // Each failure takes time-outs: long enough for a busy machine.
        if (extent === "slow") {
          for (const command of commands) await failsBefore(client, command);
        }
        await Deno.writeTextFile(path, program);
        for (const command of commands) await passes(client, command);
      });
    }
  },
);

/** Runs the checks with the program of the step before, which lacks something. */
async function failsBefore(client: string, command: string): Promise<void> {
  const only = namedIn(command);
  // All checks without bad responses pass with those of the step.
  if (only.length === 0 && !command.includes("--badly")) return;
  const outcomes = await checkDriven(client, {
    badly: command.includes("--badly"),
    // These are the ones that cost no time-out.
    only: only.length > 0 ? only : ["names-shown", "text-shown", "odd-size"],
    timeout: 2000,
  });
  assert(outcomes.some(({ verdict }) => verdict !== "pass"), command);
}

/** Runs the tool as the page writes it; no MUST may fail. */
async function passes(client: string, command: string): Promise<void> {
  const flags = command.split(" ").map((word) =>
    word === '"$CLIENT"' ? client : word
  );
  const { code, stdout, stderr } = await Program.deno([
    ...taskArguments("conformance"),
    ...["--client", "--timeout", "60000"],
    ...flags,
  ]).end();
  assertEquals(code, 0, stdout + stderr);
}
