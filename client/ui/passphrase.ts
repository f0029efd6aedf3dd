/**
 * Passphrases: typed at the terminal without echo, or read from a file descriptor.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { numberFrom, valueFlag } from "../../shared/cli/flags.ts";
import { UsageError } from "../../shared/cli/program.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { UserError } from "../errors.ts";
import type { Io } from "./cli/verb/output.ts";

/** Size limit in bytes. */
const LONGEST = 1024;

/** The flag that names a file descriptor; shells duplicate those of one digit only. */
export const passphraseFlag = valueFlag(
  "N",
  "Read the passphrase from file descriptor N, 0 for standard input",
  numberFrom(0, 9, "a file descriptor"),
);

/** Whether {@linkcode readPassphrase} runs a program: for all but standard input. */
export function readsByProgram(fd: number | undefined): boolean {
  return fd !== undefined && fd !== 0;
}

/**
 * Reads a passphrase from a file descriptor to its end, without a newline there.
 * The runtime can't open inherited ones other than standard input: "head" does.
 *
 * @throws {UserError} if it can't be read, or isn't a passphrase
 */
export async function readPassphrase(io: Io, fd: number): Promise<string> {
  const bytes = readsByProgram(fd)
    ? await readDescriptor(fd)
    : await readStart(io.stdin);
  return checked(bytes);
}

/** Reads until the input ends, or is too long for a passphrase. */
async function readStart(stdin: Io["stdin"]): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > LONGEST) break;
  }
  return concat(chunks);
}

async function readDescriptor(fd: number): Promise<Uint8Array> {
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command("sh", {
      args: ["-c", `exec head -c ${LONGEST + 1} <&${fd}`],
      stdin: "null",
    }).output();
  } catch (cause) {
    throw unreadable(fd, reasonOf(cause), { cause });
  }
  if (output.success) return output.stdout;
  throw unreadable(fd, "it isn't open");
}

function unreadable(
  fd: number,
  reason: string,
  options?: ErrorOptions,
): UserError {
  return new UserError(
    `The passphrase can't be read from file descriptor ${fd}: ${reason}`,
    `Open it, as with ${fd}< FILE, or give the passphrase on standard input with --passphrase-fd 0`,
    options,
  );
}

/** @throws {UserError} if the bytes aren't one line of text */
function checked(bytes: Uint8Array): string {
  const text = bytes.length > LONGEST
    ? undefined
    : textOf(bytes).replace(/\r?\n$/, "");
  if (text === "") throw new UserError("The passphrase is empty");
  if (text === undefined || /[\r\n\0]/.test(text)) {
    throw new UserError(
      `A passphrase is one line of ${LONGEST} bytes at most, got ${
        bytes.length > LONGEST ? "more" : "a line break or a zero byte"
      }`,
    );
  }
  return text;
}

/** @throws {UserError} if the bytes aren't UTF-8 */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new UserError("The passphrase isn't UTF-8", undefined, { cause });
  }
}

/**
 * Asks for a passphrase at the terminal of the process, even if standard input
 * is something else.
 *
 * @param questions more than one if it is new: the answers must be equal
 * @param otherwise what to do without a terminal
 * @throws {UsageError} if there is no terminal
 * @throws {UserError} if it is empty, or the answers differ
 */
export async function askPassphrase(
  io: Io,
  questions: readonly string[],
  otherwise: string,
): Promise<string> {
  const terminal = io.stderr.isTerminal() ? await openTerminal(io) : undefined;
  if (terminal === undefined) {
    throw new UsageError(
      `There is no terminal to ask for the passphrase: ${otherwise}`,
    );
  }
  using input = new HiddenInput(terminal, io);
  const answers = new Set<string>();
  for (const question of questions) answers.add(await input.ask(question));
  const [answer = "", ...others] = answers;
  if (others.length === 0) return answer;
  throw new UserError("The two passphrases differ", "Nothing was done");
}

interface Terminal extends Pick<Deno.FsFile, "setRaw" | "close"> {
  /** Reads what was typed; undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
}

/** Opens the terminal of the process; undefined if it has none. */
async function openTerminal(
  { platform: { ttyPath }, keyboard, stdin }: Io,
): Promise<Terminal | undefined> {
  if (ttyPath === undefined) {
    if (keyboard === undefined) return undefined;
    const reader = stdin.getReader();
    return {
      read: async () => (await reader.read()).value,
      setRaw: (isRaw) => keyboard.setRaw(isRaw),
      close: () => reader.releaseLock(),
    };
  }
  try {
    const file = await Deno.open(ttyPath);
    return {
      async read() {
        const bytes = new Uint8Array(LONGEST);
        const size = await file.read(bytes);
        return size === null ? undefined : bytes.subarray(0, size);
      },
      setRaw: (isRaw) => file.setRaw(isRaw),
      close: () => file.close(),
    };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return undefined;
  }
}

/** Cursor and function keys, and the marks of a paste. */
// deno-lint-ignore no-control-regex -- keys are controls
const SEQUENCES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|)/g;

/** Reads lines from a terminal without echo, until it is disposed of. */
class HiddenInput implements Disposable {
  readonly #terminal: Terminal;
  readonly #io: Io;
  readonly #decoder = new TextDecoder();
  readonly #unlisten: (() => void)[] = [];
  /** What was typed behind the last line. */
  #rest: string[] = [];

  constructor(terminal: Terminal, io: Io) {
    this.#terminal = terminal;
    this.#io = io;
    terminal.setRaw(true);
    for (const [signal, code] of Object.entries(io.platform.stopCodes)) {
      // The terminal is gone, and a listener would undo nohup.
      if (signal === "SIGHUP") continue;
      this.#unlisten.push(
        io.onSignal(signal as Deno.Signal, () => this.#leave(code)),
      );
    }
  }

  /** Asks a question. @throws {UserError} if the answer isn't a passphrase */
  async ask(question: string): Promise<string> {
    this.#write(question);
    const line = await this.#readLine();
    this.#write("\r\n");
    return checked(new TextEncoder().encode(line));
  }

  async #readLine(): Promise<string> {
    const line: string[] = [];
    for (;;) {
      for (let key; (key = this.#rest.shift()) !== undefined;) {
        if (key === "\r" || key === "\n") return line.join("");
        if (key === "\x03" || key === "\x04") this.#leave(130);
        else if (key === "\x7f" || key === "\b") line.pop();
        else if (key === "\x15") line.length = 0;
        else if (key >= " ") line.push(key);
      }
      this.#rest = [...(await this.#read()).replaceAll(SEQUENCES, "")];
    }
  }

  async #read(): Promise<string> {
    const bytes = await this.#terminal.read();
    if (bytes === undefined) throw new UserError("The terminal is closed");
    return this.#decoder.decode(bytes, { stream: true });
  }

  #write(text: string): void {
    this.#io.stderr.writeSync(new TextEncoder().encode(text));
  }

  #leave(code: number): never {
    this[Symbol.dispose]();
    this.#write("\r\n");
    this.#io.exit(code);
    throw new UserError("Interrupted");
  }

  [Symbol.dispose](): void {
    for (const remove of this.#unlisten.splice(0)) remove();
    this.#terminal.setRaw(false);
    this.#terminal.close();
  }
}
