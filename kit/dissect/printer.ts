import { printableJson } from "../../shared/cli/printable.ts";
import { type FlagValues, switchFlag } from "../../shared/cli/flags.ts";
import { UsageError, writeOutSync } from "../../shared/cli/program.ts";
import { briefLine } from "./brief_line.ts";
import type { Finding } from "./conversation.ts";
import { findingJson, findingText, type Place } from "./finding_text.ts";
import { hasCode } from "../../shared/platform/system_error.ts";

/** How findings are printed: with their fields, a line each, or as JSON. */
export type PrintForm = "full" | "brief" | "json";

/** Flags of the form. */
export const formFlags = {
  brief: switchFlag("a frame a line, without its fields"),
  json: switchFlag("a frame a line, as JSON"),
};

/** @throws {UsageError} if the flags contradict each other */
export function printForm(
  { brief, json }: FlagValues<typeof formFlags>,
): PrintForm {
  if (brief && json) {
    throw new UsageError("--brief and --json are two forms: give one");
  }
  return json ? "json" : brief ? "brief" : "full";
}

/** Writes findings to standard output. */
export class Printer {
  readonly #form: PrintForm;
  readonly #colour = Deno.stdout.isTerminal() && !Deno.noColor;
  #isClosed = false;

  constructor(form: PrintForm) {
    this.#form = form;
  }

  /** Whether the reader of the output has gone. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Writes a finding.
   *
   * @throws {Error} if the reader has gone (`EPIPE`)
   */
  finding(finding: Finding, place: Place): void {
    const text = this.#textOf(finding, place);
    if (text !== undefined) this.#write(text);
  }

  #textOf(finding: Finding, place: Place): string | undefined {
    switch (this.#form) {
      case "json":
        return findingJson(finding, place);
      case "brief":
        return briefLine(finding, place, this.#colour);
      case "full":
        return `${findingText(finding, place, this.#colour)}\n`;
    }
  }

  /**
   * Writes the address of the listener.
   *
   * @throws {Error} if the reader has gone (`EPIPE`)
   */
  listening(address: string): void {
    this.#write(
      this.#form === "json"
        ? printableJson({ type: "listening", address })
        : `listening on ${address}${this.#form === "full" ? "\n" : ""}`,
    );
  }

  /**
   * Writes the start of a connection.
   *
   * @throws {Error} if the reader has gone (`EPIPE`)
   */
  connection(connection: number, client: string, server: string): void {
    // The first frame's line has the number.
    if (this.#form === "brief") return;
    this.#write(
      this.#form === "json"
        ? printableJson({ type: "connection", connection, client, server })
        : `#${connection} ${client} → ${server}\n`,
    );
  }

  #write(text: string): void {
    try {
      writeOutSync(new TextEncoder().encode(`${text}\n`));
    } catch (error) {
      this.#isClosed = hasCode(error, "EPIPE");
      throw error;
    }
  }
}
