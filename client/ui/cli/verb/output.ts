/**
 * Output of a verb: data on standard output, notes on standard error.
 *
 * @module
 */

import {
  printableJson,
  printableLine,
} from "../../../../shared/cli/printable.ts";
import type { DataKind } from "./data.ts";
import type { Io } from "./io.ts";

/** The reader of standard output has gone. */
export class OutputClosed extends Error {
  override name = "OutputClosed";
}

/** Writes a verb's output as text or as JSON. */
export class Output {
  /** Whether lines are JSON. */
  readonly json: boolean;
  readonly #io: Pick<Io, "stdout" | "stderr">;

  constructor(json: boolean, io: Pick<Io, "stdout" | "stderr">) {
    this.json = json;
    this.#io = io;
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
      if (!(cause instanceof Deno.errors.BrokenPipe)) throw cause;
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
