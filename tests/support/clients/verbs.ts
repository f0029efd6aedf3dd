/** Runs the client's verbs as processes of their own, in one person's folder. */

import { fileURLToPath } from "node:url";
import { Program, ROOT } from "../../../lab/harness/program.ts";

/** The client's program. */
export const CLIENT = fileURLToPath(
  new URL("../../../client/main.ts", import.meta.url),
);

/** What a verb left. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
  /** The lines of standard output, where they are JSON. */
  // deno-lint-ignore no-explicit-any -- whatever the verb documents
  data: any[];
}

/** Arguments of `deno` that run the client. */
export function clientArguments(...args: string[]): string[] {
  return [
    "run",
    "--quiet",
    "--no-prompt",
    "--allow-net",
    "--allow-read",
    "--allow-write",
    "--allow-run",
    "--allow-sys=statfs",
    "--allow-env=LC_ALL,LC_CTYPE,LANG",
    CLIENT,
    ...args,
  ];
}

/** Writes the client as a program of this name, which goes with a folder. */
export async function installClient(
  bin: string,
  name: string,
  ...flags: string[]
): Promise<void> {
  const quoted = [Deno.execPath(), ...clientArguments()]
    .map((arg) => `'${arg}'`).join(" ");
  const script = `#!/bin/sh\nexec ${quoted} "$@" ${flags.join(" ")}\n`;
  await Deno.writeTextFile(`${bin}/${name}`, script, { mode: 0o755 });
}

/** Somebody with a folder, at a relay. */
export class VerbUser {
  readonly #flags: readonly string[];
  readonly #env: Record<string, string>;

  /**
   * @param address the relay's; without one it is that of `info.server`
   * @param env further environment variables of each process
   */
  constructor(
    dir: string,
    address?: { hostname: string; port: number },
    env: Record<string, string> = {},
  ) {
    this.#flags = [
      "--dir",
      dir,
      ...address === undefined
        ? []
        : ["--server", `${address.hostname}:${address.port}`],
    ];
    this.#env = env;
  }

  /** Starts a verb; standard input is piped. */
  start(verb: string, ...args: string[]): Program {
    return Program.withInput(
      Deno.execPath(),
      clientArguments(verb, ...this.#flags, ...args),
      ROOT,
      this.#env,
    );
  }

  /** Runs a verb to its end, with this as its input. */
  async run(input: string, verb: string, ...args: string[]): Promise<Ended> {
    await using program = this.start(verb, ...args);
    await program.type(input);
    await program.endInput();
    const ended = await program.end();
    return { ...ended, data: jsonLines(ended.stdout) };
  }

  /** Runs a verb to its end, which must be good. */
  async do(verb: string, ...args: string[]): Promise<Ended> {
    const ended = await this.run("", verb, ...args);
    if (ended.code === 0) return ended;
    throw new Error(`${verb} ended with ${ended.code}: ${ended.stderr}`);
  }
}

/** Objects, one a line; nothing where it isn't JSON. */
// deno-lint-ignore no-explicit-any -- whatever they are
export function jsonLines(text: string): any[] {
  if (!text.startsWith("{")) return [];
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}
