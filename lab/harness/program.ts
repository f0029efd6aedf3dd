/** Runs one of the project's programs as a process of its own. */

import { fileURLToPath } from "node:url";
import { RUNTIME, taskCommand } from "../../deploy/install/task_command.ts";
import {
  parseRelayLine,
  type RelayLine,
} from "../../shared/secure/relay_line.ts";

/** The project's top folder. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A program that runs. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #stderr: Promise<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #stdout = "";
  #complained = "";
  #ended = false;

  private constructor(child: Deno.ChildProcess, hasInput = false) {
    this.#child = child;
    this.#input = hasInput ? child.stdin.getWriter() : undefined;
    this.#reader = child.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
    this.#stderr = this.#collect(child.stderr);
  }

  /** Runs `deno` with these arguments in a folder. */
  static deno(
    args: string[],
    cwd: string = ROOT,
    env: Record<string, string> = {},
  ): Program {
    return Program.run(Deno.execPath(), args, cwd, env);
  }

  /** Runs any program that reads standard input. */
  static withInput(
    command: string,
    args: string[],
    cwd: string = ROOT,
    env: Record<string, string> = {},
  ): Program {
    const child = new Deno.Command(command, {
      args,
      cwd,
      env: { NO_COLOR: "1", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    return new Program(child, true);
  }

  /** Runs any program. */
  static run(
    command: string,
    args: string[],
    cwd: string = ROOT,
    env: Record<string, string> = {},
  ): Program {
    return new Program(
      new Deno.Command(command, {
        args,
        cwd,
        env: { NO_COLOR: "1", ...env },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn(),
    );
  }

  /** Runs what `deno task server` does, with these flags. */
  static launcher(
    flags: readonly string[],
    env: Record<string, string> = {},
  ): Program {
    return Program.#stoppable(launcherArguments(flags), env);
  }

  /** Starts the relay's program in a folder, on a free port of the loopback. */
  static relay(dir: string, ...flags: string[]): Program {
    return Program.#stoppable(relayArguments(dir, flags));
  }

  /** Starts the relay's program with a store in a database. */
  static relayOn(url: string, dir: string, ...flags: string[]): Program {
    const [run = "run", ...rest] = relayArguments(dir, flags);
    return Program.#stoppable([run, "--allow-env", ...rest], {
      MESSAGEU_STORE: url,
    });
  }

  /** Starts a relay that stops as standard input ends: {@linkcode stop}. */
  static #stoppable(args: string[], env: Record<string, string> = {}): Program {
    const stoppable = [...args, "--stop-with-input"];
    return Program.withInput(Deno.execPath(), stoppable, ROOT, env);
  }

  /** Starts one on a file, with so many file descriptors. */
  static relayWithFiles(
    files: number,
    dir: string,
    ...flags: string[]
  ): Program {
    const script = `ulimit -n ${files} && exec "$0" "$@"`;
    const relay = relayArguments(dir, ["--port", "0", ...flags]);
    const stoppable = [...relay, "--stop-with-input"];
    return Program.withInput("sh", [
      ...["-c", script, Deno.execPath(), ...stoppable],
    ]);
  }

  /** Runs the demo with this temporary directory. */
  static demo(temp: string): Program {
    return Program.deno(taskArguments("demo"), ROOT, withTemporary(temp));
  }

  /** Waits until standard output matches; returns the match. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#stdout);
      if (match !== null) return match;
      await this.#readMore(pattern);
    }
  }

  async #readMore(wanted: RegExp): Promise<void> {
    const { done, value } = await this.#reader.read();
    if (done) {
      this.#ended = true;
      throw new Error(
        `Expected ${wanted}, got ${this.#stdout}${await this.#stderr}`,
      );
    }
    this.#stdout += value;
  }

  /** Waits until what is printed from now on matches; returns the match. */
  async next(line: RegExp): Promise<RegExpExecArray> {
    const known = this.#stdout.length;
    for (;;) {
      const match = line.exec(this.#stdout.slice(known));
      if (match !== null) return match;
      await this.#readMore(line);
    }
  }

  /** The address that a relay prints once it listens. */
  async address(): Promise<{ hostname: string; port: number }> {
    const [, hostname = "", port] = await this.prints(
      /^listening on (\S+):(\d+)$/m,
    );
    return { hostname, port: Number(port) };
  }

  /** The secure port and the key that a relay prints once it listens. */
  async secureLine(): Promise<RelayLine> {
    const [line] = await this.prints(/mu:\/\/\S+(?=\n)/);
    return parseRelayLine(line);
  }

  /** Writes to standard input; a program that has ended takes nothing. */
  async type(text: string): Promise<void> {
    await this.#input?.write(new TextEncoder().encode(text)).catch(() => {});
  }

  /** Ends standard input. */
  async endInput(): Promise<void> {
    await this.#input?.close().catch(() => {});
  }

  /** All that standard error has held so far. */
  get complained(): string {
    return this.#complained;
  }

  async #collect(stderr: ReadableStream<Uint8Array>): Promise<string> {
    const decoder = new TextDecoder();
    for await (const chunk of stderr) {
      this.#complained += decoder.decode(chunk, { stream: true });
    }
    return this.#complained;
  }

  /** Stops a relay in good order, as one program can on any system. */
  async stop(): Promise<void> {
    if (this.#input === undefined) throw new Error("Expected an input to end");
    await this.endInput();
  }

  /** The number of its process. */
  get pid(): number {
    return this.#child.pid;
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for the end without reading what is printed; the exit code. */
  async exitCode(): Promise<number> {
    const { code } = await this.#child.status;
    await this.endInput();
    return code;
  }

  /** Waits for the end; what was printed and the exit code. */
  async end(): Promise<{ code: number; stdout: string; stderr: string }> {
    while (!this.#ended) {
      const { done, value } = await this.#reader.read();
      this.#ended = done;
      this.#stdout += value ?? "";
    }
    const code = await this.exitCode();
    return { code, stdout: this.#stdout, stderr: await this.#stderr };
  }

  /**
   * Waits for a good end.
   *
   * @returns what it printed
   * @throws {Error} with its output, unless it exits with 0
   */
  async succeed(): Promise<string> {
    await using _ = this;
    const { code, stdout, stderr } = await this.end();
    if (code === 0) return stdout;
    throw new Error(`exit code ${code}\n${stdout}${stderr}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.end();
  }
}

/** The environment of a program whose temporary folder is this one, on any system. */
export const withTemporary = (path: string): Record<string, string> => ({
  TMPDIR: path,
  TMP: path,
  TEMP: path,
});

/** Where the runtime keeps the libraries, whatever the home is. */
export async function cacheFolder(): Promise<string> {
  await using info = Program.deno(["info", "--json"]);
  return JSON.parse((await info.end()).stdout).denoDir;
}

/** The arguments of `deno` with which a relay starts in a folder. */
export function relayArguments(
  dir: string,
  flags: readonly string[],
): string[] {
  return [
    "run",
    "--no-prompt",
    "--allow-net=127.0.0.1",
    "--allow-read",
    "--allow-write",
    `${ROOT}server/main.ts`,
    "--dir",
    dir,
    "--host",
    "127.0.0.1",
    ...withoutTimes(flags),
  ];
}

/** The runtime's arguments with which `deno task server` starts the launcher. */
export function launcherArguments(flags: readonly string[]): string[] {
  return [...taskArguments("server"), ...withoutTimes(flags)];
}

/** Flags of a relay whose log can be compared, unless they choose another. */
function withoutTimes(flags: readonly string[]): string[] {
  return flags.includes("--log") ? [...flags] : ["--log", "journal", ...flags];
}

/** The runtime's arguments with which a task runs its program. */
export function taskArguments(
  task: Parameters<typeof taskCommand>[0],
): string[] {
  const { flags, entry, args } = taskCommand(task);
  const own = flags.map((flag) =>
    flag.replace(`"${RUNTIME}"`, () => Deno.execPath())
  );
  return ["run", ...own, `${ROOT}${entry}`, ...args];
}
