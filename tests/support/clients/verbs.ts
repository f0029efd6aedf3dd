/** Runs the client's verbs in the folder of one user. */

import { fileURLToPath } from "node:url";
import { runHere } from "../../../lab/harness/client_run.ts";
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
    "--allow-env=LC_ALL,LC_CTYPE,LANG,USERPROFILE",
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

/** A user with a folder, at a relay. */
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

  /** Starts a verb as a process; standard input is piped. */
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
    // A process has one time zone, a command inherits streams, the doctor needs
    // more permissions, and received files go to the folder that the
    // environment names.
    const isOwn = args.includes("--exec") || verb === "doctor" ||
      "TZ" in this.#env ||
      Object.keys(this.#env).length > 0 && ["pull", "listen"].includes(verb);
    const ended = isOwn
      ? await this.#runProcess(input, verb, args)
      : await runHere(input, [verb, ...this.#flags, ...args]);
    return { ...ended, data: jsonLines(ended.stdout) };
  }

  async #runProcess(input: string, verb: string, args: readonly string[]) {
    await using program = this.start(verb, ...args);
    await program.type(input);
    await program.endInput();
    return await program.end();
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
