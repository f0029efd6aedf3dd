/**
 * Starts a client and types into its standard input.
 *
 * @module
 */

import { formatAddress } from "../../../shared/folder/info_files.ts";
import { inTime } from "../../../shared/cli/time.ts";
import {
  type Platform,
  thisPlatform,
} from "../../../shared/platform/platform.ts";
import { writeAll } from "../../../shared/folder/durable_files.ts";
import { clip } from "../report/text.ts";
import type { DrivenFolder } from "./driven_folder.ts";
import type { Bell, ClientUser } from "./client_user.ts";
import { linesOf } from "./script.ts";
import type { Choice, Finding, Step } from "./step.ts";

/** Largest output kept of a step, in characters. */
const MOST_OUTPUT = 1024 * 1024;
/** Largest number of starts of a client. */
const MOST_STARTS = 12;
/** Characters reported of the last line of output. */
const MOST_TOLD = 200;
/** Milliseconds to wait for the end of the output once the client is killed. */
const OUTPUT_GRACE = 500;

/** A client's process. */
export interface RunningClient {
  /** Its exit status, once it has ended. */
  readonly status: Deno.CommandStatus | undefined;
  /** Writes to its input; ignored once it has ended. */
  type(text: string): Promise<void>;
  /** Ends its input. */
  endInput(): Promise<void>;
  /** Waits for its exit status; undefined after `ms` milliseconds. */
  ended(ms: number): Promise<Deno.CommandStatus | undefined>;
  /** Kills it and what it started. */
  kill(): Promise<void>;
}

/**
 * Starts a client in a folder.
 *
 * @param server the address it connects to
 * @param print receives its output, and an empty text once it has ended
 */
export type StartClient = (
  folder: DrivenFolder,
  server: string,
  print: (text: string) => void,
) => RunningClient;

/** Options of {@linkcode DrivenClient}. */
export interface DriveOptions {
  /** The shell's command that starts it, or what does. */
  readonly command: string | StartClient;
  /** Its working directory. */
  readonly folder: DrivenFolder;
  /** The mock server's address. */
  readonly server: { hostname: string; port: number };
  /** Choices typed first after a restart. */
  readonly again: readonly Choice[];
  /** Time-out of its end in milliseconds. */
  readonly timeout: number;
}

/** A client driven through its standard input. */
export class DrivenClient implements ClientUser {
  readonly #options: DriveOptions;
  readonly #bell: Bell;
  #process: RunningClient;
  #starts = 1;
  #output = "";

  /** Starts the client. */
  constructor(options: DriveOptions, bell: Bell) {
    this.#options = options;
    this.#bell = bell;
    this.#process = this.#start();
  }

  get folder(): DrivenFolder {
    return this.#options.folder;
  }

  get output(): string {
    return this.#output;
  }

  get gaveUp(): boolean {
    return this.#process.status !== undefined;
  }

  get ending(): string {
    const { status } = this.#process;
    const line = this.#output.trimEnd().split("\n").at(-1)?.trim() ?? "";
    const how = status === undefined ? "" : ` with ${howEnded(status)}`;
    const said = line === ""
      ? ""
      : `, and printed "${clip(line, MOST_TOLD)}" at last`;
    return `it had ended${how}${said}`;
  }

  get stopped(): string | undefined {
    return this.#starts > MOST_STARTS
      ? `the client had to be started ${MOST_STARTS} times`
      : undefined;
  }

  async perform(step: Step): Promise<void> {
    this.#output = "";
    await this.#type(step.choices);
  }

  /** Restarts the client in its folder. */
  async recover(isRegistered: boolean): Promise<void> {
    await this.#process.kill();
    this.#starts++;
    if (this.stopped !== undefined) return;
    this.#process = this.#start();
    if (isRegistered) await this.#type(this.#options.again);
  }

