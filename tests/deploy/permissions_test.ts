/** Whether pages and `deploy/` start programs with the permissions of the tasks. */

import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { RUNTIME, taskCommand } from "../../deploy/install/task_command.ts";
import { programs } from "../../lab/compile/program.ts";
import { projectPages } from "../../lab/harness/pages.ts";
import { Program, ROOT } from "../../lab/harness/program.ts";
import { FILES, PROGRAMS, testWith } from "../support/test_with.ts";

/** Where a line names the folders and addresses of an example, and so grants less. */
const NARROWED = "docs/programs.md";
/** For the database of JSR, which is a native library. */
const NATIVE = "--config deno.jsr.json";

const COMMAND =
  /\bdeno (?:run|compile|install) ((?:-(?:"[^"]*"|[^\s"])+ (?:[\w.]+ )?)*)([\w./]+\.ts)/g;

/** A command line of a page or a file that starts a program. */
interface CommandLine {
  place: string;
  text: string;
  flags: string[];
  entry: string;
}

async function commandLines(): Promise<CommandLine[]> {
  const deployed = ["systemd/messageu-relay.service", "systemd/messageu-admin"]
    .concat("docker/Dockerfile").map((name) => `deploy/${name}`);
  const lines: CommandLine[] = [];
  for (const place of [...await projectPages(), ...deployed]) {
    const text = (await Deno.readTextFile(`${ROOT}${place}`))
      .replaceAll(/\\\n\s*/g, "")
      .replaceAll('", "', " ");
    for (const [line, flags = "", entry = ""] of text.matchAll(COMMAND)) {
      const words = flags.match(/-(?:"[^"]*"|[^\s"])+/g) ?? [];
      // Without flags it is a command that the text only mentions.
      if (words.length === 0) continue;
      lines.push({ place, text: line, flags: words, entry });
    }
  }
  return lines;
}

/** What each program is granted by its task; the relay without its launcher, by its binary. */
function granted(entry: string): readonly string[] | undefined {
  if (entry === programs.server.entry) return programs.server.flags;
  for (const name of Object.keys(config.tasks)) {
    const task = name as keyof typeof config.tasks;
    if (!config.tasks[task].command.startsWith("deno run ")) continue;
    const { flags, entry: first } = taskCommand(task);
    if (first === entry) return flags;
  }
  return undefined;
}

/** The permissions among flags: their values by their names. */
function permissions(flags: readonly string[]): Record<string, string> {
  return Object.fromEntries(flags.flatMap((flag) => {
    const [, name = "", value = ""] = /^--allow-(\w+)(?:=(.*))?$/.exec(flag) ??
      [];
    // The runtime, wherever it is.
    const isRuntime = value === `"${RUNTIME}"` || value.endsWith("/deno");
    return name === "" ? [] : [[name, isRuntime ? "deno" : value]];
  }));
}

/** Whether a value of a permission grants nothing beyond another; "" grants all. */
function isWithin(value: string, all: string | undefined): boolean {
  const values = all?.split(",") ?? [];
  return all === "" ||
    value !== "" && value.split(",").every((each) => values.includes(each));
}

testWith(
  FILES,
  "printed command lines have the tasks' permissions",
  async () => {
    const lines = await commandLines();
    const places = new Set(lines.map(({ place }) => place));
    for (const place of ["menu", "programs", "library", "install"]) {
      assert(places.has(`docs/${place}.md`), place);
    }
    assertEquals(places.size, 8, [...places].join(" "));
    for (const { place, text, flags, entry } of lines) {
      assert(flags.includes("--no-prompt"), text);
      assert(!/ (-A|--allow-all) /.test(text), text);
      const all = granted(entry);
      if (all === undefined || text.includes(NATIVE)) continue;
      if (place !== NARROWED) {
        assertEquals(permissions(flags), permissions(all), text);
        continue;
      }
      const most = permissions(all);
      for (const [name, value] of Object.entries(permissions(flags))) {
        assert(
          isWithin(value, most[name]),
          `${place}: --allow-${name} ${text}`,
        );
      }
    }
  },
);

testWith(FILES, "no task asks for a permission, or takes all", () => {
  for (const [name, { command }] of Object.entries(config.tasks)) {
    assert(!/ (-A|--allow-all)\b/.test(command), name);
    for (const [run] of command.matchAll(/deno (?:run|test) \S+/g)) {
      assert(run.endsWith(" --no-prompt"), `${name}: ${run}`);
    }
  }
});

/** Loads what draws the chat, as on Windows. */
const DRAWING = `import process from "node:process";
Object.defineProperty(process, "platform", { value: "win32" });
await import("ink");`;

testWith(
  PROGRAMS,
  "the client's permissions suffice for what draws the chat on Windows",
  async () => {
    const { flags } = taskCommand("client");
    await using program = Program.withInput(
      Deno.execPath(),
      ["run", "--quiet", ...flags, "-"],
    );
    await program.type(DRAWING);
    await program.endInput();
    const { code, stderr } = await program.end();
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
  },
);
