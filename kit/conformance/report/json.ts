/**
 * The report as JSON: one document with an outcome a line.
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import { anyClause } from "../../any_clause.ts";
import { printableJson } from "../../../shared/cli/printable.ts";
import type { Outcome, Tally } from "./outcome.ts";

/** The start of the document. */
export interface JsonHead {
  /** The checked program. */
  readonly target: string;
  /** The name of the server's dialect, if known. */
  readonly generation: string | undefined;
  /** The version of requests to it, if known. */
  readonly version: number | undefined;
}

/** The document's first line. */
export const jsonStart = (head: JsonHead): string =>
  `${printableJson(head).slice(0, -1)},"outcomes":[`;

/** Formats an outcome with its frames in hex and the title of its clause. */
export function jsonOutcome(outcome: Outcome, isFirst: boolean): string {
  const exchange = outcome.exchange.map(({ bytes, plays: _, ...rest }) => ({
    ...rest,
    hex: encodeHex(bytes),
  }));
  const title = anyClause[outcome.clause].title;
  const ms = Math.round(outcome.ms);
  return `${isFirst ? " " : ","}${
    printableJson({ ...outcome, title, ms, exchange })
  }`;
}

/**
 * The document's last line.
 *
 * @param ms duration of the run in milliseconds
 * @param stopped why the run ended early, if it did
 */
export const jsonEnd = (counts: Tally, ms: number, stopped?: string): string =>
  `],"summary":${
    printableJson({
      ...counts,
      ms: Math.round(ms),
      ...stopped === undefined ? {} : { stopped },
    })
  }}`;
