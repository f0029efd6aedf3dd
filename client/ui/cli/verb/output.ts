/**
 * What a verb says: data on standard output, talk on standard error.
 *
 * @module
 */

import {
  printableJson,
  printableLine,
} from "../../../../shared/cli/printable.ts";
import type { DataKind } from "./data.ts";
import type { Io } from "./io.ts";

/** Standard output has no reader any more. */
export class OutputClosed extends Error {
  override name = "OutputClosed";
}

/** A verb's two streams, as text or as JSON. */
export class Output {
  /** Whether lines are JSON. */
  readonly json: boolean;
  readonly #io: Pick<Io, "stdout" | "stderr">;

  /** @param json one object a line in place of text */
  constructor(json: boolean, io: Pick<Io, "stdout" | "stderr">) {
    this.json = json;
    this.#io = io;
  }

  /**
   * Writes a piece of data: its object as one line, or else its text, which
   * the caller made printable.
   *
   * @throws {OutputClosed} where standard output has no reader any more
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
   * Writes a line of data as it is.
   *
   * @throws {OutputClosed} where standard output has no reader any more
   */
  async write(line: string): Promise<void> {
    await this.bytes(new TextEncoder().encode(`${line}\n`));
  }

  /**
   * Writes bytes of data as they are.
   *
   * @throws {OutputClosed} where standard output has no reader any more
   */
  async bytes(bytes: Uint8Array): Promise<void> {
    try {
      await this.#io.stdout.write(bytes);
    } catch (cause) {
      if (!(cause instanceof Deno.errors.BrokenPipe)) throw cause;
      throw new OutputClosed("Standard output has no reader", { cause });
    }
  }

  /** Says something beside the data, such as how it goes. */
  say(text: string): void {
    this.tell(
      { type: "note", message: text },
      text.split("\n").map(printableLine).join("\n"),
    );
  }

  /** Writes an object, or else its text, which the caller made printable, to standard error. */
  tell(object: { type: string; [field: string]: unknown }, text: string): void {
    const line = this.json ? printableJson(object) : text;
    try {
      this.#io.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
    } catch {
      // Without a reader, or room for a log, the work goes on.
    }
  }
}
