/**
 * The report for programs: one JSON document, an outcome a line.
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import { clauses } from "../../clauses.ts";
import { printableJson } from "../../../shared/cli/printable.ts";
import type { Outcome, Tally } from "./outcome.ts";

/** What a document says of the whole. */
export interface JsonHead {
  /** What is checked. */
  readonly target: string;
  /** The name of the server's dialect, if known. */
  readonly generation: string | undefined;
  /** The version of requests to it, if known. */
  readonly version: number | undefined;
}

/** The document's first line. */
export const jsonStart = (head: JsonHead): string =>
  `${printableJson(head).slice(0, -1)},"outcomes":[`;

/** An outcome, with its bytes in hex and what its clause says. */
export function jsonOutcome(outcome: Outcome, isFirst: boolean): string {
  const exchange = outcome.exchange.map(({ bytes, plays: _, ...rest }) => ({
    ...rest,
    hex: encodeHex(bytes),
  }));
  const title = clauses[outcome.clause].title;
  const ms = Math.round(outcome.ms);
  return `${isFirst ? " " : ","}${
    printableJson({ ...outcome, title, ms, exchange })
  }`;
}

/**
 * The document's last line.
 *
 * @param ms milliseconds that all of it took
 * @param stopped why not all checks were made, where they weren't
 */
export const jsonEnd = (counts: Tally, ms: number, stopped?: string): string =>
  `],"summary":${
    printableJson({
      ...counts,
      ms: Math.round(ms),
      ...stopped === undefined ? {} : { stopped },
    })
  }}`;