  async end(): Promise<Finding> {
    if (this.gaveUp) return { fails: "it had ended before" };
    await this.#type([["0"]]);
    await this.#process.endInput();
    const status = await this.#process.ended(this.#options.timeout);
    if (status === undefined) {
      return { fails: `it still ran after ${this.#options.timeout} ms` };
    }
    return status.success
      ? undefined
      : { fails: `it ended with ${howEnded(status)}` };
  }

  #start(): RunningClient {
    const { command, folder, server } = this.#options;
    const start = typeof command === "string" ? shell(command) : command;
    // The client may have removed its folder.
    folder.restore();
    return start(folder, formatAddress(server), (text) => {
      const room = MOST_OUTPUT - this.#output.length;
      this.#output += text.slice(0, Math.max(0, room));
      this.#bell.ring();
    });
  }

  async #type(choices: readonly Choice[]): Promise<void> {
    const { sample } = this.#options.folder;
    const text = choices.flatMap((choice) => linesOf(choice, sample))
      .map((line) => `${line}\n`).join("");
    await this.#process.type(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.kill();
  }
}

const howEnded = ({ signal, code }: Deno.CommandStatus) =>
  signal ?? `code ${code}`;

const shell = (command: string): StartClient => (folder, server, print) =>
  new Process(command, folder, server, print);

/** A shell and what it started. */
class Process implements RunningClient {
  readonly #platform: Platform;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #outputs: readonly Output[];
  #status: Deno.CommandStatus | undefined;
  readonly #ending: Promise<Deno.CommandStatus>;

  constructor(
    command: string,
    folder: DrivenFolder,
    server: string,
    print: (text: string) => void,
    platform: Platform = thisPlatform,
  ) {
    this.#platform = platform;
    const { program, options } = platform.shell(command);
    this.#child = new Deno.Command(program, {
      ...options,
      cwd: folder.path,
      env: {
        MESSAGEU_SERVER: server,
        TMPDIR: folder.temporary,
        TMP: folder.temporary,
        TEMP: folder.temporary,
        NO_COLOR: "1",
      },
      // Can be killed with all that it started.
      detached: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#outputs = [
      new Output(this.#child.stdout, print),
      new Output(this.#child.stderr, print),
    ];
    this.#ending = this.#child.status.then((status) => {
      this.#status = status;
      print("");
      return status;
    });
  }

  get status(): Deno.CommandStatus | undefined {
    return this.#status;
  }

  async type(text: string): Promise<void> {
    try {
      await writeAll(
        { write: (bytes) => this.#input.write(bytes).then(() => bytes.length) },
        new TextEncoder().encode(text),
      );
    } catch {
      // Its status tells that it has ended.
    }
  }

  async endInput(): Promise<void> {
    await this.#input.close().catch(() => {});
  }

  async ended(ms: number): Promise<Deno.CommandStatus | undefined> {
    return await inTime(this.#ending, ms, undefined);
  }

  /** Kills both; processes that left the shell's process group survive. */
  async kill(): Promise<void> {
    await this.endInput();
    const { program, options } = this.#platform.killTree(this.#child.pid);
    await new Deno.Command(program, {
      ...options,
      stdout: "null",
      stderr: "null",
    }).output();
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It ended with the others.
    }
    await this.#ending;
    await Promise.all(this.#outputs.map((output) => output.end()));
  }
}

/** An output stream of a process. */
class Output {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #reading: Promise<void>;

  constructor(
    stream: ReadableStream<Uint8Array>,
    print: (text: string) => void,
  ) {
    this.#reader = stream.getReader();
    this.#reading = this.#pass(print);
  }

  async #pass(print: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    for (;;) {
      const { value, done } = await this.#reader.read();
      if (done) break;
      print(decoder.decode(value, { stream: true }));
    }
  }

  /** Waits for the end of the stream, for a limited time. */
  async end(): Promise<void> {
    await inTime(this.#reading, OUTPUT_GRACE, undefined);
    await this.#reader.cancel();
    await this.#reading;
  }
}
