/**
 * What a user waits for while others attack the relay from other addresses, at
 * the relay's default limits. See `--help`.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { withHelp } from "../../../shared/cli/help.ts";
import { runProgram } from "../../../shared/cli/program.ts";
import { lines } from "../../../shared/cli/lines.ts";
import { Child } from "../relay/child.ts";
import { attackNamed, LARGE, MANY, send } from "./attacks.ts";
import { HELP, readAttackBenchOptions } from "./options.ts";
import { ask, requestNames, type Waits, work } from "./user.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const MIB = 1024 * 1024;
/** Milliseconds that an attack stands before the user begins. */
const BEFORE = 3000;

/** A relay of some checkout that runs. */
class AttackedRelay implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly port: number;

  private constructor(process: Deno.ChildProcess, port: number) {
    this.#process = process;
    this.port = port;
  }

  static async start(
    root: string,
    dir: string,
    flags: readonly string[],
  ): Promise<AttackedRelay> {
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-prompt", "--allow-all", `${root}/server/main.ts`],
        ...["--dir", dir, "--host", "127.0.0.1", "--port", "0"],
        ...["--max-waiting", "0", ...flags],
      ],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const printed = lines(process.stdout);
    for (;;) {
      const { value, done } = await printed.next();
      if (done) throw new Error("Expected a relay that listens: it ended");
      const port = /^listening on \S+:(\d+)$/.exec(value)?.[1];
      if (port !== undefined) return new AttackedRelay(process, Number(port));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
  }
}

/** Makes the database with that checkout's own tables. */
async function seed(root: string, dir: string, users: number): Promise<void> {
  const { seedDatabase } = await import(`${root}/lab/bench/relay/seed.ts`);
  seedDatabase(`${dir}/db.defensive`, { users });
  await Deno.writeTextFile(`${dir}/info.myport`, "1357\n");
}

async function attack(
  name: string,
  duration: number,
  root: string,
): Promise<string[]> {
  const { connections, users = 10, flags = [] } = attackNamed(name);
  const dir = await Deno.makeTempDir({ prefix: "messageu-bench-" });
  try {
    await seed(root, dir, users);
    await using relay = await AttackedRelay.start(root, dir, flags);
    const { port } = relay;
    if (name.includes("unread-pulls") || name.includes("sipped")) {
      await ask(port, send(LARGE, 16 * MIB));
    }
    if (name === "devoured-pulls") {
      for (let i = 0; i < 10_000; i++) await ask(port, send(MANY, 1));
    }
    await using attackers = Child.start("./attack_process.ts", [
      "--allow-net",
    ]);
    const opened = await attackers.ask<number>("begin", { name, port });
    if (connections > 0) {
      await new Promise((resolve) => setTimeout(resolve, BEFORE));
    }
    const waits = await work(port, duration);
    const left = await attackers.ask<number>("standing");
    return [name, `${left} of ${opened}`, ...texts(waits)];
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** The median and the longest of each kind. */
function texts(waits: Waits): string[] {
  return requestNames.map((name) => {
    const sorted = (waits[name] ?? []).toSorted((a, b) => a - b);
    const median = sorted[sorted.length >> 1] ?? NaN;
    return `${text(median)} / ${text(sorted.at(-1) ?? NaN)}`;
  });
}

function text(ms: number): string {
  return ms === Infinity ? "none" : `${Number(ms.toPrecision(3))}`;
}

async function main(args: readonly string[]): Promise<void> {
  const { names, duration, relay } = readAttackBenchOptions(args);
  const heads = requestNames.map((name) => `${name}, ms`);
  const row = (cells: readonly string[]) =>
    console.log(`| ${cells.join(" | ")} |`);
  console.log("Of each wait the median and the longest.\n");
  row(["attack", "connections left", ...heads]);
  row(["---", "---", ...heads.map(() => "---")]);
  for (const name of names) row(await attack(name, duration, relay ?? ROOT));
}

if (import.meta.main) await runProgram(withHelp(HELP, main));
