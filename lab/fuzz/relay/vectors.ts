/**
 * Streams with a name: what once failed, or what the specification is easily
 * read wrongly on.
 *
 * @module
 */

import { decodeHex } from "@std/encoding";
import type { FuzzCase } from "./plans.ts";

/** A stream and the answers that it has to get. */
export interface Vector {
  /** What is sent. */
  name: string;
  /** What it shows. */
  shows: string;
  /**
   * All of it in hex, with `c1` × 16 to `c4` × 16 for the ids of the first
   * clients; `(00*160)` stands for 160 zeros.
   */
  stream: string;
  /** The codes of the answers, in order. */
  codes: number[];
}

/** A vector as a case: one write, all answers read, then an orderly end. */
export function vectorCase({ name, stream }: Vector): FuzzCase {
  const written = stream.replaceAll(
    /\((..)\*(\d+)\)/g,
    (_, byte: string, count: string) => byte.repeat(Number(count)),
  );
  const plan = {
    stream: decodeHex(written),
    pacing: "whole",
    ending: "orderly",
    cutAt: 0,
    seed: 0,
  } as const;
  return { plans: [plan], labels: [name] };
}
