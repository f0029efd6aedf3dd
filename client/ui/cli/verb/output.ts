/**
 * What a verb says: data on standard output, talk on standard error.
 *
 * @module
 */

import {
  printableJson,
  printableLine,
} from "../../../../shared/cli/printable.ts";
import {
  writeErrorSync,
  writeOut,
} from "../../../../shared/cli/standard_output.ts";

/** Nobody reads standard output any more. */
export class OutputClosed extends Error {
  override name = "OutputClosed";
}

/** An object of JSON; `type` says what it is and stands first. */
export type Data =
  & { readonly type: string }
  & Readonly<
    Record<string, unknown>
  >;

/** A verb's two streams, as text or as JSON. */
export class Output {
  /** Whether lines are JSON. */
  readonly json: boolean;

  /** @param json one object a line in place of text */
  constructor(json: boolean) {
    this.json = json;
  }

  /**
   * Writes a piece of data: its object as one line, or else its text, which
   * the caller made printable.
   *
   * @throws {OutputClosed} where nobody reads it any more
   */
  async data(object: Data, text: string): Promise<void> {
    await this.write(this.json ? lineOf(object) : text);
  }

  /**
   * Writes a line of data as it is.
   *
   * @throws {OutputClosed} where nobody reads it any more
   */
  async write(line: string): Promise<void> {
    await this.bytes(new TextEncoder().encode(`${line}\n`));
  }

  /**
   * Writes bytes of data as they are.
   *
   * @throws {OutputClosed} where nobody reads them any more
   */
  async bytes(bytes: Uint8Array): Promise<void> {
    try {
      await writeOut(bytes);
    } catch (cause) {
      if (!(cause instanceof Deno.errors.BrokenPipe)) throw cause;
      throw new OutputClosed("Nobody reads the output", { cause });
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
  tell(object: Data, text: string): void {
    const line = this.json ? lineOf(object) : text;
    const bytes = new TextEncoder().encode(`${line}\n`);
    try {
      writeErrorSync(bytes);
    } catch {
      // Nobody listens, or it can't be kept; the work goes on.
    }
  }
}

/** The object on one line. */
export function lineOf(object: Data): string {
  return printableJson(object);
}
