import { printableJson } from "../../shared/cli/printable.ts";
import { writeOutSync } from "../../shared/cli/program.ts";
import type { Finding } from "./conversation.ts";
import { findingJson, findingText, type Place } from "./finding_text.ts";

/** Writes findings to standard output, as text or JSON. */
export class Printer {
  readonly #json: boolean;
  readonly #colour = Deno.stdout.isTerminal() && !Deno.noColor;
  #isClosed = false;

  /** @param json whether to write JSON, an object a line */
  constructor(json: boolean) {
    this.#json = json;
  }

  /** Whether the reader of the output has gone. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Writes a finding.
   *
   * @throws {Deno.errors.BrokenPipe} if the reader has gone
   */
  finding(finding: Finding, place: Place): void {
    this.#write(
      this.#json
        ? findingJson(finding, place)
        : `${findingText(finding, place, this.#colour)}\n`,
    );
  }

  /**
   * Writes the address of the listener.
   *
   * @throws {Deno.errors.BrokenPipe} if the reader has gone
   */
  listening(address: string): void {
    this.#write(
      this.#json
        ? printableJson({ type: "listening", address })
        : `listening on ${address}\n`,
    );
  }

  /**
   * Writes the start of a connection.
   *
   * @throws {Deno.errors.BrokenPipe} if the reader has gone
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
