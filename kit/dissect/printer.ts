import { printableJson } from "../../shared/cli/printable.ts";
import { writeOutSync } from "../../shared/cli/program.ts";
import type { Finding } from "./conversation.ts";
import { findingJson, findingText, type Place } from "./finding_text.ts";

/** Writes findings to standard output, for people or for programs. */
export class Printer {
  readonly #json: boolean;
  readonly #colour = Deno.stdout.isTerminal() && !Deno.noColor;
  #isClosed = false;

  /** @param json whether each is an object on a line */
  constructor(json: boolean) {
    this.#json = json;
  }

  /** Whether nobody reads the output any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Writes what was found.
   *
   * @throws {Deno.errors.BrokenPipe} where nobody reads it any more
   */
  finding(finding: Finding, place: Place): void {
    this.#write(
      this.#json
        ? findingJson(finding, place)
        : `${findingText(finding, place, this.#colour)}\n`,
    );
  }

  /**
   * Writes where connections are taken.
   *
   * @throws {Deno.errors.BrokenPipe} where nobody reads it any more
   */
  listening(address: string): void {
    this.#write(
      this.#json
        ? printableJson({ type: "listening", address })
        : `listening on ${address}\n`,
    );
  }

  /**
   * Writes that a connection begins.
   *
   * @throws {Deno.errors.BrokenPipe} where nobody reads it any more
   */
  connection(connection: number, client: string, server: string): void {
    this.#write(
      this.#json
        ? printableJson({ type: "connection", connection, client, server })
        : `#${connection} ${client} → ${server}\n`,
    );
  }

  #write(text: string): void {
    try {
      writeOutSync(new TextEncoder().encode(`${text}\n`));
    } catch (error) {
      this.#isClosed = error instanceof Deno.errors.BrokenPipe;
      throw error;
    }
  }
}
