/**
 * The environment of a verb, and its output: data on standard output, notes on
 * standard error.
 *
 * @module
 */

import {
  printableJson,
  printableLine,
} from "../../../../shared/cli/printable.ts";
import type { Spell } from "../../../advice.ts";
import type { Platform } from "../../../../shared/platform/platform.ts";
import { hasCode } from "../../../../shared/platform/system_error.ts";

/** Standard output or standard error. */
export interface OutputStream {
  /** Whether it is a terminal. */
  isTerminal(): boolean;
  /** Writes all of the bytes; blocks until the reader takes them. */
  writeSync(bytes: Uint8Array): void;
}

/** The keys of a terminal, which standard input gives. */
export interface Keyboard {
  /** Sets whether each key arrives at once and isn't echoed; Ctrl-C still sends SIGINT. */
  setRaw(isRaw: boolean): void;
  /**
   * Width in cells of the terminal on standard output; undefined if there is
   * none that moves its cursor.
   */
  readonly columns: number | undefined;
}

/** The environment of a run of the client: the process, or a test double. */
export interface Io {
  readonly platform: Platform;
  readonly stdin: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Undefined unless standard input is a terminal. */
  readonly keyboard: Keyboard | undefined;
  readonly stdout: OutputStream & {
    /** Writes all of the bytes without blocking the thread. */
    write(bytes: Uint8Array): Promise<void>;
  };
  readonly stderr: OutputStream;
  /** The default of `--dir`. */
  readonly dir: string;
  /** An environment variable; undefined if it is unset or access is denied. */
  env(name: string): string | undefined;
  /** Listens for a signal; returns a function that removes the listener. */
  onSignal(signal: Deno.Signal, listener: () => void): () => void;
  /** Whether SIGHUP was ignored when the program started. */
  isHangupIgnored(): Promise<boolean>;
  /** Ends the program. */
  exit(code: number): void;
  /** Drops a permission. */
  revoke(name: "env" | "net" | "run"): void;
}

/** A kind of JSON object; `F` are the names of its fields. */
export interface DataKind<F extends string = string> {
  /** Value of the first field, `type`. */
  readonly type: string;
  /** Notes on the fields for the page; may be empty. */
  readonly fields: Readonly<Record<F, string>>;
  /** The kind whose fields it extends. */
  readonly base: DataKind | undefined;
}

/**
 * Declares a kind of JSON object.
 *
 * @param base the kind whose fields come before its own
 * @param notes notes on single fields for the page
 */
export function dataKind<const F extends string, B extends string = never>(
  type: string,
  names: readonly F[],
  { base, notes }: {
    readonly base?: DataKind<B>;
    readonly notes?: Readonly<Partial<Record<F, string>>>;
  } = {},
): DataKind<F | B> {
  const own = names.map((name) => [name, notes?.[name] ?? ""] as const);
  const fields = { ...base?.fields, ...Object.fromEntries(own) };
  return { type, fields: fields as Record<F | B, string>, base };
}

/** Fields of the user. */
export const identityData = dataKind("identity", ["name", "id"]);

/** Fields of a contact. */
export const contactData = dataKind("contact", [
  "name",
  "id",
  "unread",
  "lastTime",
  "keyChanged",
  "relayName",
  "conversation",
  "blocked",
  "muted",
], {
  notes: {
    name: "your alias, the name, or the id where none is known",
    relayName: "null where the relay gave none",
    conversation: "whether `list` shows it without `--all`",
  },
});

/** Fields of a message. */
export const messageData = dataKind("message", [
  "id",
  "contact",
  "contactId",
  "direction",
  "kind",
  "text",
  "path",
  "size",
  "time",
  "delivery",
  "doubtful",
  "accepted",
]);

/** Fields of a sent message. */
export const sentData = dataKind("sent", [], { base: messageData });

/** Fields of a message that `--on-key-change skip` held back. */
export const skippedData = dataKind("skipped", ["id", "contact", "reason"], {
  notes: { reason: "`key-changed`" },
});

/** Fields of a contact's public key. */
export const keyData = dataKind("key", [
  "contact",
  "contactId",
  "publicKey",
  "fingerprint",
  "offered",
], {
  notes: {
    publicKey: "Base64",
    offered:
      "null, or `publicKey` and `fingerprint` of another one that the relay gives",
  },
});

/** The name of the client in the shell. */
export const PROGRAM = "messageu";
/** A word that any shell takes as it stands. */
const PLAIN_WORD = /^[\w@%+=:,./-]+$/;

/**
 * A command for the shell, in double quotes to stand in a sentence. One with
 * words that the shell would read stands without: copied with the double quotes,
 * they would be evaluated. What can't be quoted becomes "?": a contact's name must
 * not run a program.
 */
function shellCommand(
  words: readonly string[],
  { quote, unquotable, backslashSeparates }: Platform,
): string {
  const isPlain = (word: string) =>
    PLAIN_WORD.test(backslashSeparates ? word.replaceAll("\\", "/") : word);
  if (words.every(isPlain)) return `"${words.join(" ")}"`;
  const safe = (word: string) =>
    quote(unquotable === undefined ? word : word.replaceAll(unquotable, "?"));
  return words.map((word) => isPlain(word) ? word : safe(word)).join(" ");
}

/** The reader of standard output has gone. */
export class OutputClosed extends Error {
  override name = "OutputClosed";
}

/** Writes a verb's output as text or as JSON. */
export class Output {
  /** Whether lines are JSON. */
  readonly json: boolean;
  /** Spells a command so that a copy of it works in the user's shell. */
  readonly spell: Spell;
  readonly #io: Pick<Io, "stdout" | "stderr" | "platform">;

  /** @param dir the value of `--dir`, which commands repeat */
  constructor(
    json: boolean,
    io: Pick<Io, "stdout" | "stderr" | "platform">,
    dir?: string,
  ) {
    this.json = json;
    this.#io = io;
    const folder = dir === undefined ? [] : ["--dir", dir];
    this.spell = ({ words }) =>
      shellCommand([PROGRAM, ...folder, ...words], io.platform);
  }

  /**
   * Writes an object as JSON on one line, or `text`, which must be printable.
   *
   * @throws {OutputClosed} if the reader of standard output has gone
   */
  async data<F extends string>(
    kind: DataKind<F>,
    values: Readonly<Record<F, unknown>>,
    text: string,
  ): Promise<void> {
    const { type } = kind;
    await this.write(this.json ? printableJson({ type, ...values }) : text);
  }

  /**
   * Writes a line to standard output.
   *
   * @throws {OutputClosed} if the reader of standard output has gone
   */
  async write(line: string): Promise<void> {
    await this.bytes(new TextEncoder().encode(`${line}\n`));
  }

  /**
   * Writes bytes to standard output.
   *
   * @throws {OutputClosed} if the reader of standard output has gone
   */
  async bytes(bytes: Uint8Array): Promise<void> {
    try {
      await this.#io.stdout.write(bytes);
    } catch (cause) {
      if (!hasCode(cause, "EPIPE")) throw cause;
      throw new OutputClosed("Standard output has no reader", { cause });
    }
  }

  /** Writes a note to standard error. */
  say(text: string): void {
    this.tell(
      { type: "note", message: text },
      text.split("\n").map(printableLine).join("\n"),
    );
  }

  /** Writes an object as JSON, or `text`, which must be printable, to standard error. */
  tell(object: { type: string; [field: string]: unknown }, text: string): void {
    const line = this.json ? printableJson(object) : text;
    try {
      this.#io.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
    } catch {
      // A missing reader or a full disk doesn't stop the verb.
    }
  }
}
